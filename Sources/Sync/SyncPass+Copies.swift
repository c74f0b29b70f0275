import Bridging
import ICalendar
import Reconcile

/// A meeting that is here over two links: that of somebody who is invited, and another one's.
///
/// What a guest does to the copy in the own calendar is nobody else's business: changed or taken away there, the meeting
/// stays what it is for all others. Only the answer concerns them.
extension SyncPass {
    /// Notes which items are such copies.
    func noteCopies(on snapshot: inout Snapshot) throws {
        guard let bridge = bridge as? any AnsweringBridge else { return }
        for (uid, item) in snapshot.items where item.elsewhere.values.contains(where: \.isInStep) {
            let former = item.base.flatMap { $0.remoteText.isEmpty ? nil : $0.remoteText }
            let known = try item.remote?.object ?? former.map { try CalendarObject(parsing: $0) }
            snapshot.items[uid]?.isGuestCopy = known.map(bridge.isInvitation) ?? false
        }
    }

    /// The decisions, where of a guest's copy the answer alone comes here; in everything else each side may say its own.
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
            case .agree, .push, .createLocal, .createRemote, .deleteLocal, .deleteRemote, .forget, .hold, nil: break
            }
        }
        return decisions
    }
}

extension OtherHolding {
    /// Whether the event is in step over the other link.
    fileprivate var isInStep: Bool { origin != nil && !isSkipped }
}

extension FieldKey {
    fileprivate var isAnswer: Bool { name == Field.answer.rawValue }
}
