import Reconcile
import Store

/// What guards a calendar from being emptied by mistake.
enum MassDeletion {
    /// So many deletions in one pass go without asking: a person does clear out a week.
    static let harmlessCount = 10

    /// Or so many in a hundred.
    static let harmlessPercentage = 20

    /// Whether so many deletions, of so many items, need a person's word.
    static func needsApproval(_ deletions: Int, of items: Int) -> Bool {
        deletions > max(harmlessCount, items * harmlessPercentage / 100)
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
        for side in HeldRow.Side.allCases {
            let deletions = decisions.filter { $0.value.action == side.deletion }.keys
            let waiting = deletions.filter { snapshot.held[$0] != true }
            let isMass = MassDeletion.needsApproval(waiting.count, of: snapshot.agreedCount)
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
