import ICalendar

/// One stored event: a single one, the master of a series, or an instance that differs from its series.
struct StoredEvent: Sendable {
    /// Ties an exception to its series.
    struct Origin: Sendable, Hashable {
        var series: String
        var start: EventTime
    }

    let id: String
    let iCalUID: String

    /// Nil for a single event and for a master.
    let origin: Origin?

    var start: EventTime
    var end: EventTime

    /// Every other member that a client may write, already normalised, defaults left out.
    var fields: [String: JSON]

    var isCancelled = false

    /// An exception whose instance is no longer one of its series: a tombstone that only a delta or `showDeleted` shows.
    var isDetached = false

    var sequence = 0
    var creator: String
    var organizer: JSON

    /// Microseconds since 1970, as are `updated` and `revision`.
    var created: Int64
    var updated: Int64

    /// Moves on every change, also on those that leave `updated` alone.
    var revision: Int64

    /// The calendar's change number at the last change.
    var change: Int

    /// The computed instances, for a master.
    var instances: RecurrenceSet?

    /// Whether this event repeats.
    var isRecurring: Bool { fields["recurrence"] != nil }

    /// The entity tag: twice `updated` in microseconds, quotes included.
    var etag: String { "\"\(revision * 2)\"" }

    var recurrence: [String] { fields["recurrence"]?.elements?.compactMap(\.text) ?? [] }
}

/// One calendar, without its events.
struct SimulatedCalendar: Sendable {
    let id: String
    var summary: String
    var description: String?
    var location: String?
    var timeZone: String

    /// The address of the account whose primary calendar this is, or that made it.
    let owner: String
    let isPrimary: Bool

    /// The entries of those who see the calendar, by address.
    var entries: [String: ListEntry] = [:]

    var revision: Int64

    /// What every calendar reminds its people of before they choose something else.
    private static let firstReminders: [JSON] = [["method": "popup", "minutes": 10]]

    /// The default reminders of one who sees the calendar.
    func defaultReminders(of email: String) -> [JSON] { entries[email]?.defaultReminders ?? Self.firstReminders }

    /// What one account sees of a calendar in its list.
    struct ListEntry: Sendable, Hashable {
        var role: AccessRole
        /// What the person chose: summaryOverride, colorId, hidden, selected.
        var choices: [String: JSON] = [:]
        /// The default reminders that the person chose; nil for those that every calendar begins with.
        var defaultReminders: [JSON]?
        var isDeleted = false
        var revision: Int64
        var change: Int
    }
}

/// What an account may do in a calendar, in growing order.
public enum AccessRole: String, Sendable, Hashable, CaseIterable, Comparable, Codable {
    case freeBusyReader, reader, writerWithoutPrivateAccess, writer, owner

    public static func < (one: AccessRole, other: AccessRole) -> Bool {
        allCases.firstIndex(of: one) ?? 0 < allCases.firstIndex(of: other) ?? 0
    }
}

/// One person's account.
struct SimulatedAccount: Sendable, Hashable {
    let email: String
    var displayName: String
    var timeZone: String
    /// Grows with every change of the list of calendars.
    var listChange = 0
    var oldestAcceptedListChange = 0
    /// The usage limit that refuses every write until it is lifted.
    var isOverUsageLimit = false
}
