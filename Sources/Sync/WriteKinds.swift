import Bridging

extension RecordWrite {
    var isCreation: Bool {
        if case .create = self { return true }
        return false
    }

    /// Whether it changes or deletes a record whatever that is by now.
    var isUnconditional: Bool {
        switch self {
        case .create: false
        case .update(_, _, let revision, _), .delete(_, _, let revision): revision == nil
        }
    }

    /// The record that is written; empty for one that has no identifier yet.
    var recordID: String {
        switch self {
        case .create(let creation): creation.id ?? ""
        case .update(let id, _, _, _), .delete(let id, _, _): id
        }
    }
}

extension BridgeError {
    /// Whether the write was not done, for certain.
    var isCertain: Bool {
        switch self {
        case .unreachable: false
        case .cursorExpired, .changedUpstream, .authorizationRevoked, .throttled, .writesPaused, .refused: true
        }
    }

    /// Whether it concerns one item only.
    var concernsItem: Bool {
        switch self {
        case .changedUpstream, .unreachable: true
        case .refused(let refusal): refusal.subject == .item
        case .cursorExpired, .authorizationRevoked, .throttled, .writesPaused: false
        }
    }
}
