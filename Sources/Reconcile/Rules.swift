/// By what rules two sides are brought together.
public struct Rules: Sendable, Hashable {
    public var policy: ConflictPolicy

    public var direction: Direction

    /// The coarser clock's step in seconds: two edits within it cannot be put in order.
    public var tick: Int64

    /// Names of fields that never go to the remote side; there the local side counts as unchanged.
    public var pullOnly: Set<String>

    /// Names of those of them that the remote side works out: what is written here instead gives way to what it says.
    public var computed: Set<String>

    /// Names of fields of which the local side says nothing by leaving them out: the remote side's word then holds here too.
    public var lasting: Set<String>

    /// States the rules.
    public init(
        _ policy: ConflictPolicy,
        direction: Direction = .both,
        tick: Int64 = 1,
        pullOnly: Set<String> = [],
        computed: Set<String> = [],
        lasting: Set<String> = []
    ) {
        self.policy = policy
        self.direction = direction
        self.tick = tick
        self.pullOnly = pullOnly
        self.computed = computed
        self.lasting = lasting
    }

    /// Whose word holds for what both sides changed; nil for a person's.
    func winner(local: ItemVersion, remote: ItemVersion) -> Side? {
        switch direction {
        case .pull: return .remote
        case .push: return .local
        case .both: break
        }
        switch policy {
        case .newest: return later(local: local, remote: remote)
        case .upstream: return .remote
        case .gateway: return .local
        case .ask: return nil
        }
    }

    /// The side modified later; the remote one where the clocks cannot tell, for its change is seen later.
    private func later(local: ItemVersion, remote: ItemVersion) -> Side {
        guard let here = local.modified, let there = remote.modified, here >= there + max(tick, 1) else {
            return .remote
        }
        return .local
    }

    /// What is done when the remote side deleted what the local side edited; nil for nothing.
    func remoteDeletedLocalEdited() -> Action? {
        switch (direction, policy) {
        // The edit stays where it was made.
        case (.pull, .newest), (.pull, .gateway), (.pull, .ask): nil
        case (.pull, .upstream): .deleteLocal
        case (.push, _): .createRemote
        case (.both, .newest), (.both, .gateway): .createRemote
        case (.both, .upstream): .deleteLocal
        case (.both, .ask): .hold
        }
    }

    /// What is done when the local side deleted what the remote side edited; nil for nothing.
    func localDeletedRemoteEdited() -> Action? {
        switch (direction, policy) {
        case (.push, .newest), (.push, .upstream), (.push, .ask): nil
        case (.push, .gateway): .deleteRemote
        case (.pull, _): .createLocal
        case (.both, .newest), (.both, .upstream): .createLocal
        case (.both, .gateway): .deleteRemote
        case (.both, .ask): .hold
        }
    }

    /// What is done when the local side deleted what the remote side left alone; nil for nothing.
    func localDeleted() -> Action? {
        switch (direction, policy) {
        case (.both, .upstream), (.pull, .upstream): .createLocal
        case (.pull, .newest), (.pull, .gateway), (.pull, .ask): nil
        case (.both, .newest), (.both, .gateway), (.both, .ask), (.push, _): .deleteRemote
        }
    }

    /// What is done when the remote side deleted what the local side left alone; nil for nothing.
    func remoteDeleted() -> Action? {
        switch direction {
        case .both, .pull: .deleteLocal
        case .push: nil
        }
    }
}
