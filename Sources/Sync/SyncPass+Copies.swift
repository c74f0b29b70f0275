import Bridging
import ICalendar
import Reconcile

/// A meeting that is here over two links: that of whoever organises it, and that of somebody who is invited.
///
/// What a guest does to the copy in the own calendar is nobody else's business: changed or taken away there, the meeting
/// stays what it is for all others. Only the answer concerns them.
extension SyncPass {
    /// Notes which items are such copies.
    func noteCopies(on snapshot: inout Snapshot) throws {
        for (uid, item) in snapshot.items where !item.elsewhere.isEmpty {
            let others = item.elsewhere.filter { $0.value.isInStep }.keys
            let calendars = others.compactMap { snapshot.others[$0]?.link.upstreamCalendar.lowercased() }
            guard !calendars.isEmpty else { continue }
            let former = item.base.flatMap { $0.remoteText.isEmpty ? nil : $0.remoteText }
            let known = try item.remote?.object ?? former.map { try CalendarObject(parsing: $0) }
            guard let organizer = known?.organizer else { continue }
            snapshot.items[uid]?.isGuestCopy =
                calendars.contains(organizer) && link.upstreamCalendar.lowercased() != organizer
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
