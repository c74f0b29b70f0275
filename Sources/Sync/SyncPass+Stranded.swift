import Bridging
import Reconcile

/// Edits that waited to go when the account lost the right to write: they stay here, and a person is told.
extension SyncPass {
    /// What would go upstream if the account might write there as its link is meant to.
    ///
    /// Of a calendar that could only ever be read there is nothing: it is not written here, and what was here before it had
    /// no way to go. What comes down instead of a deletion is no such edit.
    func stranded(
        in snapshot: Snapshot,
        from place: LinkPlace,
        besides decisions: [String: Decision]
    ) throws -> [String: Decision] {
        guard link.access == .reader, link.direction != .pull, try link.readFilters().busyOnly != true else {
            return [:]
        }
        var part = snapshot
        part.items = snapshot.items.filter { uid, item in
            guard item.local != nil else {
                return place.hasWritten && item.isAgreed && item.remote != nil && decisions[uid] == nil
            }
            let isEdited = item.base.map { $0.localDigest != item.localDigest } ?? false
            return item.retry != nil || isEdited || place.hasWritten && item.base == nil && item.remote == nil
        }
        guard !part.items.isEmpty else { return [:] }
        var meant = link
        meant.access = .writer
        return reconcile(
            base: part.base,
            local: part.local,
            remote: part.remote,
            rules: meant.rules(bridge.fields, configuration),
            exceptions: part.interrupted
        )
        .filter { $0.value.action.wantsUpstream }
    }

    /// Puts them into the queue, where they wait for a person or for the right to write.
    mutating func strand(_ decisions: [String: Decision], of snapshot: Snapshot) async throws {
        for (uid, decision) in decisions.sorted(by: { $0.key < $1.key }) {
            guard let item = snapshot.items[uid] else { continue }
            if let retry = item.retry, retry.isSame(as: item), retry.dueAt == nil {
                report[uid] = .notDue
            } else {
                report[uid] = try await failed(decision, on: item, .readOnly(link.upstreamName), isLasting: true)
            }
        }
    }
}

extension Action {
    /// Whether something would be written there.
    fileprivate var wantsUpstream: Bool {
        switch self {
        case .push, .merge, .createRemote, .deleteRemote: true
        case .agree, .forget, .pull, .createLocal, .deleteLocal, .hold: false
        }
    }
}

extension SnapshotItem {
    /// Whether both sides agreed on it, and nobody ended that.
    fileprivate var isAgreed: Bool { base.map { !$0.isVoid } ?? false }
}

extension LinkProblem {
    /// The account may only read a calendar by now that it could write to.
    static func readOnly(_ name: String) -> LinkProblem {
        LinkProblem(
            code: permissionDenied,
            message: "The account may only read \(name) by now: the edit stays here.",
            remedy: "Ask its owner for the right to make changes: the edit then goes by itself."
        )
    }
}
