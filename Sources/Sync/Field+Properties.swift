import Bridging

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
        case .alarms: []
        case .priority: ["PRIORITY"]
        case .conference: ["CONFERENCE", "X-GOOGLE-CONFERENCE"]
        }
    }

    /// The name a person knows the field by: lower-case, as iCalendar calls it.
    var shownName: String {
        switch self {
        case .schedule: "schedule"
        case .transparency: "transp"
        case .classification: "class"
        case .attendees: "attendee"
        case .alarms: "valarm"
        case .summary, .description, .location, .url, .status, .categories, .color, .priority, .conference: rawValue
        }
    }
}

extension FieldSet {
    /// Everything that is compared.
    var all: Set<Field> { writable.union(readOnly) }

    /// Says in one word what is compared, so that a change of it can be told.
    var mark: String {
        let writable = writable.map(\.rawValue).sorted().joined(separator: ",")
        let readOnly = readOnly.map(\.rawValue).sorted().joined(separator: ",")
        return "\(writable);\(readOnly);\(holdsOverrides)"
    }
}
