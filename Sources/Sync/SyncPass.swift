public import Bridging
import ICalendar
import Reconcile
import Store

/// One pass of one link: pull, mirror, decide, carry out.
///
/// It can be killed anywhere and repeated: what was pulled is stored before anything is decided, and an agreement is
/// written only after the write it records.
public struct SyncPass: Sendable {
    var link: Link
    let bridge: any Bridge
    let state: LinkStore
    let configuration: SyncConfiguration
    let clock: SyncClock
    let progress: @Sendable (SyncProgress) -> Void

    /// The pass as it is written down; nil until it does something worth a line.
    var run: RunID?
    var items: [RunEntry] = []

    /// Lines of the audit trail that do not say yet what was answered.
    var audit: [AuditEntry] = []

    /// Lines of writes that an earlier process began and of which it noted no answer, by item.
    var unanswered: [String: [AuditEntry]] = [:]
    var report = PassReport()

    /// Writes in a row that got no answer.
    var silences = 0

    /// What the upstream lets nobody do at all, creations (`true`) and other writes: it is not asked again in this pass.
    var forbidden: [Bool: Refusal] = [:]

    /// Of items whose writes the upstream took in part, the events before the first of them.
    var halfWritten: [String: String] = [:]

    /// Series that were written upstream.
    var written: Set<String> = []

    /// How many writes of upkeep this pass may still make.
    var upkeepLeft = Self.upkeepAtOnce

    /// What waits for another try of its upkeep, by series; of that, what was tried, and what failed in this pass.
    var upkeepWaits: [String: WaitingUpkeep] = [:]
    var upkeepAttempts: Set<String> = []
    var upkeepFailures: Set<String> = []

    var meter: ProgressMeter

    /// Why what is being written upstream undoes what a person wrote there; nil where it does not.
    var correction: Correction?

    /// What there was before this pass made the link's first listing; nil in every other pass.
    var firstPlace: FirstPlace?

    /// Whether nothing was listed for this link yet.
    var isFirst = false

    /// Before then the upstream takes no writes: what is to be written waits, and reading goes on.
    var writesNotBefore: Instant?

    /// Whether something is to be written that waits for that.
    var isWriteLeft = false

    // MARK: Edits meanwhile

    /// Rings when somebody edits the calendar.
    var edits = EditBell()

    /// The revision of our calendar up to which edits were looked at; nil while the link is not known well enough.
    var editsSeen: Int64?

    /// Items that were carried out as edits since the pass decided on everything: what it decided on them is no longer so.
    var edited: Set<String> = []

    /// How many of those were deletions upstream.
    var editedDeletions = 0

    /// Series whose events were carried out as edits, and of which what else is shown was not looked at since.
    var editedSeries: Set<String> = []

    /// Items whose change was begun in this pass: where it was not answered, a later listing tells what became of it.
    var intended: Set<String> = []

    /// Series that were read again for an edit: they have changed, whatever the listing tells.
    var reread: Set<String> = []

    /// Whether the upstream is being listed, and what was written to it meanwhile.
    var isListing = false
    var writtenMeanwhile = WrittenMeanwhile()

    /// While an upstream is listed of which something may be unknown: what our calendar had when that began.
    var unknown: UnknownUpstream?

    /// Prepares a pass.
    ///
    /// `run` is the run that was asked for, if one was; `progress` is told of every item that is done.
    public init(
        of link: Link,
        over bridge: any Bridge,
        state: LinkStore,
        configuration: SyncConfiguration,
        clock: SyncClock,
        run: RunID? = nil,
        progress: @escaping @Sendable (SyncProgress) -> Void = { _ in }
    ) {
        self.link = link
        self.bridge = bridge
        self.state = state
        self.configuration = configuration
        self.clock = clock
        self.run = run
        self.progress = progress
        meter = ProgressMeter(secondsPerWrite: configuration.pace(of: link.provider))
    }

    /// Runs the pass.
    ///
    /// - Throws: `BridgeError` for what concerns the whole link; what concerns one item is in the report.
    public mutating func run() async throws -> PassReport {
        if let run { try await state.begin(run) }
        do {
            try await carryOutAll()
        } catch {
            // What it wrote or saw of series, their occurrences do not show yet.
            (bridge as? any UpkeepBridge)?.noteUpkeep(isDone: false)
            try await state.conclude(takeAudit())
            try await finishRun(error)
            throw error
        }
        try await state.conclude(takeAudit())
        try await finishRun(nil)
        return report
    }

    /// Does what the pass is for, without the line that tells of it.
    mutating func carryOutAll() async throws {
        let place = try await state.place(of: link)
        guard let place, place.revision != nil else { throw PassFailure.calendarMissing }
        writesNotBefore = place.writesNotBefore
        unanswered = try await state.unanswered(over: link)
        isFirst = place.cursor == nil && !place.hasSynced
        let pulled = try await pull(from: place)
        try await followAccess()
        let kept = writtenMeanwhile.series
        let changed = try await state.mirror(
            pulled,
            keeping: kept,
            translatedBy: bridge,
            toBeMended: isMending,
            of: link.id
        )
        let touched = changed.union(reread)
        let unmended = isMending ? try await state.seriesToBeMended(of: link) : []

        // Only now: the pull learns which columns the upstream still has.
        let fields = bridge.fields
        let mark = try mark(of: fields)
        let isUpkeepDue = (bridge as? any UpkeepBridge).map { $0.isUpkeepDue || !edited.isEmpty } ?? false
        guard place.needsLook(at: mark) || !touched.isEmpty || !unmended.isEmpty || isUpkeepDue else {
            try await giveUpUnanswered()
            return try await state.finish(link, Finish(of: place, revision: place.revision, mark: mark, pending: 0))
        }
        var snapshot = try await look(at: scope(from: place, at: mark, touched))
        // What was edited and carried out so far is in it.
        (editsSeen, edited) = (snapshot.revision, [])
        try await quarantine(snapshot)
        try await settleUnanswered(in: &snapshot)
        let waiting = Set(snapshot.items.filter { $0.value.retry != nil }.keys)
        let decisions = sparingWhatWeDeleted(try decide(on: &snapshot), of: snapshot)
        let stranded = try stranded(in: snapshot, from: place, besides: decisions)
        let allowed = try await refuseMassDeletion(decisions, of: snapshot)

        if !place.hasSynced {
            let pace = configuration.pace(of: link.provider)
            meter = ProgressMeter(before: snapshot.agreedCount, secondsPerWrite: pace)
        }
        let waits = try await readUpkeepWaits()
        let mended = isMending ? touched.union(unmended).union(waits) : []
        meter.expectWrites(mended.count)
        try await carryOut(allowed, of: snapshot)
        let settled = snapshot.items.filter { decisions[$0.key] == nil && stranded[$0.key] == nil }
        try await state.refresh(settled, of: link)
        try await state.endWaits(of: waiting.subtracting(decisions.keys).subtracting(stranded.keys), over: link)
        try await strand(stranded, of: snapshot)
        if mayWrite {
            try await mend(mended)
            try await upkeep(touched, snapshot, decisions)
        }
        try await settleUpkeepWaits()
        try await giveUpUnanswered()
        var finish = Finish(of: place, revision: snapshot.revision, mark: mark, pending: report.unsettled)
        finish.isSynced = !report.wantsAnother && !isWriteLeft
        if isWriteLeft { finish.problem = .writesPaused(isTold: place.isPauseTold) }
        try await state.finish(link, finish)
    }

    /// What must be looked at, after these series changed; what a first listing brought is in step with it.
    private func scope(from place: LinkPlace, at mark: String, _ touched: Set<String>) -> SnapshotScope {
        guard let firstPlace else { return place.scope(at: mark, touched) }
        return firstPlace.uids.isEmpty ? .recent(since: firstPlace.revision, series: touched) : .unsettled
    }

    /// Takes over what the upstream says the account may do with the calendar, before anything is written there.
    private mutating func followAccess() async throws {
        guard let access = (bridge as? any AccessTellingBridge)?.access, access != link.access else { return }
        link.direction = try await state.setAccess(access, of: link)
        link.access = access
    }

    /// Tells the bridge which records are thought to be there, where it must be told.
    func recall() async throws {
        if let bridge = bridge as? any RecallingBridge { await bridge.recall(try await state.marks(of: link)) }
        if let bridge = bridge as? any UpkeepBridge, bridge.forgotOccurrences {
            await bridge.recall(occurrences: try await state.shownOccurrences(of: link))
        }
    }

    /// What the comparison depends on besides the items: when it changes, all are compared anew.
    func mark(of fields: FieldSet) throws -> String {
        let day = try link.readFilters().mark(at: clock.now())
        return "1;\(fields.mark);\(link.effectiveDirection.rawValue);\(link.policy.rawValue)"
            + (link.filters.map { ";\($0);\(day)" } ?? "") + (link.mapping.map { ";\(ETag.of($0).rawValue)" } ?? "")
    }
}

/// Why a pass could not begin, or a plan not be made.
public enum PassFailure: Error, Sendable, Hashable {
    /// Our calendar was deleted: nothing may be concluded from that, least of all deletions.
    case calendarMissing
}

extension Link {
    /// Which way changes travel: from a calendar one may only read they only come.
    public var effectiveDirection: LinkDirection { access == .reader ? .pull : direction }

    func rules(_ fields: FieldSet, _ configuration: SyncConfiguration) -> Rules {
        Rules(
            policy.rule,
            direction: effectiveDirection.rule,
            tick: configuration.tickSeconds[provider] ?? 1,
            pullOnly: Set(fields.readOnly.map(\.rawValue)),
            computed: Set(fields.computed.map(\.rawValue)),
            lasting: [Field.answer.rawValue]
        )
    }
}

extension ConflictPolicy {
    var rule: Reconcile.ConflictPolicy {
        switch self {
        case .newest: .newest
        case .upstream: .upstream
        case .gateway: .gateway
        case .ask: .ask
        }
    }
}

extension LinkDirection {
    var rule: Direction {
        switch self {
        case .both: .both
        case .pull: .pull
        case .push: .push
        }
    }
}

extension PassReport {
    /// Items that are not in step after the pass, or of which something else waits.
    var unsettled: Int {
        outcomes.count { item, outcome in
            switch outcome {
            case .done: news.contains(item)
            case .conflict, .again, .failed, .notDue, .held: true
            }
        }
    }
}
