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

    /// Lists what changed upstream; edits are carried out meanwhile.
    mutating func pull(from place: LinkPlace) async throws -> PulledRecords {
        try await recall()
        try await inquire(for: place)
        editsSeen = place.seenRevision ?? place.revision
        let mark = try mark(of: bridge.fields)
        if place.mark != mark { unknown = UnknownUpstream(uids: try await state.uids(in: link.calendar)) }
        defer { unknown = nil }
        if place.cursor == nil, unknown != nil || place.seenRevision == nil, let pulled = try await pullFirst() {
            return try await current(pulled)
        }
        let (bridge, bell, cursor) = (bridge, edits, place.cursor)
        let rings = bell.rings()
        async let listing = Self.listing(of: bridge, since: cursor, thenHangUp: bell)
        isListing = true
        defer { isListing = false }
        for await _ in rings { try await heedEdits() }
        return try await current(listing)
    }

    /// Finds out what the upstream can hold, where that may not be what it was.
    ///
    /// A bridge of a new process knows nothing of it yet: edits would be compared otherwise than when they were agreed.
    private func inquire(for place: LinkPlace) async throws {
        guard let bridge = bridge as? any InquiringBridge, try place.mark != mark(of: bridge.fields) else { return }
        try await RequestPriority.$isInteractive.withValue(edits.isRung) { try await bridge.inquire() }
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
    /// it: only another one tells, for the changes since would tell of neither. A bridge that is told which records are
    /// thought to be there asks for those it misses.
    private func current(_ pulled: PulledRecords) async throws -> PulledRecords {
        var pulled = pulled
        if pulled.isComplete, !(bridge is any RecallingBridge) {
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
        var snapshot = try await look(at: .recent(since: since, series: []))
        editsSeen = snapshot.revision
        guard !snapshot.items.isEmpty, snapshot.items.count <= Self.editsAtOnce else { return }
        let all = try decide(on: &snapshot).filter { snapshot.held[$0.key] == nil }
        let work = all.compactMap { uid, decision in
            snapshot.items[uid].map { WorkItem(decision: decision, item: $0) }
        }
        .filter(mayGoFirst)
        // More deletions than go without asking are for the brake to see as a whole.
        let deletions = work.count(where: \.isDeletion)
        let isMass = try await isMassDeletion(deletions, of: snapshot)
        for work in work.sorted(by: { $0.item.uid < $1.item.uid }) where work.item.retry == nil {
            guard !isMass || !work.isDeletion, let outcome = try await carryOutFirst(work) else { continue }
            if work.isDeletion, outcome == .done { editedDeletions += 1 }
            report[work.item.uid] = outcome
            edited.insert(work.item.uid)
            // Agreed on, it is no news to anything that follows, be it that nothing of it was to be written.
            if let series = work.item.series { editedSeries.insert(series) }
        }
    }

    private func isMassDeletion(_ deletions: Int, of snapshot: Snapshot) async throws -> Bool {
        guard deletions > 0 else { return false }
        let recent = try await recentDeletions()
        return MassDeletion.needsApproval(deletions, on: .upstream, after: recent, of: snapshot.agreedCount)
    }

    /// Carries out an edit, if need be after another look at the upstream's side; nil where it must wait for the listing.
    private mutating func carryOutFirst(_ work: WorkItem) async throws -> ItemOutcome? {
        if unknown?.isReadAsBefore(work.item, by: bridge) ?? true, let outcome = try await carryOutEdit(work) {
            return outcome
        }
        return try await carryOutAnew(work.item)
    }

    /// Carries out an edit of an event that is not upstream as it was: it is read again, compared, and goes up merged.
    private mutating func carryOutAnew(_ item: SnapshotItem) async throws -> ItemOutcome? {
        guard let series = item.series, let records = try await readAnew(item) else { return nil }
        if isListing { for former in item.records { writtenMeanwhile.note(former) } }
        let cursor = try await state.cursor(of: link.id)
        let read = PulledRecords(records: records, isComplete: false, cursor: cursor)
        _ = try await state.mirror(read, translatedBy: bridge, of: link.id)
        reread.insert(series)
        var snapshot = try await look(at: .item(item.uid))
        guard let decision = try decide(on: &snapshot)[item.uid], let current = snapshot.items[item.uid] else {
            return nil
        }
        let work = WorkItem(decision: decision, item: current)
        guard mayGoFirst(work), decision.action != .deleteRemote else { return nil }
        return try await carryOutEdit(work)
    }

    private func readAnew(_ item: SnapshotItem) async throws -> [UpstreamRecord]? {
        guard let bridge = bridge as? any RereadingBridge else { return nil }
        do {
            return try await RequestPriority.$isInteractive.withValue(true) { try await bridge.reread(item.records) }
        } catch let error as BridgeError where error.concernsItem {
            return nil
        }
    }

    /// Whether an edit need not wait for the listing.
    ///
    /// A new event might be there already, made by somebody else under the same UID: as an invitation that was accepted on
    /// both sides. Where only a sweep of everything would show that, there is nobody else who gives UIDs.
    private func mayGoFirst(_ work: WorkItem) -> Bool {
        // Only the listing tells what a try without an answer made.
        guard work.item.intent == nil else { return false }
        switch work.decision.action {
        case .push, .merge, .deleteRemote: return true
        case .createRemote:
            guard isListing else { return true }
            return bridge is any SweepingBridge && !(unknown?.uids.contains(work.item.uid) ?? false)
        case .agree, .pull, .createLocal, .deleteLocal, .forget, .hold: return false
        }
    }

    /// Whether the upstream refuses an edit where it would write over something that was not seen.
    ///
    /// A record of which no revision is known takes any write. And where each occurrence can have a record of its own, those
    /// that were not seen go with their series, or lose their place when it moves, though its own record is as it was.
    func isGuarded(_ outgoing: OutgoingItem) -> Bool {
        guard !outgoing.writes.contains(where: \.isUnconditional) else { return false }
        guard !reschedulesSeries(outgoing) else { return false }
        let goesAsAWhole = outgoing.decision.action == .deleteRemote && hasOccurrences(outgoing)
        return !goesAsAWhole
    }

    /// Whether the occurrences of a series there lose their places by what is written.
    func reschedulesSeries(_ outgoing: OutgoingItem) -> Bool {
        hasOccurrences(outgoing) && outgoing.decision.pushed.contains(.schedule)
    }

    /// Whether an occurrence of what is written there can have a record of its own.
    private func hasOccurrences(_ outgoing: OutgoingItem) -> Bool {
        bridge.fields.overrides != .none && outgoing.item.remote?.object.isSeries == true
    }
}

extension WorkItem {
    /// Whether it deletes the event upstream.
    fileprivate var isDeletion: Bool { decision.action == .deleteRemote }
}

extension CalendarObject {
    /// Whether it repeats, or is known by some of its occurrences only.
    var isSeries: Bool {
        guard let master else { return true }
        return master.first("RRULE") != nil || master.first("RDATE") != nil
    }
}

/// An upstream of which something may be unknown until it is listed: no pass has ended yet, or not with this mapping.
///
/// What was agreed may be edited there nevertheless: a record that is not as it was refuses the write. What our calendar had
/// before may be there, too, under its UID or another: that is for the whole comparison. Only what was made since is new for
/// certain here; whether somebody made it there, under an earlier link or by another gateway, the bridge asks for that one.
struct UnknownUpstream: Sendable {
    /// The UIDs our calendar had when it began to be listed.
    let uids: Set<String>

    /// Whether the records of an item still say what is known of them.
    fileprivate func isReadAsBefore(_ item: SnapshotItem, by bridge: any Bridge) -> Bool {
        guard let remote = item.remote else { return true }
        guard case .object(let object) = Translation(of: item.records, by: bridge),
            let named = try? object.with(uid: item.uid)
        else { return false }
        return ETag.of(named.text).rawValue == remote.digest
    }
}
