import Bridging
import ICalendar
import Reconcile

/// A meeting that is here over two links: that of whoever organises it, and that of somebody who is invited.
///
/// What a guest does to the copy in the own calendar is nobody else's business: changed or taken away there, the meeting
/// stays what it is for all others. Only the answer concerns them.
extension SyncPass {
    /// Notes which items are such copies.
    func noteCopies(on snapshot: inout Snapshot) {
        for (uid, item) in snapshot.items where !item.elsewhere.isEmpty {
            let others = item.elsewhere.filter { $0.value.has(item) }.keys
            let calendars = others.compactMap { snapshot.others[$0]?.link.upstreamCalendar.lowercased() }
            guard !calendars.isEmpty else { continue }
            let former = item.base.flatMap { $0.remoteText.isEmpty ? nil : $0.remoteText }
            // Whose an event was that can be read no more, nobody can say.
            let known = item.remote?.object ?? former.flatMap { try? CalendarObject(parsing: $0) }
            guard let organizer = known?.organizer else { continue }
            snapshot.items[uid]?.isGuestCopy =
                calendars.contains(organizer) && link.upstreamCalendar.lowercased() != organizer
        }
    }

    /// The decisions, where of a guest's copy the answer alone comes here; in everything else each side may say its own.
    ///
    /// Nor does either side's edit bring back there what the guest took away, or here what its organizer took away.
    func keepingCopiesApart(_ decisions: [String: Decision], of snapshot: Snapshot) -> [String: Decision] {
        var decisions = decisions
        for (uid, item) in snapshot.items where item.isGuestCopy {
            switch decisions[uid]?.action {
            case .pull(let pulled):
                let answers = pulled.filter(\.isAnswer)
                decisions[uid]?.action = answers.isEmpty ? .agree : .pull(answers)
            case .merge(let pulled, let pushed):
                let answers = pulled.filter(\.isAnswer)
                decisions[uid]?.action = answers.isEmpty ? .push(pushed) : .merge(pull: answers, push: pushed)
            case .createRemote where item.base != nil && item.remote == nil: decisions[uid] = Decision(.deleteLocal)
            case .createLocal where item.base != nil && item.local == nil && link.effectiveDirection != .pull:
                decisions[uid] = Decision(.deleteRemote)
            case .agree, .push, .createLocal, .createRemote, .deleteLocal, .deleteRemote, .forget, .hold, nil: break
            }
        }
        return decisions
    }
}

extension OtherHolding {
    /// Whether the event is in step over the other link, or was as long as it was here.
    fileprivate func has(_ item: SnapshotItem) -> Bool { !isSkipped && (origin != nil || item.local == nil && isGone) }
}

extension FieldKey {
    fileprivate var isAnswer: Bool { name == Field.answer.rawValue }
}
