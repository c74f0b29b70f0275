import Bridging
import ICalendar

/// An event resource, read.
struct EventResource: Sendable, Hashable {
    /// The resource as Google sent it; members that nothing here reads survive because only changes are written.
    let json: JSON
    let details: EventDetails
    let recurrence: Recurrence
    let type: EventType

    /// The members a write may set.
    static let writableMembers = [
        "summary", "description", "location", "start", "end", "recurrence", "status", "transparency",
        "visibility",
        "colorId", "reminders", "attendees", "source",
    ]

    /// Reads a resource; nil for one without times: a tombstone, or damaged.
    init?(_ json: JSON, linkZone: String) {
        guard let start = EventTime(json["start"], linkZone: linkZone),
            let end = EventTime(json["end"], linkZone: linkZone)
        else { return nil }
        self.json = json
        type = EventType(json["eventType"]?.text)
        recurrence = Recurrence(
            lines: (json["recurrence"]?.elements ?? []).compactMap(\.text),
            start: start
        )
        details = Self.details(json, start, end)
    }

    private static func details(_ json: JSON, _ start: EventTime, _ end: EventTime) -> EventDetails {
        let hasEnd =
            json["endTimeUnspecified"]?.bool != true && end.isDay == start.isDay
            && end.instant > start.instant
        var details = EventDetails(start: start, end: hasEnd ? end : defaultEnd(of: start))
        details.summary = json["summary"]?.text.flatMap(writable) ?? (hidesDetails(json) ? "Busy" : nil)
        let description = json["description"]?.text.map { RichText($0) }
        details.description = description.flatMap { writable($0.plain) }
        details.html = description?.html.flatMap(writable)
        details.location = json["location"]?.text.flatMap(writable)
        details.url = json["source"]?["url"]?.text?.withoutControls
        let mark = json["extendedProperties"]?["private"]?[OurMark.statusKey]?.text
        let isTentative = json["status"]?.text == "tentative"
        let isTransparent = json["transparency"]?.text == "transparent"
        // The mark counts as long as nobody has answered it by changing what it came with.
        if let mark, isTentative, isTransparent {
            details.status = .cancelled
            details.isTransparent = mark == OurMark.cancelledTransparent
        } else {
            details.status = isTentative ? .tentative : .confirmed
            details.isTransparent =
                isTransparent || EventType(json["eventType"]?.text) == .workingLocation
        }
        details.visibility = json["visibility"]?.text.flatMap(Visibility.init(rawValue:)) ?? .standard
        details.color = json["colorId"]?.text.flatMap(PaletteColor.init(rawValue:))
        details.reminders = reminders(json)
        details.attendees = (json["attendees"]?.elements ?? []).compactMap(Attendee.init).sorted {
            $0.email < $1.email
        }
        return details
    }

    /// The text as iCalendar can hold it, with one kind of line end; nil if nothing is left.
    private static func writable(_ text: String) -> String? {
        guard text.utf8.contains(where: { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 || $0 == 0x7F }) else {
            return text.isEmpty ? nil : text
        }
        let lines = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        let octets = lines.utf8.filter { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x09 }
        return octets.isEmpty ? nil : String(decoding: octets, as: UTF8.self)
    }

    /// One day, or no length at all (RFC 5545 §3.6.1).
    static func defaultEnd(of start: EventTime) -> EventTime {
        start.isDay ? start.advanced(by: Zones.secondsPerDay) : start
    }

    /// Whether the calendar's access role shows only that there is something: who made it is then left out too.
    private static func hidesDetails(_ json: JSON) -> Bool {
        json["etag"] != nil && json["creator"] == nil && json["organizer"] == nil
    }

    private static func reminders(_ json: JSON) -> Set<Reminder> {
        let reminders = json["reminders"]
        guard reminders?["useDefault"]?.bool == true else {
            return Reminder.all(in: reminders?["overrides"])
        }
        let mark = json["extendedProperties"]?["private"]?[OurMark.remindersKey]?.text
        guard mark != OurMark.unsetReminders else { return [] }
        return Reminder.all(in: json[UpstreamRecord.defaultRemindersMember])
    }
}

extension EventResource {
    var id: String { json["id"]?.text ?? "" }

    var revision: String? { json["etag"]?.text }

    var usesDefaultReminders: Bool { json["reminders"]?["useDefault"]?.bool == true }

    /// Whether only Google's own applications may change it.
    var isReadOnly: Bool { type != .standard || json["locked"]?.bool == true }

    /// Whether the account made it; only then may its source be written.
    var isCreatedByAccount: Bool { json["creator"]?["self"]?.bool == true }

    /// Whether both say the same, as far as calendar objects can.
    func holdsSame(as other: EventResource) -> Bool {
        details == other.details && recurrence.repeats(like: other.recurrence)
            && recurrence.exclusions == other.recurrence.exclusions
    }
}

/// What kind of event Google takes it for.
enum EventType: Sendable, Hashable {
    case standard
    case workingLocation
    /// Out of office, focus time, birthday, from Gmail, and kinds yet to come.
    case other(String)

    init(_ name: String?) {
        switch name {
        case nil, "default": self = .standard
        case "workingLocation": self = .workingLocation
        case let name?: self = .other(name)
        }
    }

    /// The words for a person.
    var title: String {
        switch self {
        case .standard: "ordinary"
        case .workingLocation: "working location"
        case .other("outOfOffice"): "out of office"
        case .other("focusTime"): "focus time"
        case .other("fromGmail"): "from Gmail"
        case .other(let name): name
        }
    }
}

extension EventResource {
    /// The identifier of the series it belongs to.
    var series: String { json["recurringEventId"]?.text ?? id }
}
