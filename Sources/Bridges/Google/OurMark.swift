import ICalendar

/// What we leave on an event upstream, among its private properties, to know it again.
struct OurMark: Sendable, Hashable {
    /// The upstream's calendar that the event was made in, wherever it is now; in earlier versions the link that made it.
    ///
    /// Links of several of our calendars, and several gateways, may have one calendar in common: what they make of one event
    /// there at the same time is the same event.
    var calendar: String
    /// The UID the event has here; upstream it gets another, which cannot be chosen together with the identifier.
    var uid: String

    /// The private property that says an event made here said nothing about alarms.
    ///
    /// Google then applies the calendar's defaults; served as alarms they would look like an edit.
    static let remindersKey = "kalendsReminders"
    static let unsetReminders = "unset"

    /// The private property that says an event is cancelled here, and whether it took up time before.
    static let statusKey = "kalendsStatus"
    static let cancelled = "CANCELLED"
    static let cancelledTransparent = "CANCELLED;TRANSPARENT"

    private static let calendarKey = "kalendsLink"
    private static let uidKey = "kalendsUID"

    /// What a private property may hold upstream; longer values are cut there.
    static let maximumValue = 1024

    init(calendar: String, uid: String) {
        self.calendar = calendar
        self.uid = uid
    }

    /// Reads the mark of an event; nil for one that is not ours.
    ///
    /// Copies, and the second half of a series that was split, inherit the mark with the other properties but not the
    /// identifier: they are events of their own.
    init?(_ event: JSON) {
        let properties = event["extendedProperties"]?["private"]
        guard let calendar = properties?[Self.calendarKey]?.text,
            let uid = properties?[Self.uidKey]?.text
        else {
            return nil
        }
        self.init(calendar: calendar, uid: uid)
        guard event["id"]?.text == eventID else { return nil }
    }

    var members: [(String, JSON)] {
        [(Self.calendarKey, .string(calendar)), (Self.uidKey, .string(uid))]
    }

    /// The identifier every try to make this event uses: base32hex of a 128-bit FNV-1a hash.
    ///
    /// Two events could meet on one identifier; the second is then refused, never mixed with the first.
    var eventID: String {
        let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013B
        var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
        // An octet that UTF-8 never contains keeps calendar and UID apart.
        for octet in Array(calendar.utf8) + [0xFF] + Array(uid.utf8) {
            hash ^= UInt128(octet)
            hash = hash &* prime
        }
        let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)
        let quintets = (0..<26).reversed().map {
            digits[Int(truncatingIfNeeded: hash >> UInt128(5 * $0)) & 31]
        }
        return String(decoding: quintets, as: UTF8.self)
    }
}
