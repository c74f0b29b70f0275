import Bridging
import ICalendar
import Reconcile
import Store

/// What a pass wrote upstream while it was still listing: the listing may show what was before.
struct WrittenMeanwhile: Sendable {
    /// Revisions that are no longer, by record.
    private var former: [String: Set<String?>] = [:]

    /// Series whose absence from the listing means nothing.
    private(set) var series: Set<String> = []

    /// Notes that a record is no longer at its revision.
    mutating func note(_ record: UpstreamRecord) {
        former[record.id, default: []].insert(record.revision)
        series.insert(record.series)
    }

    /// Notes that a series was made.
    mutating func note(series name: String) { series.insert(name) }

    /// Whether a record is listed as it was before it was written.
    func isOutdated(_ record: UpstreamRecord) -> Bool { former[record.id]?.contains(record.revision) ?? false }
}

/// Edits go before the rest of a pass: between two steps of it, and while its listing is under way.
///
/// What is pushed then is decided on what is known of the upstream, like everything: a record that has changed there since
/// refuses the write, and the rest of the pass looks at the event again.
extension SyncPass {
    /// So many edits at once are a person's; more are an import, which goes with everything else.
    private static let editsAtOnce = 20

    /// Lists what changed upstream; edits are carried out meanwhile, where the link was in step before.
    mutating func pull(from place: LinkPlace, _ mark: String) async throws -> PulledRecords {
        try await recall()
        guard place.mark == mark, place.seenRevision != nil else {
            if place.cursor == nil, let pulled = try await pullFirst() { return pulled }
            return try await bridge.pullRecovering(since: place.cursor)
        }
        editsSeen = place.seenRevision
        let (bridge, bell, cursor) = (bridge, edits, place.cursor)
        let rings = bell.rings()
        async let listing = Self.listing(of: bridge, since: cursor, thenHangUp: bell)
        isListing = true
        defer { isListing = false }
        for await _ in rings { try await heedEdits() }
        return try await current(listing)
    }

    private static func listing(
        of bridge: any Bridge,
        since cursor: SyncCursor?,
        thenHangUp bell: EditBell
    ) async throws -> PulledRecords {
        defer { bell.hangUp() }
        return try await bridge.pullRecovering(since: cursor)
    }

    /// The listing without what was written over while it was made.
    ///
    /// A record that was written then, and that a listing of everything does not name, was made after it or deleted before
    /// it: only another one tells, for the changes since would tell of neither.
    private func current(_ pulled: PulledRecords) async throws -> PulledRecords {
        var pulled = pulled
        if pulled.isComplete {
            let listed = Set(pulled.records.map(\.id))
            for series in writtenMeanwhile.series {
                let known = try await state.records(of: series, link.id)
                if known.contains(where: { !$0.isDeleted && !listed.contains($0.id) }) { pulled.cursor = nil }
            }
        }
        pulled.records.removeAll(where: writtenMeanwhile.isOutdated)
        return pulled
    }

    /// Carries out what people have edited since this was last asked.
    mutating func heedEdits() async throws {
        guard edits.takeRing() else { return }
        defer { edits.fallSilent() }
        guard mayWrite, let since = editsSeen, link.effectiveDirection != .pull, try await !isPaused else { return }
        var snapshot = try await state.snapshot(of: link, fields: bridge.fields, .recent(since: since, series: []))
        editsSeen = snapshot.revision
        guard !snapshot.items.isEmpty, snapshot.items.count <= Self.editsAtOnce else { return }
        let decisions = try decide(on: &snapshot).filter { mayGoFirst($0.value.action) && snapshot.held[$0.key] == nil }
        let work = decisions.compactMap { uid, decision in
            snapshot.items[uid].map { WorkItem(decision: decision, item: $0) }
        }
        // More deletions than go without asking are for the brake to see as a whole.
        let deletions = decisions.values.count { $0.action == .deleteRemote }
        let isMass = MassDeletion.needsApproval(editedDeletions + deletions, of: snapshot.agreedCount)
        if !isMass { editedDeletions += deletions }
        for work in work.sorted(by: { $0.item.uid < $1.item.uid }) where work.item.retry == nil {
            guard !isMass || work.decision.action != .deleteRemote else { continue }
            guard let outcome = try await carryOutEdit(work) else { continue }
            report[work.item.uid] = outcome
            edited.insert(work.item.uid)
        }
    }

    /// Whether an edit need not wait for the listing.
    ///
    /// A new event might be there already, made by somebody else under the same UID: as an invitation that was accepted on
    /// both sides. Where only a sweep of everything would show that, there is nobody else who gives UIDs.
    private func mayGoFirst(_ action: Action) -> Bool {
        switch action {
        case .push, .merge, .deleteRemote: true
        case .createRemote: !isListing || bridge is any SweepingBridge
        case .agree, .pull, .createLocal, .deleteLocal, .forget, .hold: false
        }
    }
}
