import SQL
import Store

/// Which items a snapshot looks at.
enum SnapshotScope: Sendable {
    /// All; needed when what is compared is not what it was when they were agreed.
    case everything
    /// All, also what a person has a link leave alone; series stand under the UIDs that a plan gives them.
    case plan(joining: [String: String])
    /// Those that differ from what was agreed, or wait for something.
    case unsettled
    /// Those that can differ where everything was in step at a revision of ours, since when these series changed.
    ///
    /// It finds the same as ``unsettled`` then, without looking at all the others.
    case recent(since: Int64, series: Set<String>)
    case item(String)

    /// The UIDs of series that are to be one with an event of ours.
    var joined: [String: String] {
        if case .plan(let joined) = self { return joined }
        return [:]
    }

    /// Whether events are looked at that a link leaves alone.
    var includesSkipped: Bool {
        if case .plan = self { return true }
        return false
    }

    /// Whether items are looked at that did not change.
    var isEverything: Bool {
        switch self {
        case .everything, .plan, .item: true
        case .unsettled, .recent: false
        }
    }

    /// The UIDs of the items in question; nil where all must be compared to know.
    func uids(of link: Link, _ transaction: borrowing SQLTransaction) throws -> Set<String>? {
        switch self {
        case .everything, .plan, .unsettled: return nil
        case .item(let uid): return [uid]
        case .recent(let revision, let series):
            return try Self.changedHere(link, since: revision, transaction)
                .union(Self.changedThere(link, series, transaction))
        }
    }

    /// Everything that was written or deleted here, under every UID it ever had: a PUT may bring another one.
    ///
    /// What a pass has written itself is agreed on as it stands: after a first sync that would be the whole calendar, and
    /// a client's edit would wait until all of it was read again.
    private static func changedHere(
        _ link: Link,
        since revision: Int64,
        _ transaction: borrowing SQLTransaction
    ) throws -> Set<String> {
        let rows = try transaction.rows(
            """
            SELECT DISTINCT version.uid FROM object JOIN version ON version.object = object.id
            WHERE object.calendar = \(link.calendar.value) AND object.revision > \(.integer(revision))
                AND NOT (version.uid = object.uid AND EXISTS (
                    SELECT 1 FROM base WHERE base.link = \(link.id.value) AND base.uid = object.uid
                        AND base.agreed_at IS NOT NULL AND base.local_digest = object.etag))
            """
        )
        return Set(try (rows + deletedHere(link, since: revision, transaction)).map { try $0.text("uid") })
    }

    /// Agreed items that are not here, where anything was deleted at all.
    private static func deletedHere(
        _ link: Link,
        since revision: Int64,
        _ transaction: borrowing SQLTransaction
    ) throws -> [SQLRow] {
        let deletion = try transaction.row(
            """
            SELECT name FROM tombstone
            WHERE calendar = \(link.calendar.value) AND revision > \(.integer(revision)) LIMIT 1
            """
        )
        guard deletion != nil else { return [] }
        return try transaction.rows(
            """
            SELECT uid FROM base WHERE link = \(link.id.value) AND agreed_at IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM object
                    WHERE object.calendar = \(link.calendar.value) AND object.uid = base.uid)
            """
        )
    }

    private static func changedThere(
        _ link: Link,
        _ series: Set<String>,
        _ transaction: borrowing SQLTransaction
    ) throws -> Set<String> {
        var uids: Set<String> = []
        for name in series {
            let rows = try transaction.rows(
                """
                SELECT uid FROM mirrored_object
                WHERE link = \(link.id.value) AND series = \(.text(name)) AND uid IS NOT NULL
                UNION SELECT uid FROM base WHERE link = \(link.id.value) AND series = \(.text(name))
                """
            )
            for row in rows { uids.insert(try row.text("uid")) }
        }
        return uids
    }

    /// How many items are agreed on.
    static func agreedCount(_ link: Link, _ transaction: borrowing SQLTransaction) throws -> Int {
        let row = try transaction.row(
            "SELECT COUNT(*) AS agreed FROM base WHERE link = \(link.id.value) AND agreed_at IS NOT NULL"
        )
        return Int(try row?.integer("agreed") ?? 0)
    }
}
