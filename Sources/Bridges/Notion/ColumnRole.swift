import Bridging

/// What a column of the table is to a calendar; the raw values are the keys of the mapping in the contract.
enum ColumnRole: String, Sendable, Hashable, CaseIterable {
    case title, when, description, location, url, status, categories, attendees, repeats, uid
    case reminder, transparency, classification, priority, color, comment, attachments

    /// The name a column must have to be taken without being named.
    var defaultName: String {
        switch self {
        case .title: "Name"
        case .when: "When"
        case .description: "Description"
        case .location: "Location"
        case .url: "URL"
        case .status: "Status"
        case .categories: "Categories"
        case .attendees: "Attendees"
        case .repeats: "Repeats"
        case .uid: "Calendar UID"
        case .reminder: "Remind (min)"
        case .transparency: "Availability"
        case .classification: "Visibility"
        case .priority: "Priority"
        case .color: "Color"
        case .comment: "Comment"
        case .attachments: "Files"
        }
    }

    /// What the column holds, in iCalendar's words.
    var property: String {
        switch self {
        case .title: "SUMMARY"
        case .when: "DTSTART, DTEND"
        case .description: "DESCRIPTION"
        case .location: "LOCATION"
        case .url: "URL"
        case .status: "STATUS"
        case .categories: "CATEGORIES"
        case .attendees: "ATTENDEE"
        case .repeats: "RRULE"
        case .uid: "UID"
        case .reminder: "VALARM"
        case .transparency: "TRANSP"
        case .classification: "CLASS"
        case .priority: "PRIORITY"
        case .color: "COLOR"
        case .comment: "COMMENT"
        case .attachments: "ATTACH"
        }
    }

    /// Whether the column is taken only when the mapping names it: most tables mean something else by such a column.
    var isOptional: Bool {
        switch self {
        case .reminder, .transparency, .classification, .priority, .color, .comment, .attachments: true
        case .title, .when, .description, .location, .url, .status, .categories, .attendees, .repeats, .uid: false
        }
    }

    /// The types the column may have; the first is that of a column we make.
    var types: [ColumnType] {
        switch self {
        case .title: [.title, .richText, .formula, .rollup, .relation]
        case .when: [.date]
        case .url: [.url, .richText, .formula, .rollup]
        case .status: [.select, .status, .checkbox, .formula, .rollup]
        case .categories: [.multiSelect, .select, .formula, .rollup, .relation, .createdBy]
        case .description:
            [.richText, .email, .phoneNumber, .formula, .rollup, .relation, .uniqueID, .createdBy]
        case .location: [.richText, .select, .formula, .rollup, .relation]
        case .attendees: [.richText, .people]
        case .repeats, .uid: [.richText]
        case .reminder: [.number, .formula, .rollup]
        case .priority: [.number, .select, .status, .formula, .rollup]
        case .transparency, .classification: [.select, .status, .checkbox, .formula, .rollup]
        case .color: [.select, .status, .formula, .rollup]
        case .comment: [.uniqueID, .createdBy, .formula, .rollup, .relation]
        case .attachments: [.files]
        }
    }

    /// The types taken by default name alone: a column of another type is taken only when the mapping names it.
    var defaultTypes: [ColumnType] {
        switch self {
        case .url: [.url, .richText]
        case .status: [.select, .status]
        case .title, .when, .description, .location, .categories, .attendees, .repeats, .uid, .reminder, .transparency,
            .classification, .priority, .color, .comment, .attachments:
            Array(types.prefix(1))
        }
    }

    /// The field of an event that the column holds.
    ///
    /// Attendees go up as text and are no field: nothing that is done to that text comes down. People are
    /// (``Column/field(as:)``).
    var field: Field? {
        switch self {
        case .title: .summary
        case .when, .repeats: .schedule
        case .description: .description
        case .location: .location
        case .url: .url
        case .status: .status
        case .categories: .categories
        case .reminder: .alarms
        case .transparency: .transparency
        case .classification: .classification
        case .priority: .priority
        case .color: .color
        case .comment: .comment
        case .attachments: .attachments
        case .attendees, .uid: nil
        }
    }

    /// Whether events cannot be held without the column once it is mapped: a rule that cannot be read would be lost.
    var isIndispensable: Bool { self == .when || self == .repeats }

    /// Whether a column can be made for it: a table has its title already, and into what is only read nobody would write.
    var canBeAdded: Bool { self != .title && types.contains { !$0.isReadOnly } }

    /// The definition of a column we make (a data source's schema).
    var definition: JSON {
        switch self {
        case .title: ["title": [:]]
        case .when: ["date": [:]]
        case .url: ["url": [:]]
        case .status: Self.select([("Confirmed", "green"), ("Tentative", "yellow"), ("Cancelled", "red")])
        case .transparency: Self.select([("Busy", "default"), ("Free", "green")])
        case .classification: Self.select([("Public", "default"), ("Private", "red"), ("Confidential", "red")])
        case .color:
            Self.select([
                ("Red", "red"), ("Yellow", "yellow"), ("Green", "green"), ("Blue", "blue"), ("Purple", "purple"),
            ])
        case .reminder, .priority: ["number": [:]]
        case .categories: ["multi_select": [:]]
        case .description, .location, .attendees, .repeats, .uid: ["rich_text": [:]]
        case .comment: ["unique_id": [:]]
        case .attachments: ["files": [:]]
        }
    }

    private static func select(_ options: [(String, String)]) -> JSON {
        ["select": ["options": .array(options.map { ["name": .string($0), "color": .string($1)] })]]
    }
}

/// The types of column that can be mapped; the raw values are Notion's.
enum ColumnType: String, Sendable, Hashable {
    case title, date, url, select, status, checkbox, number, email, formula, rollup, people, relation, files
    case uniqueID = "unique_id"
    case createdBy = "created_by"
    case phoneNumber = "phone_number"
    case richText = "rich_text"
    case multiSelect = "multi_select"

    /// Whether the value comes down and never goes up: Notion works it out, or it is other pages, or files.
    var isReadOnly: Bool { isComputed || [.relation, .files, .uniqueID, .createdBy].contains(self) }

    /// Whether Notion works the value out by a person's rule.
    var isComputed: Bool { self == .formula || self == .rollup }
}

/// One mapped column.
struct Column: Sendable, Hashable {
    /// Notion's identifier as returned, percent-encoded, which survives a rename.
    ///
    /// Goes into paths and bodies as it is.
    var id: String
    var name: String
    var type: ColumnType
    /// The names of a status column's options, which are the only ones it takes.
    var options: [String] = []
    /// What the options mean, where the mapping says so itself.
    var customChoices: ChoiceTable?
    /// Who the people are, of a people column; nil until they were asked for.
    var directory: Directory?
    /// The data source that a relation leads to.
    var relatedTable: String?

    /// The field of an event that the column holds in a role.
    func field(as role: ColumnRole) -> Field? {
        guard role == .attendees, type == .people else { return role.field }
        return directory == nil ? nil : .attendees
    }
}
