import Bridging
import ICalendar
import Reconcile
import Store

extension SyncPass {
    /// Our side of a settlement with what the upstream works out by itself, as its answer to a write says it.
    ///
    /// Agreed on as it was answered, such a value would come here only once it changed again.
    func takingComputed(
        of answered: RemoteItem,
        onto object: CalendarObject,
        of item: SnapshotItem
    ) throws -> CalendarObject {
        guard link.effectiveDirection != .push else { return object }
        var names = Set(bridge.fields.readOnly.intersection(incoming(item).all).map(\.rawValue))
        if item.notifiesGuests { names.remove(Field.attendees.rawValue) }
        // Of a description in two forms, the one that was not edited comes from the upstream.
        let halves = Set(editedForms(of: item).keys.map { FieldKey(Field.description.rawValue, of: $0) })
        // So does the account's answer, of which a client says nothing by leaving it out.
        let takesAnswer = incoming(item).all.contains(.answer)
        guard !names.isEmpty || !halves.isEmpty || takesAnswer else { return object }
        let here = Projection(of: object, onto: bridge.fields).fields
        let agreed = item.base.flatMap { $0.isVoid ? nil : $0.agreement.remote } ?? [:]
        let occurrences = here.occurrences
        let keys = Set(answered.fields.keys).union(agreed.keys).filter { key in
            let isComputed = names.contains(key.name) && answered.fields[key] != agreed[key]
            let isLeftOut =
                takesAnswer && key.name == Field.answer.rawValue && here[key] == nil
                && key.occurrence.map(occurrences.contains) ?? true
            return (isComputed || isLeftOut || halves.contains(key)) && answered.fields[key] != here[key]
        }
        guard !keys.isEmpty else { return object }
        return try pulling(keys, of: answered.object, onto: object, for: item)
    }

    /// Our side with that, written together with the settlement where there is any.
    func takingComputed(
        of answered: RemoteItem,
        onto local: LocalItem,
        of item: SnapshotItem,
        in settlement: inout Settlement
    ) throws -> LocalItem {
        let object = try takingComputed(of: answered, onto: local.object, of: item)
        guard let former = item.local, object.text != local.object.text else { return local }
        settlement.localWrite = .replace(former.stored, by: Draft(object, at: clock.now()))
        return try item.written(object, over: former, bridge.fields)
    }
}
