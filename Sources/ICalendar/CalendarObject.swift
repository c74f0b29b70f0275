/// A calendar object resource: one VCALENDAR whose components share a single UID. RFC 4791 §4.1
public struct CalendarObject: Sendable {
    /// The UID every component carries (RFC 5545 §3.8.4.7).
    public let uid: String

    /// The octets exactly as received.
    ///
    /// Never rewritten: the strong ETag promises them (RFC 4791 §5.3.4).
    public let text: String

    /// The kind of its components, VTIMEZONE aside.
    public let kind: ComponentKind

    /// The VCALENDAR.
    public let calendar: Component

    /// Reads `text` and checks every rule of RFC 4791 §4.1.
    public init(parsing text: String) throws(CalendarDataError) {
        try self.init(text: text, calendar: Component(parsing: text))
    }

    /// Reads octets as they came over the wire, which must be UTF-8.
    public init(octets: [UInt8]) throws(CalendarDataError) {
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw .invalidData("The data is not UTF-8.")
        }
        try self.init(parsing: text)
    }

    /// Writes a calendar out and checks it like one that was received.
    public init(_ calendar: Component) throws(CalendarDataError) { try self.init(parsing: calendar.serialized()) }

    private init(text: String, calendar: Component) throws(CalendarDataError) {
        self.text = text
        self.calendar = calendar
        let main = calendar.components.filter { $0.name != "VTIMEZONE" }
        guard let first = main.first, let kind = ComponentKind(rawValue: first.name) else {
            throw .unsupportedComponent("There is no component that can be stored.")
        }
        guard let uid = first.first("UID")?.value else { throw .uidMissing }
        self.kind = kind
        self.uid = uid
    }

    /// The component without a RECURRENCE-ID; an object may have overrides only.
    public var master: Component? { calendar.components(kind.rawValue).first { $0.first("RECURRENCE-ID") == nil } }

    /// The components with a RECURRENCE-ID.
    public var overrides: [Component] { calendar.components(kind.rawValue).filter { $0.first("RECURRENCE-ID") != nil } }

    /// Resolves the TZIDs of this object; floating times count as UTC.
    public var zones: ZoneResolver { ZoneResolver(calendar: calendar) }

    /// The occurrences of this object; floating times and dates are taken in `floatingZone`.
    public func recurrenceSet(floatingZone: String = "UTC") throws(CalendarDataError) -> RecurrenceSet {
        RecurrenceSet(isRecurring: false, span: nil)
    }
}

extension CalendarObject: Hashable {
    public static func == (left: CalendarObject, right: CalendarObject) -> Bool { left.text == right.text }

    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
