import Reconcile
import TestSupport
import Testing

/// What one item can be on one side: absent, or one of three versions.
private let states: [String?] = [nil, "v1", "v2", "v3"]

/// One item on all three sides.
struct Triple: Sendable, Hashable, CustomTestStringConvertible {
    var base: String?
    var local: String?
    var remote: String?

    var testDescription: String { "\(base ?? "-") \(local ?? "-") \(remote ?? "-")" }

    /// All 4³ of them.
    static let all: [Triple] = states.flatMap { base in
        states.flatMap { local in states.map { Triple(base: base, local: local, remote: $0) } }
    }

    func version(_ value: String?, at modified: Int64) -> ItemVersion? {
        value.map { ItemVersion(fields: [FieldKey("summary"): $0], modified: modified) }
    }

    func decision(_ rules: Rules, localAt: Int64 = 1, remoteAt: Int64 = 2) -> Decision? {
        let agreed = base.map { [FieldKey("summary"): $0] }.map { Agreement(local: $0, remote: $0) }
        return reconcile(
            base: agreed.map { ["item": $0] } ?? [:],
            local: version(local, at: localAt).map { ["item": $0] } ?? [:],
            remote: version(remote, at: remoteAt).map { ["item": $0] } ?? [:],
            rules: rules
        )["item"]
    }

    /// Both sides after the action, and what is agreed then.
    func carryingOut(_ action: Action?) -> Triple {
        switch action {
        case nil, .hold: self
        case .agree: Triple(base: local, local: local, remote: remote)
        case .pull, .createLocal: Triple(base: remote, local: remote, remote: remote)
        case .push, .createRemote: Triple(base: local, local: local, remote: local)
        case .deleteLocal, .deleteRemote, .forget: Triple(base: nil, local: nil, remote: nil)
        // There is one field only.
        case .merge: Triple(base: "merge", local: nil, remote: nil)
        }
    }

    var mirrored: Triple { Triple(base: base, local: remote, remote: local) }
}

@Suite("Reconcile: base, local, remote → actions")
struct ReconcileTests {
    @Test(arguments: Fixture.all(in: "reconcile", extension: "txt"))
    func fixture(_ fixture: Fixture) {
        let scenario = Scenario(fixture.text)
        #expect(scenario.expected.count == ConflictPolicy.allCases.count)
        for (policy, expected) in scenario.expected {
            let decisions = reconcile(
                base: scenario.base.map { ["event": $0] } ?? [:],
                local: scenario.local.map { ["event": $0] } ?? [:],
                remote: scenario.remote.map { ["event": $0] } ?? [:],
                rules: Rules(policy)
            )
            #expect(decisions["event"].words == expected, "\(policy)")
        }
    }

    /// The table of all states, written down a second time in another shape.
    @Test(arguments: Triple.all, ConflictPolicy.allCases)
    func `every state has its action`(_ triple: Triple, _ policy: ConflictPolicy) {
        let fields: Set = [FieldKey("summary")]
        let isChangedHere = triple.local != triple.base
        let isChangedThere = triple.remote != triple.base
        let winner: Side? = [.newest: .remote, .upstream: .remote, .gateway: .local][policy]
        let expected: Action?
        switch (isChangedHere, isChangedThere) {
        case (false, false):
            expected = nil
        case (true, false) where triple.local == nil:
            expected = policy == .upstream ? .createLocal : .deleteRemote
        case (true, false):
            expected = triple.remote == nil ? .createRemote : .push(fields)
        case (false, true):
            expected = triple.remote == nil ? .deleteLocal : triple.local == nil ? .createLocal : .pull(fields)
        case (true, true) where triple.local == triple.remote:
            expected = triple.local == nil ? .forget : .agree
        case (true, true) where triple.local == nil:
            expected = policy == .ask ? .hold : policy == .gateway ? .deleteRemote : .createLocal
        case (true, true) where triple.remote == nil:
            expected = policy == .ask ? .hold : policy == .upstream ? .deleteLocal : .createRemote
        case (true, true):
            expected = winner.map { $0 == .local ? .push(fields) : .pull(fields) } ?? .hold
        }
        #expect(triple.decision(Rules(policy))?.action == expected)
    }

    @Test(arguments: Triple.all, ConflictPolicy.allCases)
    func `carrying the action out leaves both sides equal and nothing to do`(_ triple: Triple, _ policy: ConflictPolicy)
    {
        let decision = triple.decision(Rules(policy))
        guard decision?.action != .hold else { return }
        let after = triple.carryingOut(decision?.action)
        #expect(after.local == after.remote)
        #expect(after.decision(Rules(policy)) == nil)
    }

    @Test(arguments: Triple.all)
    func `exchanging the sides exchanges the action`(_ triple: Triple) {
        let straight = triple.decision(Rules(.newest), localAt: 1, remoteAt: 2)?.action
        let exchanged = triple.mirrored.decision(Rules(.newest), localAt: 2, remoteAt: 1)?.action
        #expect(straight.map(\.exchanged) == exchanged)
    }

    @Test(arguments: Triple.all, ConflictPolicy.allCases)
    func `one direction never writes the other side`(_ triple: Triple, _ policy: ConflictPolicy) {
        switch triple.decision(Rules(policy, direction: .pull))?.action {
        case .push, .merge, .createRemote, .deleteRemote: Issue.record("it pushes")
        case nil, .agree, .pull, .createLocal, .deleteLocal, .forget, .hold: break
        }
        switch triple.decision(Rules(policy, direction: .push))?.action {
        case .pull, .merge, .createLocal, .deleteLocal: Issue.record("it pulls")
        case nil, .agree, .push, .createRemote, .deleteRemote, .forget, .hold: break
        }
    }

    @Test(arguments: Triple.all, ConflictPolicy.allCases)
    func `whoever is overruled is named`(_ triple: Triple, _ policy: ConflictPolicy) {
        let isContested = triple.local != triple.base && triple.remote != triple.base && triple.local != triple.remote
        let hasBoth = triple.base != nil || (triple.local != nil && triple.remote != nil)
        #expect((triple.decision(Rules(policy))?.conflicts.isEmpty ?? true) == !(isContested && hasBoth))
    }

    @Test(arguments: [(59, Side.remote), (60, .local), (-1, .remote)] as [(Int64, Side)])
    func `two edits within one tick of the coarser clock go to the side seen later`(_ lead: Int64, _ winner: Side) {
        let triple = Triple(base: "v1", local: "v2", remote: "v3")
        let decision = triple.decision(Rules(.newest, tick: 60), localAt: 1000 + lead, remoteAt: 1000)
        #expect(decision?.conflicts.map(\.winner) == [winner])
    }

    @Test func `a field that never goes up is not pushed and still pulled`() {
        let rules = Rules(.newest, pullOnly: ["summary"])
        #expect(Triple(base: "v1", local: "v2", remote: "v1").decision(rules) == nil)
        let both = Triple(base: "v1", local: "v2", remote: "v3").decision(rules)
        #expect(both?.action == .pull([FieldKey("summary")]))
    }

    @Test(arguments: [Direction.both, .pull])
    func `what is written instead of what the other side works out is put back`(_ direction: Direction) {
        let rules = Rules(.newest, direction: direction, pullOnly: ["summary"], computed: ["summary"])
        let back = Decision(.pull([FieldKey("summary")]))
        #expect(Triple(base: "v1", local: "v2", remote: "v1").decision(rules) == back)
        #expect(Triple(base: "v1", local: "v1", remote: "v1").decision(rules) == nil)
        let oneWay = Rules(.newest, direction: .push, pullOnly: ["summary"], computed: ["summary"])
        #expect(Triple(base: "v1", local: "v2", remote: "v1").decision(oneWay) == nil)
    }

    @Test func `where the other side works out nothing, what is written here stays`() {
        let rules = Rules(.newest, pullOnly: ["summary"], computed: ["summary"])
        let decision = reconcile(
            base: ["item": Agreement(local: [:], remote: [:])],
            local: ["item": ItemVersion(fields: [FieldKey("summary"): "v1"], modified: 1)],
            remote: ["item": ItemVersion(fields: [:], modified: 1)],
            rules: rules
        )["item"]
        #expect(decision == nil)
    }

    private func lasting(base: String?, local: String?, remote: String?, _ rules: Rules) -> Decision? {
        func fields(_ value: String?) -> Fields { value.map { [FieldKey("answer"): $0] } ?? [:] }
        return reconcile(
            base: ["item": Agreement(local: fields(base), remote: fields(base))],
            local: ["item": ItemVersion(fields: fields(local), modified: 2)],
            remote: ["item": ItemVersion(fields: fields(remote), modified: 1)],
            rules: rules
        )["item"]
    }

    @Test(arguments: ["v1", "v2"])
    func `what is left out of which that says nothing is put back`(_ there: String) {
        let back = Decision(.pull([FieldKey("answer")]))
        let rules = Rules(.newest, lasting: ["answer"])
        #expect(lasting(base: "v1", local: nil, remote: there, rules) == back)
        #expect(lasting(base: "v1", local: "v0", remote: "v1", rules)?.action == .push([FieldKey("answer")]))
        #expect(lasting(base: "v1", local: nil, remote: nil, rules)?.action == .agree)
        let oneWay = Rules(.newest, direction: .push, lasting: ["answer"])
        #expect(lasting(base: "v1", local: nil, remote: "v1", oneWay) == nil)
    }

    @Test func `on what the direction withholds there is no agreement`() {
        let base = Agreement(
            local: [FieldKey("a"): "1", FieldKey("b"): "1"],
            remote: [FieldKey("a"): "1", FieldKey("b"): "1"]
        )
        let decision = reconcile(
            base: ["item": base],
            local: ["item": ItemVersion(fields: [FieldKey("a"): "2", FieldKey("b"): "1"], modified: 1)],
            remote: ["item": ItemVersion(fields: [FieldKey("a"): "1", FieldKey("b"): "2"], modified: 2)],
            rules: Rules(.newest, direction: .pull)
        )["item"]
        #expect(decision == Decision(.pull([FieldKey("b")]), withheld: [FieldKey("a")]))
    }
}

extension Action {
    fileprivate var exchanged: Action {
        switch self {
        case .agree, .forget, .hold: self
        case .pull(let fields): .push(fields)
        case .push(let fields): .pull(fields)
        case .merge(let pulled, let pushed): .merge(pull: pushed, push: pulled)
        case .createLocal: .createRemote
        case .createRemote: .createLocal
        case .deleteLocal: .deleteRemote
        case .deleteRemote: .deleteLocal
        }
    }
}
