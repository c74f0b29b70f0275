/// Turns wall-clock times into instants and back.
public struct ZoneResolver: Sendable {
    private let floatingZone: String

    /// Makes a resolver for one calendar object.
    public init(floatingZone: String = "UTC", calendar: Component? = nil) { self.floatingZone = floatingZone }

    /// The seconds east of UTC that hold in a zone at an instant.
    public func offset(ofUTC instant: Instant, tzid: String) -> Int { 0 }

    /// The wall-clock time of an instant in the given form.
    public func local(_ instant: Instant, form: DateTime.Form) -> DateTime {
        DateTime(localSeconds: instant.seconds, form: form)
    }

    /// The instant a value names; a date is its midnight.
    public func instant(_ dateTime: DateTime) -> Instant { Instant(seconds: dateTime.localSeconds) }

    /// Whether the TZID can be resolved.
    public func knows(_ tzid: String) -> Bool { Self.ianaName(for: tzid) != nil }

    /// The IANA name behind a TZID, or nil where there is none.
    public static func ianaName(for tzid: String) -> String? { tzid }
}
