public import ICalendar
public import SQL

/// Whether an event of a calendar, known by its UID, is kept in step with an upstream.
public typealias KeptElsewhere =
    @Sendable (_ uid: String, _ calendar: CalendarID, _ transaction: borrowing SQLTransaction) throws -> Bool

/// Principals, their calendars, and the objects in them.
///
/// Every condition is checked in the transaction that it protects, and every answer comes from one snapshot. The
/// `in transaction` forms are for callers who add rows of their own; they tell nobody of a change: ``announce(_:)`` does.
public struct CalendarStore: Sendable {
    /// Where the tables are.
    public let database: any SQLDatabase

    /// The changes that have become durable, as they gather between two looks; for one reader, the scheduler.
    public var commits: CommitFeed.Batches { feed.batches }

    /// The octets of objects that each principal may have.
    public let quota: Int64

    let now: @Sendable () -> Instant
    let isKeptElsewhere: KeptElsewhere
    private let feed = CommitFeed()

    /// Asks `database`, which ``migrate(_:_:)`` has prepared; `now` stamps what is written, and `isKeptElsewhere` tells
    /// which events an upstream has as well.
    public init(
        database: any SQLDatabase,
        quota: Int64 = CalendarStore.ordinaryQuota,
        keptElsewhere isKeptElsewhere: @escaping KeptElsewhere = { _, _, _ in false },
        now: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.quota = quota
        self.isKeptElsewhere = isKeptElsewhere
        self.now = now
    }

    /// Tells the scheduler of a change that was made in a caller's own transaction, after it is durable.
    public func announce(_ commit: Commit) { feed.add(commit) }
}
