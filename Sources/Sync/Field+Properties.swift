import Bridging
import ICalendar

extension Field {
    /// The properties that make up the field; alarms are components.
    var properties: [String] {
        switch self {
        case .schedule: ["DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE"]
        case .summary: ["SUMMARY"]
        case .description: ["DESCRIPTION", "X-ALT-DESC"]
        case .location: ["LOCATION"]
        case .url: ["URL"]
        case .status: ["STATUS"]
        case .transparency: ["TRANSP"]
        case .classification: ["CLASS"]
        case .categories: ["CATEGORIES"]
        case .color: ["COLOR"]
        case .attendees: ["ORGANIZER", "ATTENDEE"]
        case .alarms, .answer: []
        case .priority: ["PRIORITY"]
        case .conference: ["CONFERENCE", "X-GOOGLE-CONFERENCE"]
        case .comment: ["COMMENT"]
        case .attachments: ["ATTACH"]
        }
    }

    /// The name a person knows the field by: lower-case, as iCalendar calls it.
    var shownName: String {
        switch self {
        case .schedule: "schedule"
        case .transparency: "transp"
        case .classification: "class"
        case .attendees: "attendee"
        case .answer: "partstat"
        case .alarms: "valarm"
        case .attachments: "attach"
        case .summary, .description, .location, .url, .status, .categories, .color, .priority, .conference, .comment:
            rawValue
        }
    }
}

extension FieldSet {
    /// Says in one word what is compared, so that a change of it can be told.
    var mark: String {
        let writable = writable.map(\.rawValue).sorted().joined(separator: ",")
        let readOnly = readOnly.map(\.rawValue).sorted().joined(separator: ",")
        // The words of before there was anything between none and all.
        let overrides = overrides == .some ? overrides.rawValue : "\(holdsOverrides)"
        return "\(writable);\(readOnly);\(overrides)" + (members.map { ";\($0.mark)" } ?? "")
            + (own.isEmpty ? "" : ";\(own.sorted().joined(separator: ","))") + (holdsRichText ? ";html" : "")
    }
}

extension FieldSet {
    /// Whether a field came, and never went, in the pass that left this mark.
    static func isReadOnly(_ field: Field, in mark: String) -> Bool {
        let parts = mark.split(separator: ";", omittingEmptySubsequences: false)
        // After the version of the mark come the words of ``mark``.
        return parts.count > 2 && parts[2].split(separator: ",").contains { $0 == field.rawValue }
    }
}

extension FieldSet.Members {
    /// Whether an ATTENDEE is one of them.
    func contains(_ attendee: Property) -> Bool { mails.contains(attendee.calendarUser) }

    /// The guests of an event after these people come from `source`: everybody else stays as is.
    func guests(of target: Component, from source: Component) -> [Property] {
        let wanted = source.all("ATTENDEE").filter(contains)
        let mails = Set(wanted.map(\.calendarUser))
        let kept = target.all("ATTENDEE").filter { !contains($0) || mails.contains($0.calendarUser) }
        let known = Set(kept.map(\.calendarUser))
        return kept + wanted.filter { !known.contains($0.calendarUser) }
    }
}
