import ICalendar
import Reconcile
import SQL
import Store

/// What guards a calendar from being emptied by mistake.
enum MassDeletion {
    /// So many deletions at once go without asking: a person does clear out a week.
    static let harmlessCount = 10

    /// Or so many in a hundred.
    static let harmlessPercentage = 20

    /// What goes within two minutes goes at once: clients delete event by event, and each goes by itself.
    static let seconds: Int64 = 120

    /// Whether so many deletions on a side, of so many items that are left, need a person's word after those just before.
    ///
    /// Where more went than go without asking, a person has allowed it: those count no more.
    static func needsApproval(
        _ deletions: Int,
        on side: HeldRow.Side,
        after recent: RecentDeletions,
        of items: Int
    ) -> Bool {
        let limit = max(harmlessCount, (items + recent.here + recent.upstream) * harmlessPercentage / 100)
        let before = recent.count(on: side)
        return deletions + (before > limit ? 0 : before) > limit
    }
}

/// How many deletions former passes of a link have carried out lately.
struct RecentDeletions: Sendable {
    var here: Int
    var upstream: Int

    /// Those on a side.
    fileprivate func count(on side: HeldRow.Side) -> Int {
        switch side {
        case .gateway: here
        case .upstream: upstream
        }
    }
}

extension LinkStore {
    /// What passes of a link but `run` that began since then have deleted, and nobody has undone.
    func recentDeletions(of link: Link, since then: Instant, but run: RunID?) async throws -> RecentDeletions {
        try await database.read { transaction in
            let row = try transaction.row(
                """
                SELECT COALESCE(SUM(deleted_here), 0) AS here, COALESCE(SUM(deleted_upstream), 0) AS upstream FROM pass
                WHERE link = \(link.id.value) AND started_at >= \(then.value) AND undone_at IS NULL
                    AND id <> \(.integer(run?.rawValue ?? 0))
                """
            )
            return RecentDeletions(
                here: Int(try row?.integer("here") ?? 0),
                upstream: Int(try row?.integer("upstream") ?? 0)
            )
        }
    }
}

extension SyncPass {
    /// Holds deletions, where there are more in one direction than go without asking; answers what may be carried out.
    ///
    /// What is held stays held until the person decides or the event is back; the rest of the calendar goes on.
    mutating func refuseMassDeletion(
        _ decisions: [String: Decision],
        of snapshot: Snapshot
    ) async throws -> [String: Decision] {
        var allowed = decisions
        var held: [HeldDeletion] = []
        guard decisions.values.contains(where: \.isDeletion) || !snapshot.held.isEmpty else { return decisions }
        let recent = try await recentDeletions()
        for side in HeldRow.Side.allCases {
            let deletions = decisions.filter { $0.value.action == side.deletion }.keys
            let waiting = deletions.filter { snapshot.held[$0] != true }
            let isMass = MassDeletion.needsApproval(waiting.count, on: side, after: recent, of: snapshot.agreedCount)
            for uid in waiting where isMass || snapshot.held[uid] == false {
                held.append(HeldDeletion(uid: uid, summary: snapshot.items[uid]?.summary, side: side))
                allowed[uid] = nil
                report[uid] = .held
            }
        }
        report.counts.held = held.count
        let known = Set(snapshot.held.filter { !$0.value }.keys)
        guard Set(held.map(\.uid)) != known else { return allowed }
        if !held.isEmpty { try await beginRun() }
        try await state.setHeld(held, of: link)
        return allowed
    }
}

extension SyncPass {
    /// What was deleted on both sides just before this pass, and by the edits that went first in it.
    func recentDeletions() async throws -> RecentDeletions {
        var recent = try await state.recentDeletions(of: link, since: clock.now() + -MassDeletion.seconds, but: run)
        recent.upstream += editedDeletions
        return recent
    }
}

extension Decision {
    /// Whether it deletes an event on one of the sides.
    fileprivate var isDeletion: Bool { HeldRow.Side.allCases.contains { action == $0.deletion } }
}

/// A deletion that is to wait for a person.
struct HeldDeletion: Sendable {
    var uid: String
    var summary: String?
    var side: HeldRow.Side
}

extension HeldRow.Side {
    /// What deletes on that side.
    fileprivate var deletion: Action {
        switch self {
        case .gateway: .deleteLocal
        case .upstream: .deleteRemote
        }
    }
}
