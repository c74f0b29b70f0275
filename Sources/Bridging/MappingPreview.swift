/// A provider whose calendars are tables, with columns to map.
public protocol MappingProvider: UpstreamProvider {
    /// Shows what some records of a calendar are as events under a link's mapping, and what would be written back.
    ///
    /// Nothing is stored or written. A mapping that does not hold is no failure here: its problems are in the answer.
    func preview(
        _ link: UpstreamLink,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> MappingPreview

    /// The fields that a settled mapping keeps elsewhere than a former one did: nobody has agreed on what stands there.
    func moved(from former: String?, to mapping: String?) -> Set<Field>
}

/// What a mapping makes of a table.
public struct MappingPreview: Sendable, Hashable {
    /// A column that the mapping takes.
    public struct Column: Sendable, Hashable {
        /// The key of the mapping, such as `when`.
        public var key: String
        public var id: String
        public var name: String
        /// The upstream's word.
        public var type: String
        /// Whether the upstream works its value out, so that it is never written.
        public var isReadOnly: Bool
        /// What the column's options mean: value of the property → options, of which the first is written; empty where
        /// the property is no choice.
        public var values: [String: [String]]
        /// What they would mean if the mapping said nothing of them.
        public var usualValues: [String: [String]]

        /// Describes a column.
        public init(
            key: String,
            id: String,
            name: String,
            type: String,
            isReadOnly: Bool,
            values: [String: [String]] = [:],
            usualValues: [String: [String]] = [:]
        ) {
            self.key = key
            self.id = id
            self.name = name
            self.type = type
            self.isReadOnly = isReadOnly
            self.values = values
            self.usualValues = usualValues
        }
    }

    /// What an event has that a column can hold.
    public struct Use: Sendable, Hashable {
        /// The key of the mapping, such as `when`.
        public var key: String
        /// The words for it in iCalendar, such as `DTSTART, DTEND`.
        public var property: String
        /// The name of a column that is added for it.
        public var columnName: String
        /// The values of the property, where it has a few only.
        public var values: [String]
        /// Whether there is no mapping without it.
        public var isNeeded: Bool
        /// Whether a column can be added for it.
        public var canBeAdded: Bool

        /// Describes what an event has.
        public init(
            key: String,
            property: String,
            columnName: String,
            values: [String],
            isNeeded: Bool,
            canBeAdded: Bool
        ) {
            self.key = key
            self.property = property
            self.columnName = columnName
            self.values = values
            self.isNeeded = isNeeded
            self.canBeAdded = canBeAdded
        }
    }

    /// A column of the table, mapped or not.
    public struct TableColumn: Sendable, Hashable {
        public var id: String
        public var name: String
        /// The upstream's word.
        public var type: String
        /// What a value can be, where it is one of a few.
        public var options: [String]
        /// The keys of the mapping that a column of this type can have.
        public var keys: [String]
        /// What became of the column since the mapping was saved, and what helps; nil where it is as it was.
        public var note: String?
        /// What a person should know of columns of this type; nil where there is nothing.
        public var hint: String?

        /// Describes a column of the table.
        public init(
            id: String,
            name: String,
            type: String,
            options: [String],
            keys: [String],
            note: String? = nil,
            hint: String? = nil
        ) {
            self.id = id
            self.name = name
            self.type = type
            self.options = options
            self.keys = keys
            self.note = note
            self.hint = hint
        }
    }

    /// What a column would say after the way to an event and back.
    public struct Change: Sendable, Hashable {
        public var column: String
        public var from: String
        public var to: String

        /// Describes a change.
        public init(column: String, from: String, to: String) {
            self.column = column
            self.from = from
            self.to = to
        }
    }

    /// A record of the table as an event, or why it is none.
    public struct Item: Sendable, Hashable {
        public var name: String
        /// Where a person finds the record.
        public var address: String?
        /// The event as iCalendar text.
        public var event: String?
        /// Why the record is no event.
        public var problem: String?
        /// What a first pass would write to the record; nothing where the way back changes nothing.
        public var writes: [Change]

        /// Describes a record.
        public init(name: String, address: String?, event: String?, problem: String?, writes: [Change]) {
            self.name = name
            self.address = address
            self.event = event
            self.problem = problem
            self.writes = writes
        }
    }

    /// The name of the table.
    public var name: String
    /// For how many days ahead the occurrences of series have records of their own; nil for none.
    public var daysAhead: Int?
    /// Every column of the table.
    public var table: [TableColumn]
    /// What can be mapped.
    public var uses: [Use]
    /// The columns that the mapping takes.
    public var columns: [Column]
    /// What stands against the mapping: a sentence by key.
    public var problems: [String: String]
    /// A mapping that fits the table by names and types: key → identifier of a column.
    public var proposal: [String: String]
    public var items: [Item]

    /// Describes a preview.
    public init(
        name: String,
        daysAhead: Int? = nil,
        table: [TableColumn],
        uses: [Use],
        columns: [Column],
        problems: [String: String],
        proposal: [String: String],
        items: [Item]
    ) {
        self.name = name
        self.daysAhead = daysAhead
        self.table = table
        self.uses = uses
        self.columns = columns
        self.problems = problems
        self.proposal = proposal
        self.items = items
    }
}
