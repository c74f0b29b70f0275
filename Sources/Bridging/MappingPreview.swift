/// A provider whose calendars are tables, with columns to map.
public protocol MappingProvider: UpstreamProvider {
    /// Shows what some records of a calendar are as events under a link's mapping, and what would be written back.
    ///
    /// Nothing is stored or written. A mapping that does not hold is no failure here: its problems are in the answer.
    func preview(
        _ link: UpstreamLink,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> MappingPreview
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

        /// Describes a column.
        public init(key: String, id: String, name: String, type: String, isReadOnly: Bool) {
            self.key = key
            self.id = id
            self.name = name
            self.type = type
            self.isReadOnly = isReadOnly
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
        /// The columns that a first pass would write to the record; none where the way back changes nothing.
        public var writes: [String]

        /// Describes a record.
        public init(name: String, address: String?, event: String?, problem: String?, writes: [String]) {
            self.name = name
            self.address = address
            self.event = event
            self.problem = problem
            self.writes = writes
        }
    }

    public var columns: [Column]
    /// What stands against the mapping: a sentence by key.
    public var problems: [String: String]
    /// A mapping that fits the table by names and types: key → identifier of a column.
    public var proposal: [String: String]
    public var items: [Item]

    /// Describes a preview.
    public init(columns: [Column], problems: [String: String], proposal: [String: String], items: [Item]) {
        self.columns = columns
        self.problems = problems
        self.proposal = proposal
        self.items = items
    }
}
