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
        case .status, .transparency, .classification: addChoice(role, value, of: column)
        case .categories: addCategories(value)
        case .priority:
            guard let number = value.wholeNumber, 1...9 ~= number else { return }
            properties = [Property("PRIORITY", value: String(number))]
        case .reminder:
            guard let minutes = value.wholeNumber, 0...Reminder.maximumMinutes ~= minutes else { return }
            alarms = [Reminder(minutes: minutes).alarm]
        case .attendees: addPeople(value, column.directory)
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
        properties = [Property(name, value: meant)]
    }

    private mutating func addCategories(_ value: ColumnValue) {
        let names: [String] =
            switch value {
            case .options(let names): names
            // What a formula joins.
            case .text(let text): text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
            case .option(let name): name.map { [$0] } ?? []
            case .related(let pages): pages.map(\.name)
            case .when, .number, .people: []
            }
        if !names.isEmpty { properties = [Property("CATEGORIES", texts: names)] }
    }
}

/// The first alarm of an event that rings so many minutes before its start.
struct Reminder: Sendable, Hashable {
    /// Four weeks: what other calendars take, too.
    static let maximumMinutes = 40_320

    var minutes: Int

    init(minutes: Int) { self.minutes = minutes }

    /// Finds the first relative alarm before the start; nil where there is none that minutes can say.
    init?(_ event: Component) {
        for alarm in event.components("VALARM") {
            guard let trigger = alarm.first("TRIGGER"), trigger.parameter("VALUE")?.uppercased() != "DATE-TIME",
                trigger.parameter("RELATED")?.uppercased() != "END",
                let seconds = CalendarDuration(trigger.value)?.totalSeconds, seconds <= 0, seconds.isMultiple(of: 60),
                seconds >= -Int64(Self.maximumMinutes) * 60
            else { continue }
            self.init(minutes: Int(-seconds / 60))
            return
        }
        return nil
    }

    /// The alarm that shows a text.
    var alarm: Component {
        Component(
            "VALARM",
            properties: [
                Property("ACTION", value: "DISPLAY"), Property("DESCRIPTION", text: "Reminder"),
                Property("TRIGGER", value: minutes == 0 ? "PT0S" : "-PT\(minutes)M"),
            ]
        )
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
        case .related(let pages): pages.map(\.name).joined(separator: ", ")
        case .when, .people: ""
        }
    }

    /// The value as a whole number; nil for anything else.
    fileprivate var wholeNumber: Int? {
        switch self {
        case .number(let number): number.flatMap(Int.init(exactly:))
        case .text(let text): Int(text.trimmed)
        case .option, .options, .when, .people, .related: nil
        }
    }
}
