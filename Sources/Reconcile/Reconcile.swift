/// Finds what makes both sides say the same, from what they said when they last agreed.
///
/// Pure: no clock, no store, no network. Items not named in the answer need nothing.
///
/// `exceptions` names items that another policy holds for.
public func reconcile(
    base: Base,
    local: Replica,
    remote: Replica,
    rules: Rules,
    exceptions: [String: ConflictPolicy] = [:]
) -> [String: Decision] {
    var decisions: [String: Decision] = [:]
    for item in Set(base.keys).union(local.keys).union(remote.keys) {
        var rules = rules
        if let policy = exceptions[item] { rules.policy = policy }
        decisions[item] = decide(base: base[item], local: local[item], remote: remote[item], rules)
    }
    return decisions
}

/// Decides about one item; nil where nothing is to be done.
func decide(base: Agreement?, local: ItemVersion?, remote: ItemVersion?, _ rules: Rules) -> Decision? {
    switch (local, remote) {
    case (nil, nil):
        return base == nil ? nil : Decision(.forget)
    case (let local?, let remote?):
        return FieldMerge(base, local, remote, rules).decision()
    case (let local?, nil):
        guard let base else { return rules.direction == .pull ? nil : Decision(.createRemote) }
        guard rules.changed(local.fields, since: base.local) else { return rules.remoteDeleted().map { Decision($0) } }
        return rules.remoteDeletedLocalEdited().map(overruling)
    case (nil, let remote?):
        guard let base else { return rules.direction == .push ? nil : Decision(.createLocal) }
        guard remote.fields != base.remote else { return rules.localDeleted().map { Decision($0) } }
        return rules.localDeletedRemoteEdited().map(overruling)
    }
}

/// The decision that overrules a deletion or an edit of the other side.
private func overruling(_ action: Action) -> Decision {
    let winner: Side? =
        switch action {
        case .createRemote, .deleteRemote: .local
        case .createLocal, .deleteLocal: .remote
        case .hold, .agree, .pull, .push, .merge, .forget: nil
        }
    return Decision(action, conflicts: [FieldConflict(field: nil, winner: winner)])
}

extension Rules {
    /// Whether the local side changed a field that may travel.
    func changed(_ fields: Fields, since agreed: Fields) -> Bool {
        fields.contains { !pullOnly.contains($0.key.name) && agreed[$0.key] != $0.value }
            || agreed.contains { !pullOnly.contains($0.key.name) && fields[$0.key] == nil }
    }
}
