import ICalendar

/// What one event, or one occurrence, says that both sides can hold, in terms of neither.
///
/// Two descriptions are equal when there is nothing to write.
struct EventDetails: Sendable, Hashable {
    var start: EventTime
    /// Exclusive; equal to the start for an event without length.
    var end: EventTime
    var summary: String?
    /// Plain text, also where the upstream holds HTML.
    var description: String?
    /// The same as HTML, where it is more than text.
    var html: String?
    var location: String?
    var url: String?
    var status = EventStatus.confirmed
    var isTransparent = false
    var visibility = Visibility.standard
    /// One of the palette's colours, or nil for the calendar's.
    var color: PaletteColor?
    /// The alarms shown, the calendar's defaults among them where the event uses them.
    var reminders: Set<Reminder> = []
    /// In the order of their addresses.
    var attendees: [Attendee] = []

    /// How long it lasts, days counted as 24 hours.
    var duration: Int64 { end.instant - start.instant }

    /// The occurrence that a series with these details has at a place, as long as nothing is said about it.
    func at(_ slot: Slot) -> EventDetails {
        var occurrence = self
        occurrence.start = start.moved(to: slot)
        let end = occurrence.start.advanced(by: duration)
        occurrence.end = self.end.zone.map { .timed(end.instant, zone: $0) } ?? end
        return occurrence
    }
}

/// STATUS of an event. RFC 5545 §3.8.1.11
///
/// Upstream, `cancelled` means deleted. An event that is cancelled here stays visible there: tentative, taking up no
/// time, and marked, so that it reads back as what it is (``OurMark``).
enum EventStatus: Sendable, Hashable {
    case confirmed
    case tentative
    case cancelled
}

/// Who sees the details of an event: `visibility` upstream, CLASS here.
enum Visibility: String, Sendable, Hashable {
    /// As the calendar is shared.
    case standard = "default"
    case `public`
    case `private`
    case confidential

    /// The CLASS to serve; none where the calendar decides.
    var classification: String? {
        switch self {
        case .standard: nil
        case .public, .private, .confidential: rawValue.uppercased()
        }
    }

    /// Reads a CLASS against what the upstream says now.
    ///
    /// PUBLIC is what many clients write without being asked, so that it opens nothing that follows the calendar; it does
    /// where it replaces another class. A class that is not known is private (RFC 5545 §3.8.1.3).
    init(classification: String?, over current: Visibility?) {
        switch classification?.uppercased() {
        case nil: self = .standard
        case "PUBLIC": self = current == nil || current == .standard ? .standard : .public
        case "CONFIDENTIAL": self = .confidential
        default: self = .private
        }
    }
}

/// One reminder: how, and how long before the start.
struct Reminder: Sendable, Hashable, Comparable {
    enum Method: String, Sendable, Hashable {
        case popup, email
    }

    var method: Method
    var minutes: Int

    /// What the upstream stores; anything beyond would come back as another alarm.
    static let possibleMinutes = 0...40_320

    /// What the upstream takes; more is an error there.
    static let maximumCount = 5

    static func < (left: Reminder, right: Reminder) -> Bool {
        (left.minutes, left.method.rawValue) < (right.minutes, right.method.rawValue)
    }

    /// The reminders of `reminders.overrides` or of the calendar's defaults.
    static func all(in json: JSON?) -> Set<Reminder> {
        Set((json?.elements ?? []).compactMap(Reminder.init))
    }

    private init?(_ json: JSON) {
        guard let method = json["method"]?.text.flatMap(Method.init),
            let minutes = json["minutes"]?.integer
        else {
            return nil
        }
        self.init(method: method, minutes: minutes)
    }

    init(method: Method, minutes: Int) {
        self.method = method
        self.minutes = minutes
    }

    var json: JSON {
        .members([("method", .string(method.rawValue)), ("minutes", .integer(minutes))])
    }
}
