/// The zone in which floating times and dates are read.
public struct FloatingZone: Sendable {
    let zone: Zone

    /// UTC, where nobody says otherwise.
    public static let utc = FloatingZone(zone: .utc)

    /// The system's zone of an IANA name; nil for any other text.
    public init?(iana name: String) {
        guard let zone = ZoneRegistry.zone(iana: name) else { return nil }
        self.zone = zone
    }

    /// The zone of a VTIMEZONE; nil where it describes none.
    ///
    /// As with the TZIDs of a calendar object the system knows an IANA name better than the definition does.
    public init?(_ definition: Component) {
        guard definition.name == "VTIMEZONE", let tzid = definition.definedZones.first,
            let zone = ZoneRegistry.zone(iana: tzid) ?? ZoneRegistry.zone(definition)
                ?? ZoneResolver.ianaName(for: tzid).flatMap(ZoneRegistry.zone(iana:))
        else { return nil }
        self.zone = zone
    }

    private init(zone: Zone) { self.zone = zone }
}
