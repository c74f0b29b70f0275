import Bridging
import ICalendar
import Reconcile
import Store

/// Deletions upstream that were begun, and of which no answer was noted: the process died, or the answer was lost.
extension SyncPass {
    /// Decisions by which nothing goes here for the sole reason that the gateway itself took it away upstream.
    ///
    /// What a pass deleted there was deleted here before: whoever has brought it back since wants it there, too. One that was
    /// here all the time lost no more than the page of an occurrence. What a person's undoing or purging took away is to go
    /// there alone.
    func sparingWhatWeDeleted(_ decisions: [String: Decision], of snapshot: Snapshot) -> [String: Decision] {
        var decisions = decisions
        for (uid, lines) in unanswered where decisions[uid]?.action == .deleteLocal {
            guard let line = lines.last(where: \.isBegunDeletion) else { continue }
            guard line.actor == AuditEntry.pass else {
                decisions[uid] = Decision(.forget)
                continue
            }
            guard let local = snapshot.items[uid]?.local, local.stored.entry.modified >= line.at else { continue }
            decisions[uid] = Decision(.createRemote)
        }
        return decisions
    }

    /// The deletions of an event upstream of which nothing is known but that they were begun.
    func begunDeletions(of item: SnapshotItem) -> [AuditEntry] {
        (unanswered[item.uid] ?? []).filter(\.isBegunDeletion)
    }

    /// What is noted of an event that is no more, or that the upstream alone was to lose.
    ///
    /// A deletion that reached the upstream without our hearing so gets the line in a run that it never had.
    func forgotten(_ item: SnapshotItem) throws -> PreparedItem {
        var settlement = Settlement(ending: item)
        settlement.isLeftAlone = item.local != nil
        guard item.local == nil, let base = item.base, !base.localText.isEmpty,
            !begunDeletions(of: item).isEmpty
        else { return PreparedItem(settlement) }
        var entry = RunEntry(item, Action.deleteRemote.word, [], undo: base.localText)
        entry.summary = try base.localObject()?.summary
        return PreparedItem(settlement, entry) { $0.deletedUpstream += 1 }
    }
}
