/// What becomes of the time zones in calendar data on its way to a client. RFC 7809 §3.1
public enum ZoneInclusion: Sendable, Hashable {
    /// As they were stored.
    case asStored
    /// The definitions of zones that everybody knows stay away.
    case withoutStandard
    /// Every zone that is named is defined.
    case complete
}

extension Component {
    /// The TZIDs by which times name this VTIMEZONE; none where it has no name.
    ///
    /// The name is TEXT, in which commas are escaped, as they are not in a parameter (RFC 5545 §3.8.3.1). Some programs write
    /// both alike, so that the name counts as it stands there, too.
    public var definedZones: [String] {
        guard let name = first("TZID") else { return [] }
        guard name.value.utf8.contains(UInt8(ascii: "\\")) else { return [name.value] }
        return [name.text, name.value]
    }

    /// A VCALENDAR with its time zones as asked.
    public func zones(_ inclusion: ZoneInclusion) -> Component {
        var calendar = self
        switch inclusion {
        case .asStored:
            break
        case .withoutStandard:
            calendar.removeComponents { component in
                component.name == "VTIMEZONE"
                    && component.definedZones.contains { ZoneRegistry.zone(iana: $0) != nil }
            }
        case .complete:
            let defined = Set(components("VTIMEZONE").flatMap(\.definedZones))
            for tzid in timeZoneIdentifiers.subtracting(defined).sorted() {
                guard let definition = TimeZoneData.vtimezone(for: tzid, from: nil) else { continue }
                calendar.append(definition)
            }
        }
        return calendar
    }

    /// The TZIDs that properties name, here and inside.
    private var timeZoneIdentifiers: Set<String> {
        components.reduce(into: Set(properties.compactMap { $0.parameter("TZID") })) { found, component in
            found.formUnion(component.timeZoneIdentifiers)
        }
    }
}
