import Bridging
import ICalendar

/// An event as the values of the mapped columns.
struct EventValues: Sendable, Hashable {
    private(set) var byRole: [ColumnRole: ColumnValue] = [:]
    /// Whether it is known how many occurrences are different.
    let tellsChanges: Bool

    subscript(role: ColumnRole) -> ColumnValue? { byRole[role] }

    /// How much of a request's 500 KB a description may take, JSON escapes included.
    static let descriptionOctets = 300_000

    /// The same for every other text; four of them and a description leave room for the rest of a request.
    static let textOctets = 40_000

    /// The longest mail address or telephone number that Notion takes, in UTF-16 code units.
    private static let maximumAddressLength = 200

    /// The most people Notion takes in one write.
    static let maximumPeople = 100

    /// The most options Notion takes in one write.
    static let maximumOptions = 100

    /// Reads what `columns` can hold of an object, which may be `whole` or without its overrides.
    ///
    /// - Throws: ``TranslationError/unsupported(_:)`` for what would be lost on the way back.
    init(
        _ object: CalendarObject,
        isWhole: Bool = true,
        columns: Columns,
        linkZone: String
    ) throws(TranslationError) {
        guard object.kind == .event else {
            throw .unsupported("Notion holds events, and this is a \(object.kind.rawValue).")
        }
        guard let event = object.master else {
            throw .unsupported("This is a single occurrence of a series that is kept elsewhere.")
        }
        let zones = ZoneResolver(floatingZone: linkZone, calendar: object.calendar)
        try self.init(
            event.withoutIdleExceptions(object.calendar.components("VTIMEZONE"), linkZone: linkZone),
            uid: object.uid,
            changes: isWhole ? object.overrides.count : nil,
            zones: zones,
            columns: columns,
            linkZone: linkZone
        )
    }

    /// Reads what `columns` can hold of an event, of which `changes` occurrences are different, if that is known.
    init(
        _ event: Component,
        uid: String,
        changes: Int?,
        zones: ZoneResolver,
        columns: Columns,
        linkZone: String
    ) throws(TranslationError) {
        tellsChanges = changes != nil
        guard let when = When(event, zones: zones, linkZone: linkZone) else {
            throw .unsupported("An event without a start cannot be shown in Notion.")
        }
        guard !when.isLastOfAll else {
            throw .unsupported("An event that ends with the year 9999 cannot be shown in Notion.")
        }
        var repeats = try Repeats(event, zones: zones, linkZone: linkZone)
        // By it one sees how far a series was moved, and which of its pages shows what.
        repeats?.keepsStart = columns.daysAhead != nil
        if repeats != nil, columns[.repeats] == nil {
            throw .unsupported(
                "This event repeats, and the Notion table has no column mapped to “repeats”: choose one by “Edit the columns”"
                    + " on the link's page."
            )
        }
        for role in columns.roles {
            guard let column = columns[role], !column.type.isReadOnly else { continue }
            byRole[role] =
                switch role {
                case .title: .text(Self.name(of: event))
                case .when: .when(when)
                case .description: Self.description(event, in: column)
                case .location: Self.location(event, in: column)
                case .url: .text(Self.url(event))
                case .status, .transparency, .classification, .color: Self.choice(event, role, in: column)
                case .categories: Self.categories(event, in: column)
                case .reminder: .number(FirstReminder(event).map { Double($0.minutes) })
                case .priority where column.type == .number: .number(Self.priority(event))
                case .priority: Self.choice(event, role, in: column)
                case .attendees: try column.type == .people ? Self.people(event, in: column) : Self.attendees(event)
                case .repeats: .text(try Self.text(repeats, changes: changes ?? 0))
                case .uid: .text(uid)
                case .comment, .attachments: nil
                }
        }
    }

    /// What an event is called, on one line.
    static func name(of event: Component) -> String { text(event, "SUMMARY").onOneLine.fitting }

    private static func text(_ event: Component, _ name: String) -> String {
        event.first(name)?.text.normalizedLines ?? ""
    }

    /// A text that is too long for an address or a telephone number, or has several lines, is none: Notion would refuse
    /// the whole event for it.
    private static func description(_ event: Component, in column: Column) -> ColumnValue {
        let text = text(event, "DESCRIPTION")
        guard column.type == .email || column.type == .phoneNumber else {
            return .text(RichText.fitting(text, octets: descriptionOctets))
        }
        let isFitting = text.utf16.count <= maximumAddressLength && !text.contains(where: \.isNewline)
        return .text(isFitting ? text : "")
    }

    private static func url(_ event: Component) -> String {
        event.first("URL").flatMap { EventURL($0.value) }?.text ?? ""
    }

    /// A place as text, or as one of the places of a select column.
    private static func location(_ event: Component, in column: Column) -> ColumnValue {
        let text = text(event, "LOCATION")
        guard column.type == .select else { return .text(text.fitting) }
        let name = OptionNames.name(of: text)
        return .option(name.isEmpty ? nil : name)
    }

    /// The option for a value; nil, so that the column is left alone, where it has none and must not be given one, and
    /// for a checkbox of which the event says nothing.
    private static func choice(_ event: Component, _ role: ColumnRole, in column: Column) -> ColumnValue? {
        guard let name = role.choiceProperty, let value = event.first(name)?.value.uppercased() else {
            return column.type == .checkbox ? nil : .option(nil)
        }
        return column.choices(role).option(for: value, in: column).map { .option($0) }
    }

    /// PRIORITY; 0 is none (RFC 5545 §3.8.1.9).
    private static func priority(_ event: Component) -> Double? {
        event.first("PRIORITY").flatMap { Int($0.value) }.flatMap { 1...9 ~= $0 ? Double($0) : nil }
    }

    /// The guests as text; nil for an event without any, so that what a person noted in the column stays.
    private static func attendees(_ event: Component) -> ColumnValue? {
        let text = Attendance(event).text.fitting
        return text.isEmpty ? nil : .text(text)
    }

    /// The guests who are people of the workspace; nil until it is known who they are.
    ///
    /// Nobody is mailed.
    private static func people(
        _ event: Component,
        in column: Column
    ) throws(TranslationError) -> ColumnValue? {
        guard let directory = column.directory else { return nil }
        let ids = event.all("ATTENDEE").compactMap { directory.person(mail: $0.calendarUser)?.id }
        var seen: Set<String> = []
        let guests = ids.filter { seen.insert($0).inserted }
        guard guests.count <= maximumPeople else {
            throw .unsupported(
                "More than \(maximumPeople) guests are people of the workspace; Notion takes no more at once."
            )
        }
        return .people(guests)
    }

    private static func text(_ repeats: Repeats?, changes: Int) throws(TranslationError) -> String {
        guard let text = repeats?.text(changes: changes) else { return "" }
        // A rule that is cut short would be another rule.
        guard text.fitting == text else {
            throw .unsupported("The event repeats with more exceptions than a Notion column can hold.")
        }
        return text
    }

    private static func categories(_ event: Component, in column: Column) -> ColumnValue {
        let names = column.categoryNames.shown(event.all("CATEGORIES").flatMap(\.texts))
        // A select column holds one; the others stay on our side.
        return column.type == .select ? .option(names.first) : .options(names)
    }
}

// MARK: - In creations

extension EventValues {
    private static let emptyKey = "empty"
    private static let floatingKey = "floating"

    /// What the columns of a new page do not tell: which of them are meant to be empty, and whether its time is in no zone.
    ///
    /// The page that the event had before may come out of the trash instead, and is to be compared with all of it.
    func creationNote(_ columns: Columns) -> [String: JSON] {
        let empty = columns.roles.filter { self[$0]?.isEmpty == true }.compactMap { columns[$0]?.id }
        var note: [String: JSON] = [Self.emptyKey: .array(empty.map(JSON.string))]
        if case .when(let when?)? = self[.when], when.isFloating { note[Self.floatingKey] = true }
        return note
    }

    /// Reads back what the body of a creation says.
    init(creation body: JSON, _ columns: Columns) {
        tellsChanges = true
        let note = body[Page.noteKey]
        let empty = Set((note?[Self.emptyKey]?.elements ?? []).compactMap(\.string))
        for role in columns.roles {
            guard let column = columns[role], !column.type.isReadOnly else { continue }
            let written = body["properties"]?[column.id]
            guard written?[column.type.rawValue] != nil || empty.contains(column.id) else { continue }
            byRole[role] = ColumnValue(written, type: column.type)
        }
        guard case .when(var when?)? = self[.when] else { return }
        when.isFloating = note?[Self.floatingKey]?.bool == true
        byRole[.when] = .when(when)
    }
}

extension Column {
    /// How categories are shown in the column.
    var categoryNames: OptionNames {
        OptionNames(maximumCount: type == .select ? 1 : EventValues.maximumOptions)
    }
}

extension String {
    /// The text as far as an ordinary column holds it.
    fileprivate var fitting: String { RichText.fitting(self, octets: EventValues.textOctets) }
}

/// ORGANIZER and ATTENDEE as text for people: `Ana <ana@example.com> (organizer)`, one on each line.
struct Attendance: Sendable, Hashable {
    let text: String

    init(_ event: Component) {
        let organizer = event.first("ORGANIZER").map { Self.line($0, remark: "organizer") }
        let attendees = event.all("ATTENDEE").map { attendee in
            Self.line(attendee, remark: Self.remark(attendee.parameter("PARTSTAT")))
        }
        text = ([organizer].compactMap(\.self) + attendees).joined(separator: "\n").normalizedLines
    }

    private static func line(_ property: Property, remark: String?) -> String {
        let address = property.mailAddress ?? property.value
        let name = property.parameter("CN").map(\.onOneLine).flatMap { $0.isEmpty || $0 == address ? nil : $0 }
        return (name.map { "\($0) <\(address)>" } ?? address) + (remark.map { " (\($0))" } ?? "")
    }

    private static func remark(_ participation: String?) -> String? {
        switch participation?.uppercased() {
        case "ACCEPTED": "accepted"
        case "DECLINED": "declined"
        case "TENTATIVE": "tentative"
        case "DELEGATED": "delegated"
        default: nil
        }
    }
}
