import Bridging
import ICalendar

/// What a column says of an event, as properties and alarms of the event.
struct EventProperties {
    private(set) var properties: [Property] = []
    private(set) var alarms: [Component] = []

    /// Reads the value of a column in its role.
    ///
    /// The date and the rule are the schedule; attendees as text are for people only; the UID is read by its own rule.
    init(_ role: ColumnRole, _ value: ColumnValue, of column: Column) {
        switch role {
        case .title: add("SUMMARY", value.plainText.onOneLine)
        case .description: add("DESCRIPTION", value.plainText.normalizedLines)
        case .location: add("LOCATION", value.plainText.normalizedLines)
        case .url: properties = EventURL(value.plainText).map { [Property("URL", value: $0.text)] } ?? []
        case .status, .transparency, .classification, .color: addChoice(role, value, of: column)
        case .categories: addCategories(value)
        case .priority:
            if let number = role.number(value.wholeNumber) {
                properties = [Property("PRIORITY", value: String(number))]
            } else {
                addChoice(role, value, of: column)
            }
        case .reminder:
            guard let minutes = role.number(value.wholeNumber) else { return }
            alarms = [FirstReminder(minutes: minutes).alarm]
        case .attendees: addPeople(value, column.directory)
        case .comment: add("COMMENT", value.plainText.normalizedLines)
        case .attachments:
            properties = value.plainText.split(separator: "\n").map { Property("ATTACH", value: String($0)) }
        case .when, .repeats, .uid: break
        }
    }

    /// The people who have a mail address in the workspace; without one nobody is a guest.
    private mutating func addPeople(_ value: ColumnValue, _ directory: Directory?) {
        guard case .people(let ids) = value, let directory else { return }
        properties = ids.compactMap { directory.person($0) }.map { person in
            let name = person.name.isEmpty ? [] : [Parameter("CN", person.name)]
            return Property("ATTENDEE", parameters: name, value: "mailto:" + person.mail)
        }
    }

    private mutating func add(_ name: String, _ text: String) {
        if !text.isEmpty { properties = [Property(name, text: text)] }
    }

    private mutating func addChoice(_ role: ColumnRole, _ value: ColumnValue, of column: Column) {
        guard let name = role.choiceProperty, let meant = column.choices(role).value(of: value.plainText) else {
            return
        }
        // The names of colours are in lower case in CSS.
        properties = [Property(name, value: role == .color ? meant.lowercased() : meant)]
    }

    private mutating func addCategories(_ value: ColumnValue) {
        let names: [String] =
            switch value {
            case .options(let names): names
            // What a formula joins.
            case .text(let text): text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
            case .option(let name): name.map { [$0] } ?? []
            case .related(let pages): pages.compactMap(\.title)
            case .when, .number, .people: []
            }
        if !names.isEmpty { properties = [Property("CATEGORIES", texts: names)] }
    }
}

extension ColumnRole {
    /// What a number says in this role; nil for one that says nothing.
    func number(_ number: Int?) -> Int? {
        switch self {
        // Zero is none (RFC 5545 §3.8.1.9).
        case .priority: number.flatMap { 1...9 ~= $0 ? $0 : nil }
        case .reminder: number.flatMap { 0...FirstReminder.maximumMinutes ~= $0 ? $0 : nil }
        case .title, .when, .description, .location, .url, .status, .categories, .attendees, .repeats, .uid,
            .transparency, .classification, .color, .comment, .attachments:
            number
        }
    }
}

extension Column {
    /// What the options mean in a role.
    func choices(_ role: ColumnRole) -> ChoiceTable { customChoices ?? role.choices(type) }
}

extension ColumnValue {
    /// The value as text; empty for none and for a date.
    fileprivate var plainText: String {
        switch self {
        case .text(let text): text
        case .option(let name): name ?? ""
        case .options(let names): names.joined(separator: ", ")
        case .number(let number): number.map(JSON.numeral) ?? ""
        case .related(let pages): pages.compactMap(\.title).joined(separator: ", ")
        case .when, .people: ""
        }
    }

    /// The value as a whole number; nil for anything else.
    var wholeNumber: Int? {
        switch self {
        case .number(let number): number.flatMap(Int.init(exactly:))
        case .text(let text): Int(text.trimmed)
        case .option, .options, .when, .people, .related: nil
        }
    }
}
