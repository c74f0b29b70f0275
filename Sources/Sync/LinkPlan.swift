/// What the first pass of a link would do.
public struct LinkPlan: Sendable, Hashable {
    /// One event and what would become of it.
    public struct Item: Sendable, Hashable {
        public var uid: String
        public var summary: String?

        /// DTSTART as iCalendar writes it.
        public var start: String?

        /// Of a merge of two events with different UIDs, that of the upstream's event.
        public var upstreamUID: String?

        /// How sure it is that those two are the same, in 0...1; nil where the UID says so.
        public var confidence: Double?
    }

    /// What would be done on one side.
    public struct Side: Sendable, Hashable {
        public var create: [Item] = []
        public var update: [Item] = []
        public var delete: [Item] = []

        /// Nothing at all.
        public init() {}
    }

    public var gateway = Side()
    public var upstream = Side()

    /// Events both sides have that would be merged.
    public var merge: [Item] = []

    /// Events that stay where they are, as a person chose.
    public var skipped: [String] = []

    /// Events both sides have and hold the same.
    public var same = 0

    /// Events that would wait for the person.
    public var conflicts: [Item] = []

    /// Events that could not be read or written, each with its reason.
    public var problems: [Problem] = []

    /// An event that would stay where it is.
    public struct Problem: Sendable, Hashable {
        public var item: Item
        public var reason: String
    }

    /// Nothing to do.
    public init() {}
}
