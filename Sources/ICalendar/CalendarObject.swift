/// A calendar object resource: one VCALENDAR whose components share a single UID. RFC 4791 §4.1
public struct CalendarObject: Sendable {
    /// The UID every component carries (RFC 5545 §3.8.4.7).
    public let uid: String

    /// The octets exactly as received.
    ///
    /// Never rewritten: the strong ETag promises them (RFC 4791 §5.3.4). The one exception is ``init(octets:)``.
    public let text: String

    /// The kind of its components, VTIMEZONE aside.
    public let kind: ComponentKind

    /// The VCALENDAR.
    public let calendar: Component

    /// The zones with which it was checked; nil of one that was not checked now.
    private let checkedZones: ZoneResolver?

    /// Reads `text` and checks every rule of RFC 4791 §4.1.
    ///
    /// - Throws: ``CalendarDataError``, one case per precondition of RFC 4791 §5.3.2.1.
    public init(parsing text: String) throws(CalendarDataError) {
        try self.init(text: text, calendar: Component(parsing: text))
    }

    /// Reads octets as they came over the wire, which must be UTF-8.
    ///
    /// A fold inside a character (RFC 5545 §3.1 allows it) is moved before the character, for text cannot hold it; only then
    /// do the octets of ``text`` differ from those received.
    public init(octets: [UInt8]) throws(CalendarDataError) {
        guard octets.count <= CalendarLimits.maximumOctets else {
            throw .tooLarge(limit: CalendarLimits.maximumOctets)
        }
        if let text = String(validating: octets, as: UTF8.self) {
            try self.init(text: text, calendar: Component(octets: octets))
            return
        }
        let mended = FoldMending.mended(octets)
        guard let text = String(validating: mended, as: UTF8.self) else { throw .invalidData("The data is not UTF-8.") }
        try self.init(text: text, calendar: Component(octets: mended))
    }

    /// Writes a calendar out and checks it like one that was received.
    public init(_ calendar: Component) throws(CalendarDataError) {
        let (text, isFaithful) = calendar.written()
        guard isFaithful, calendar.name == "VCALENDAR", text.utf8.count <= CalendarLimits.maximumOctets else {
            try self.init(parsing: text)
            return
        }
        assert((try? Component(parsing: text)) == calendar, "a faithful text is read as what was written")
        do {
            try self.init(text: text, calendar: calendar)
        } catch {
            // Only a calendar that was read can say in which line it is wrong.
            try self.init(parsing: text)
        }
    }

    /// Takes up again what was checked when it was stored: only lines and nesting are read, no rule is checked again.
    ///
    /// - Parameters:
    ///   - text: the ``text`` of an object that was made by another initialiser.
    ///   - uid: its ``uid``.
    ///   - kind: its ``kind``.
    /// - Throws: where the text is none that was checked.
    public init(stored text: String, uid: String, kind: ComponentKind) throws(CalendarDataError) {
        self.text = text
        self.uid = uid
        self.kind = kind
        calendar = try Component(parsing: text)
        checkedZones = nil
    }

    private init(text: String, calendar: Component) throws(CalendarDataError) {
        var check = CalendarObjectCheck(calendar, text: text)
        (kind, uid) = try check.run()
        self.text = text
        self.calendar = calendar
        checkedZones = check.zones
    }

    /// The component without a RECURRENCE-ID; an object may have overrides only.
    public var master: Component? { calendar.components(kind.rawValue).first { $0.count(of: "RECURRENCE-ID") == 0 } }

    /// The components with a RECURRENCE-ID.
    public var overrides: [Component] {
        calendar.components(kind.rawValue).filter { $0.count(of: "RECURRENCE-ID") > 0 }
    }

    /// Resolves the TZIDs of this object; floating times count as UTC.
    public var zones: ZoneResolver { checkedZones ?? ZoneResolver(calendar: calendar) }

    /// The occurrences of this object; floating times and dates are taken in `floatingZone`.
    public func recurrenceSet(floatingZone: String = "UTC") throws(CalendarDataError) -> RecurrenceSet {
        try recurrenceSet(floatingZone == "UTC" ? zones : ZoneResolver(floatingZone: floatingZone, calendar: calendar))
    }

    /// The occurrences of this object; floating times and dates are taken in `floatingZone`.
    public func recurrenceSet(floatingZone: FloatingZone) throws(CalendarDataError) -> RecurrenceSet {
        try recurrenceSet(ZoneResolver(floatingZone: floatingZone, calendar: calendar))
    }

    private func recurrenceSet(_ zones: ZoneResolver) throws(CalendarDataError) -> RecurrenceSet {
        try RecurrenceSet(master: master, overrides: overrides, kind: kind, zones: zones)
    }
}

extension CalendarObject: Hashable {
    public static func == (left: CalendarObject, right: CalendarObject) -> Bool { left.text == right.text }

    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// Moves folds that stand inside a UTF-8 character in front of it.
enum FoldMending {
    static func mended(_ octets: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(octets.count)
        var index = 0
        while index < octets.count {
            let length = foldLength(octets[index...])
            let next = index + length
            if length > 0, next < octets.count, octets[next] & 0xC0 == 0x80 {
                // Only what can be the beginning of a character moves; anything else stays broken.
                if let character = result.suffix(3).lastIndex(where: { $0 & 0xC0 != 0x80 }) {
                    result.insert(contentsOf: octets[index..<next], at: character)
                }
                index = next
            } else {
                result.append(octets[index])
                index += 1
            }
        }
        return result
    }

    private static func foldLength(_ octets: ArraySlice<UInt8>) -> Int {
        let lineEnd = octets.starts(with: [13, 10]) ? 2 : octets.first == 10 ? 1 : 0
        guard lineEnd > 0, let blank = octets.dropFirst(lineEnd).first, blank == 32 || blank == 9 else { return 0 }
        return lineEnd + 1
    }
}
