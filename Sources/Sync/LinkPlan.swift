/// What the first pass of a link would do.
public struct LinkPlan: Sendable, Hashable {
    /// One event and what would become of it.
    public struct Item: Sendable, Hashable {
        public var uid: String
        public var summary: String?

        /// DTSTART as iCalendar writes it.
        public var start: String?

        /// What each side says of it; nil where that side does not have it.
        public var gateway: Said?
        public var upstream: Said?

        /// Of a pair of events with different UIDs, that of the upstream's event.
        public var upstreamUID: String?

        /// How sure it is that those two are the same, in 0...1; nil where the UID says so.
        public var confidence: Double?

        /// Which of its fields would change.
        public var changes = Changes()
    }

    /// What one side says of an event, enough to tell whether it is the same as another.
    public struct Said: Sendable, Hashable {
        public var summary: String?

        /// DTSTART as iCalendar writes it.
        public var start: String?

        public var location: String?
    }

    /// The names of fields that would change, in their order.
    public struct Changes: Sendable, Hashable {
        /// Here, to what the upstream says.
        public var gateway: [String] = []

        /// Upstream, to what is said here.
        public var upstream: [String] = []

        /// Nowhere, until the person has decided.
        public var disputed: [String] = []

        /// None.
        public init() {}
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

    /// Pairs that would be one event, had a person not said that they are two; each is also among what is created.
    public var separated: [Item] = []

    /// Events, and pairs, that stay where they are, as a person chose.
    public var leftAlone: [Item] = []

    /// The UIDs of those.
    public var skipped: [String] { Set(leftAlone.flatMap(\.uids)).sorted() }

    /// Events both sides have and hold the same.
    public var same = 0

    /// Events that only one side has, and that stay there alone: the direction of the link gives them no way to go.
    public var stays = Numbers()

    /// So many events of each side.
    public struct Numbers: Sendable, Hashable {
        public var gateway = 0
        public var upstream = 0

        /// None.
        public init() {}
    }

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

extension LinkPlan.Item {
    /// Its UID, or both of a pair.
    public var uids: [String] { [uid] + [upstreamUID].compactMap(\.self) }
}
