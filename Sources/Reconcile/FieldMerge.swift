/// The three-way merge of one item that both sides have, field by field.
///
/// Without an agreement every field counts as changed by the side that has it: what only one side has is taken from
/// there, so that two histories of one event are united and nothing of either is lost.
struct FieldMerge {
    private let agreement: Agreement
    private let isFirst: Bool
    private let local: ItemVersion
    private let remote: ItemVersion
    private let rules: Rules

    init(_ base: Agreement?, _ local: ItemVersion, _ remote: ItemVersion, _ rules: Rules) {
        agreement = base ?? Agreement(local: [:], remote: [:])
        isFirst = base == nil
        self.local = local
        self.remote = remote
        self.rules = rules
    }

    func decision() -> Decision? {
        var pull: Set<FieldKey> = []
        var push: Set<FieldKey> = []
        var conflicts: [FieldConflict] = []
        var hasAgreed = isFirst
        for unit in units() {
            switch verdict(on: unit) {
            case .unchanged: break
            case .agreed: hasAgreed = true
            case .changed(.local): push.formUnion(unit)
            case .changed(.remote): pull.formUnion(unit)
            case .conflict(let winner):
                conflicts += differing(unit).map { FieldConflict(field: $0, winner: winner) }
                switch winner {
                case .local?: push.formUnion(unit)
                case .remote?: pull.formUnion(unit)
                case nil: break
                }
            }
        }
        if conflicts.contains(where: { $0.winner == nil }) { return Decision(.hold, conflicts: conflicts) }
        let withheld: Set<FieldKey>
        switch rules.direction {
        case .both: withheld = []
        case .pull: (withheld, push) = (push, [])
        case .push: (withheld, pull) = (pull, [])
        }
        return action(pull, push, hasAgreed).map { Decision($0, conflicts: conflicts, withheld: withheld) }
    }

    private func action(_ pull: Set<FieldKey>, _ push: Set<FieldKey>, _ hasAgreed: Bool) -> Action? {
        switch (pull.isEmpty, push.isEmpty) {
        case (false, false): .merge(pull: pull, push: push)
        case (false, true): .pull(pull)
        case (true, false): .push(push)
        case (true, true): hasAgreed ? .agree : nil
        }
    }

    // MARK: Units

    /// The fields that are decided together: each alone, but all those of an occurrence of which the sides tell differently.
    ///
    /// Where the schedule was changed, these go with it: one side could otherwise keep an occurrence that the other's schedule
    /// no longer has. Only what the side that left the schedule alone has changed is for itself.
    private func units() -> [Set<FieldKey>] {
        let keys = Set(local.fields.keys).union(remote.fields.keys)
            .union(agreement.local.keys).union(agreement.remote.keys)
        let (here, there) = (local.fields.toldOccurrences, remote.fields.toldOccurrences)
        var occurrences: [String: Set<FieldKey>] = [:]
        var single: [FieldKey] = []
        for key in keys where key != .schedule {
            if let occurrence = key.occurrence, here[occurrence] != there[occurrence] {
                occurrences[occurrence, default: []].insert(key)
            } else {
                single.append(key)
            }
        }
        let movers = Side.allCases.filter(hasRescheduled)
        var schedule: Set<FieldKey> = keys.contains(.schedule) ? [.schedule] : []
        var apart: [Set<FieldKey>] = []
        for (_, occurrence) in occurrences.sorted(by: { $0.key < $1.key }) {
            let isApart =
                movers.isEmpty
                || movers.count == 1 && hasChanged(occurrence, movers[0].other) && !isForPerson(occurrence, movers[0])
            if isApart { apart.append(occurrence) } else { schedule.formUnion(occurrence) }
        }
        return (schedule.isEmpty ? [] : [schedule]) + single.sorted().map { [$0] } + apart
    }

    /// Whether a person is asked about an occurrence that has no place any more: about all of the schedule, then.
    private func isForPerson(_ occurrence: Set<FieldKey>, _ mover: Side) -> Bool {
        rules.direction == .both && rules.policy == .ask
            && occurrence.contains { $0.occurrence.map(version(mover).placeless.contains) ?? false }
    }

    private func version(_ side: Side) -> ItemVersion {
        switch side {
        case .local: local
        case .remote: remote
        }
    }

    private func agreed(_ side: Side) -> Fields {
        switch side {
        case .local: agreement.local
        case .remote: agreement.remote
        }
    }

    private func hasChanged(_ unit: Set<FieldKey>, _ side: Side) -> Bool {
        switch side {
        case .local:
            unit.contains { key in
                local.fields[key] != agreement.local[key] && !rules.pullOnly.contains(key.name) && !isLeftOut(key)
            }
        case .remote: unit.contains { remote.fields[$0] != agreement.remote[$0] }
        }
    }

    private func hasRescheduled(_ side: Side) -> Bool {
        version(side).fields[.schedule] != agreed(side)[.schedule]
    }

    /// The side that moved the item so that an occurrence has no place there any more, while the other one left it where it was.
    private func mover(of unit: Set<FieldKey>) -> Side? {
        guard let occurrence = unit.lazy.compactMap(\.occurrence).first, !unit.contains(.schedule) else { return nil }
        return Side.allCases.first { side in
            version(side).placeless.contains(occurrence) && hasRescheduled(side) && !hasRescheduled(side.other)
        }
    }

    /// The side whose word on the schedule holds since it made two items of one; nil where a person is asked, or none did.
    private func splitter(of unit: Set<FieldKey>) -> Side? {
        guard unit.contains(.schedule), rules.direction == .both, rules.policy != .ask else { return nil }
        let splitters = Side.allCases.filter { version($0).isSplit }
        return splitters.count == 1 ? splitters[0] : nil
    }

    private enum Verdict {
        case unchanged
        case agreed
        case changed(Side)
        case conflict(winner: Side?)
    }

    private func verdict(on unit: Set<FieldKey>) -> Verdict {
        let (isChangedHere, isChangedThere) = (hasChanged(unit, .local), hasChanged(unit, .remote))
        // An edit of what has no place any more would bring back the whole of what was moved: who moved it is right.
        if let mover = mover(of: unit), mover == .local ? isChangedThere : isChangedHere {
            guard !differing(unit).isEmpty else { return .agreed }
            let winner = rules.direction == .both ? mover : rules.winner(local: local, remote: remote)
            return .conflict(winner: winner)
        }
        switch (isChangedHere, isChangedThere) {
        case (false, false): return unit.contains(where: isToBePutBack) ? .changed(.remote) : .unchanged
        case (true, false): return differing(unit).isEmpty ? .agreed : .changed(.local)
        case (false, true): return differing(unit).isEmpty ? .agreed : .changed(.remote)
        case (true, true):
            guard !differing(unit).isEmpty else { return .agreed }
            switch (isNews(unit, from: .local), isNews(unit, from: .remote)) {
            case (true, false): return .changed(.local)
            case (false, true): return .changed(.remote)
            case (true, true), (false, false): break
            }
            return .conflict(winner: splitter(of: unit) ?? rules.winner(local: local, remote: remote))
        }
    }

    /// Whether a side changed something into what the other one did not say when both agreed.
    ///
    /// An upstream says some things its own way; where that comes to what our side has said all along, nobody is overruled.
    private func isNews(_ unit: Set<FieldKey>, from side: Side) -> Bool {
        let (fields, own, other) = (version(side).fields, agreed(side), agreed(side.other))
        return unit.contains { fields[$0] != own[$0] && fields[$0] != other[$0] }
    }

    /// Whether what the other side has, or works out, is to stand here again where it was left out, or something else written.
    private func isToBePutBack(_ key: FieldKey) -> Bool {
        guard rules.direction != .push, !isFirst, remote.fields[key] != nil else { return false }
        let isReplaced = rules.computed.contains(key.name) && local.fields[key] != agreement.local[key]
        return (isReplaced || isLeftOut(key)) && local.fields[key] != remote.fields[key]
    }

    /// Whether the local side leaves out, of what it does have, a field of which it says nothing by that.
    private func isLeftOut(_ key: FieldKey) -> Bool {
        guard rules.lasting.contains(key.name), local.fields[key] == nil else { return false }
        return key.occurrence.map { occurrence in local.fields.keys.contains { $0.occurrence == occurrence } } ?? true
    }

    private func differing(_ unit: Set<FieldKey>) -> [FieldKey] {
        unit.filter { local.fields[$0] != remote.fields[$0] }.sorted()
    }
}
