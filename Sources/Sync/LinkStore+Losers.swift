import ICalendar
import SQL
import Store

extension LinkStore {
    /// Keeps what an upstream said in conflicts that nobody has decided, so that it can be had once the link is gone.
    static func keepUndecided(
        of link: Link,
        _ calendars: CalendarStore,
        by author: Author,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let rows = try transaction.rows(
            "SELECT * FROM conflict WHERE link = \(link.id.value) AND is_open = 1 ORDER BY id"
        )
        for row in rows { try keepUpstream(of: OpenConflict(row), calendars, by: author, at: now, transaction) }
    }

    /// Keeps what the upstream says in a conflict as a version.
    static func keepUpstream(
        of conflict: OpenConflict,
        _ calendars: CalendarStore,
        by author: Author,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        guard let word = try conflict.upstreamWord() else { return }
        let overruled = Draft(try word.with(uid: conflict.uid), at: now)
        try calendars.keepOverruled(overruled, in: conflict.calendar, by: author, transaction)
    }
}
