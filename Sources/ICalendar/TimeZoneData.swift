/// The system's time zone data.
public enum TimeZoneData {
    /// The VTIMEZONE of an IANA zone as it is needed from an instant on.
    public static func vtimezone(for iana: String, from: Instant?) -> Component? { nil }

    /// Loads every zone.
    public static func warmUp() {}

    /// The names of all zones, sorted.
    public static var identifiers: [String] { [] }
}
