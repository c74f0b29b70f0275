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

extension FieldSet.Members {
    /// Whether an ATTENDEE is one of them.
    func contains(_ attendee: Property) -> Bool { mails.contains(Self.mail(attendee)) }

    /// The address of an ATTENDEE, in the form in which addresses are compared.
    static func mail(_ attendee: Property) -> String {
        let value = trimmed(attendee.value).lowercased()
        return value.hasPrefix("mailto:") ? String(value.dropFirst("mailto:".count)) : value
    }

    /// The guests of an event after these people come from `source`: everybody else stays as is.
    func guests(of target: Component, from source: Component) -> [Property] {
        let wanted = source.all("ATTENDEE").filter(contains)
        let mails = Set(wanted.map(Self.mail))
        let kept = target.all("ATTENDEE").filter { !contains($0) || mails.contains(Self.mail($0)) }
        let known = Set(kept.map(Self.mail))
        return kept + wanted.filter { !known.contains(Self.mail($0)) }
    }
}

extension FieldSet {
    /// The account's own entry among guests.
    func own(of component: Component) -> Property? { component.all("ATTENDEE").first(where: isOwn) }

    func isOwn(_ attendee: Property) -> Bool { own.contains(Members.mail(attendee)) }

    /// The account's own answer; nil where it gave none.
    func answer(of component: Component) -> String? {
        let answer = own(of: component)?.parameter("PARTSTAT")?.uppercased()
        return answer == "NEEDS-ACTION" ? nil : answer
    }

    /// The guests of an event once these fields of them come from `source`; the others stay as they are.
    func guests(of target: Component, from source: Component, _ fields: Set<Field>) -> [Property] {
        var guests = (fields.contains(.attendees) ? source : target).all("ATTENDEE")
        guard !own.isEmpty, let index = guests.firstIndex(where: isOwn) else { return guests }
        // Who was no guest before has not answered here.
        let answering = fields.contains(.answer) || own(of: target) == nil ? source : target
        let answer = answer(of: answering)
        guard answer != guests[index].parameter("PARTSTAT")?.uppercased() else { return guests }
        guests[index].parameters.removeAll { $0.name == "PARTSTAT" }
        guests[index].parameters.append(Parameter("PARTSTAT", answer ?? "NEEDS-ACTION"))
        return guests
    }
}
