public import ICalendar
public import SQL

/// Principals, their calendars, and the objects in them.
///
/// Every condition is checked in the transaction that it protects, and every answer comes from one snapshot. The
/// `in transaction` forms are for callers who add rows of their own; they tell nobody of a change: ``announce(_:)`` does.
public struct CalendarStore: Sendable {
    /// Where the tables are.
    public let database: any SQLDatabase

    /// The changes that have become durable; for one reader, the scheduler.
    public let commits: AsyncStream<Commit>

    /// The octets of objects that each principal may have.
    public let quota: Int64

    let now: @Sendable () -> Instant
    private let announcements: AsyncStream<Commit>.Continuation

    /// Asks `database`, which ``migrate(_:_:)`` has prepared; `now` stamps what is written.
    public init(
        database: any SQLDatabase,
        quota: Int64 = CalendarStore.ordinaryQuota,
        now: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.quota = quota
        self.now = now
        (commits, announcements) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.bufferedCommits))
    }

    /// A commit wakes the links of its calendar; where so many wait unread, nobody reads (a command), or all are awake.
    private static let bufferedCommits = 4096

    /// Tells the scheduler of a change that was made in a caller's own transaction, after it is durable.
    public func announce(_ commit: Commit) { announcements.yield(commit) }
}
