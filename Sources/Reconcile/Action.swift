/// One of the two sides.
public enum Side: Sendable, Hashable, CaseIterable {
    case local, remote

    /// The other one.
    public var other: Side {
        switch self {
        case .local: .remote
        case .remote: .local
        }
    }
}

/// Who is right when both sides changed the same field.
public enum ConflictPolicy: Sendable, Hashable, CaseIterable {
    /// The later modification, remote on a tie; an edit beats a deletion.
    case newest
    /// The remote side; what was deleted here and still exists there comes back.
    case upstream
    /// The local side.
    case gateway
    /// Nobody: the item is held for a person.
    case ask
}

/// Which way changes may travel.
public enum Direction: Sendable, Hashable, CaseIterable {
    case both
    /// Only from remote to local.
    case pull
    /// Only from local to remote.
    case push
}

/// What is to be done about one item.
public enum Action: Sendable, Hashable {
    /// Both sides say the same: only the agreement moves.
    case agree
    /// These fields go from remote to local.
    case pull(Set<FieldKey>)
    /// These fields go from local to remote.
    case push(Set<FieldKey>)
    case merge(pull: Set<FieldKey>, push: Set<FieldKey>)
    /// The local side gets the item.
    case createLocal
    /// The remote side gets the item.
    case createRemote
    case deleteLocal
    case deleteRemote
    /// It is gone on both sides: the agreement ends.
    case forget
    /// A person decides; nothing is done until then.
    case hold
}

/// A field, or a whole item, that both sides changed differently.
public struct FieldConflict: Sendable, Hashable {
    /// The field; nil where one side deleted the item that the other one edited.
    public var field: FieldKey?

    /// Whose word holds; nil while the item is held.
    public var winner: Side?

    /// Describes a conflict.
    public init(field: FieldKey?, winner: Side?) {
        self.field = field
        self.winner = winner
    }
}

/// What is to be done about one item, and what was overruled in deciding so.
public struct Decision: Sendable, Hashable {
    public var action: Action

    /// In the order of the fields.
    public var conflicts: [FieldConflict]

    /// Fields that the direction keeps from travelling: on them there is no agreement.
    public var withheld: Set<FieldKey>

    /// Describes a decision.
    public init(_ action: Action, conflicts: [FieldConflict] = [], withheld: Set<FieldKey> = []) {
        self.action = action
        self.conflicts = conflicts
        self.withheld = withheld
    }
}
