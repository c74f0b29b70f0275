import ICalendar
public import Store

/// Runs the passes of all links: never two of one link at once, each as soon as there is a reason.
///
/// A client's write, a poll, a due retry, a notification and a person's "sync now" all end in a signal to the link; signals
/// that come while one waits are one.
public actor SyncScheduler {
    public nonisolated let links: LinkStore
    let makeBridge: BridgeMaker
    let configuration: SyncConfiguration
    let clock: SyncClock

    private var workers: [LinkID: Worker] = [:]
    private var newWorkers: AsyncStream<LinkID>.Continuation?
    private var watchers: [Int: AsyncStream<SyncUpdate>.Continuation] = [:]
    private var lastWatcher = 0

    /// Links one pass of which is running outside ``run()``.
    private var passing: Set<LinkID> = []

    /// Rings for edits, in the passes that are running.
    var bells: [LinkID: EditBell] = [:]

    /// What the scheduler knows of one link.
    private struct Worker {
        var signals: AsyncStream<Void>.Continuation
        var timer: Task<Void, Never>?
        /// When the timer signals.
        var due: Instant?
        /// Whether a person asked: then waiting and errors do not count.
        var isInsistent = false
        var requestedRun: RunID?
        /// Whether the next pass asks for everything, to find deletions that leave no other trace.
        var sweeps = false
        /// Records that an upstream called about.
        var named: Set<String> = []
        /// Whether somebody edited the calendar since the last pass began.
        var isEdited = false
        /// Whether an upstream called while a pass ran.
        var isCalled = false
        var calls = CallBudget()
    }

    /// How far running passes have come.
    private var running: [LinkID: SyncProgress] = [:]

    /// What the person was last told of a link: the same is not told twice.
    var complaints: [LinkID: LinkProblem] = [:]

    /// Prepares the passes; nothing happens before ``run()``.
    public init(
        links: LinkStore,
        makeBridge: @escaping BridgeMaker,
        configuration: SyncConfiguration,
        clock: SyncClock
    ) {
        self.links = links
        self.makeBridge = makeBridge
        self.configuration = configuration
        self.clock = clock
    }

    // MARK: Running

    /// Serves all links until the task is cancelled.
    public func run() async throws {
        let (names, continuation) = AsyncStream<LinkID>.makeStream()
        newWorkers = continuation
        defer { stop() }
        try await links.endInterruptedRuns()
        for link in try await links.allLinks() { signal(link.id) }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.followCommits() }
            group.addTask { await self.keepHouse() }
            for await link in names { group.addTask { await self.serve(link) } }
            group.cancelAll()
        }
    }

    private func stop() {
        newWorkers?.finish()
        newWorkers = nil
        for worker in workers.values {
            worker.timer?.cancel()
            worker.signals.finish()
        }
        workers = [:]
    }

    private func followCommits() async {
        for await commits in links.calendars.commits {
            guard !Task.isCancelled else { return }
            for commit in commits { await wakeLinks(of: commit) }
        }
    }

    /// A link's own writes are no news to it, but they are to every other link of the calendar.
    private func wakeLinks(of commit: Commit) async {
        do {
            let links = try await links.links(in: commit.calendar)
            for link in links where commit.author.kind != .link || commit.author.name != String(link.id.rawValue) {
                // What came over another link is nobody's edit just now: it may be thousands of events.
                if commit.author.kind != .link { noteEdit(link.id) }
                signal(link.id)
            }
            if let link = links.first {
                emit(SyncUpdate(principal: link.principal, link: link.id, kind: .event))
            }
        } catch {
            // The database could not be read: the next poll of every link finds the change all the same.
            return
        }
    }

    /// Runs one pass after the other as the link is signalled.
    private func serve(_ link: LinkID) async {
        let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        var worker = Worker(signals: continuation)
        worker.isInsistent = early[link]?.isInsistent ?? false
        worker.requestedRun = early.removeValue(forKey: link)?.run
        workers[link] = worker
        continuation.yield()
        for await _ in signals {
            guard !Task.isCancelled, await step(link) else { break }
        }
        workers[link]?.timer?.cancel()
        workers[link] = nil
    }

    /// What was asked of a link before its worker stood.
    private var early: [LinkID: (isInsistent: Bool, run: RunID?)] = [:]

    // MARK: Signals

    /// Asks for a pass of a link: at once, after the running one, or, while it must wait, when that is over.
    public func wake(_ link: LinkID) { signal(link) }

    /// Asks for a pass whatever the link waits for, and gives it a line of its own.
    ///
    /// A pass that runs now is followed by one more; of passes asked for in a burst there is one.
    ///
    /// - Returns: the run; nil when there is no such link, or it is paused or not started.
    public func syncNow(_ id: LinkID) async throws -> RunID? {
        guard let readiness = try await links.readiness(of: id) else { return nil }
        switch readiness.state {
        case .preview, .paused: return nil
        case .idle, .syncing, .waiting, .needsApproval, .error: break
        }
        try await links.tryAnew(id)
        if let run = workers[id]?.requestedRun ?? early[id]?.run {
            insist(id, run)
            return run
        }
        let run = try await links.newRun(of: readiness.link, .waiting)
        // Another request may have come first while this one was written down.
        let chosen = workers[id]?.requestedRun ?? early[id]?.run ?? run
        if chosen != run { try await links.end(run, .done, PassCounts(), nil, []) }
        insist(id, chosen)
        return chosen
    }

    func insist(_ link: LinkID, _ run: RunID?) {
        if workers[link] != nil {
            workers[link]?.isInsistent = true
            if let run { workers[link]?.requestedRun = run }
        } else if newWorkers != nil {
            early[link] = (true, run ?? early[link]?.run)
        }
        signal(link)
    }

    /// How long calls of an upstream are gathered: an import calls for every page, and queries lag behind writes.
    private static let gatheringSeconds: Int64 = 2

    /// An upstream hinted at a change: a pass soon, one for all hints of the next moments.
    ///
    /// With `mayHideDeletions` the pass looks for deletions that only a full listing shows, too.
    public func upstreamRang(_ link: LinkID, mayHideDeletions: Bool) {
        if mayHideDeletions { workers[link]?.sweeps = true }
        gather(link)
    }

    /// So many records are asked for one by one; where an upstream calls about more, a full listing takes less.
    private static let maximumNamed = 50

    /// An upstream called about one record: the next pass asks for it where nothing else tells of it.
    public func upstreamRang(_ link: LinkID, about record: String) {
        workers[link]?.named.insert(record)
        if workers[link]?.named.count ?? 0 > Self.maximumNamed { workers[link]?.sweeps = true }
        gather(link)
    }

    /// An upstream called about a change: a pass at once; where it calls without end, one for all calls of some moments.
    func upstreamCalled(_ link: LinkID) {
        if workers[link]?.calls.take(at: clock.now()) ?? true { signal(link) } else { gather(link) }
    }

    private func gather(_ link: LinkID) {
        guard let worker = workers[link] else { return }
        guard !passing.contains(link) else {
            // The running pass may have looked already, and sets the timer anew when it ends.
            workers[link]?.isCalled = true
            return
        }
        let soon = clock.now() + Self.gatheringSeconds
        if worker.due.map({ $0 > soon }) ?? true { setTimer(soon, of: link) }
    }

    /// Lets the running pass know of an edit, or else the next one.
    private func noteEdit(_ link: LinkID) {
        bells[link]?.ring()
        workers[link]?.isEdited = true
    }

    private func signal(_ link: LinkID) {
        if let worker = workers[link] {
            worker.signals.yield()
        } else if !starting.contains(link), let newWorkers {
            starting.insert(link)
            newWorkers.yield(link)
        }
    }

    /// Links whose worker is about to stand.
    private var starting: Set<LinkID> = []

    // MARK: One step

    /// Runs a pass if the link may run now, and sets the timer for the next; false when the link is gone.
    private func step(_ id: LinkID) async -> Bool {
        starting.remove(id)
        let isInsistent = workers[id]?.isInsistent ?? false
        workers[id]?.isInsistent = false
        do {
            guard let readiness = try await links.readiness(of: id) else { return false }
            if let wait = readiness.wait(isInsistent: isInsistent, at: clock.now()) {
                // What a person asked for is not forgotten while the upstream makes us wait.
                if isInsistent, wait.until != nil { workers[id]?.isInsistent = true }
                setTimer(wait.until, of: id)
                return true
            }
            let run = workers[id]?.requestedRun
            workers[id]?.requestedRun = nil
            let sweeps = workers[id]?.sweeps ?? false
            workers[id]?.sweeps = false
            let isEdited = workers[id]?.isEdited ?? false
            workers[id]?.isEdited = false
            let named = workers[id]?.named ?? []
            workers[id]?.named = []
            let reason = PassReason(run: run, sweeps: sweeps, named: named, isEdited: isEdited)
            workers[id]?.isCalled = false
            let next = try await pass(readiness, reason)
            let isCalled = workers[id]?.isCalled ?? false
            setTimer(next.map { isCalled ? min($0, clock.now() + Self.gatheringSeconds) : $0 }, of: id)
        } catch {
            // The database itself failed: nothing could be written down either, so the link comes back by the clock.
            setTimer(clock.now() + Outage.seconds(1, clock.random()), of: id)
        }
        return true
    }

    /// Replaces the timer of a link; a time that is past signals at once.
    private func setTimer(_ until: Instant?, of link: LinkID) {
        workers[link]?.timer?.cancel()
        workers[link]?.timer = nil
        workers[link]?.due = until
        guard let until, let signals = workers[link]?.signals else { return }
        guard until > clock.now() else {
            signals.yield()
            return
        }
        let clock = clock
        workers[link]?.timer = Task {
            do {
                try await clock.sleep(until)
                signals.yield()
            } catch {
                // Cancelled: a newer timer, or the end.
                return
            }
        }
    }

    // MARK: What others see

    /// Everything that changes, from now on; ends with its reader.
    public func updates() -> AsyncStream<SyncUpdate> {
        let (stream, continuation) = AsyncStream<SyncUpdate>.makeStream(
            bufferingPolicy: .bufferingNewest(Self.bufferedUpdates)
        )
        lastWatcher += 1
        let watcher = lastWatcher
        watchers[watcher] = continuation
        continuation.onTermination = { _ in Task { await self.unwatch(watcher) } }
        return stream
    }

    /// A dashboard that reads this slowly asks for the whole status anyway.
    private static let bufferedUpdates = 256

    private func unwatch(_ watcher: Int) { watchers[watcher] = nil }

    func emit(_ update: SyncUpdate) {
        for watcher in watchers.values { watcher.yield(update) }
    }

    func setRunning(_ progress: SyncProgress?, _ link: Link) {
        running[link.id] = progress
        emit(SyncUpdate(principal: link.principal, link: link.id, kind: .link))
    }

    /// How a link is doing, its running pass included.
    public func status(of id: LinkID) async throws -> LinkStatus? {
        try await links.status(of: id).map(withProgress)
    }

    /// How the links of a principal are doing, running passes included.
    public func statuses(of principal: PrincipalID) async throws -> [LinkStatus] {
        try await links.statuses(of: principal).map(withProgress)
    }

    /// How all links are doing, running passes included.
    public func allStatuses() async throws -> [LinkStatus] { try await links.allStatuses().map(withProgress) }

    private func withProgress(_ status: LinkStatus) -> LinkStatus {
        guard let progress = running[status.link.id] else { return status }
        var status = status
        // Who has paused it sees that at once; the item under way still ends.
        if status.state != .paused { status.state = .syncing }
        // Before anything was counted there is nothing to show.
        status.progress = progress.total > 0 ? progress : nil
        return status
    }

    /// Claims a link for one pass; false while another one runs.
    func claim(_ link: LinkID) -> Bool { passing.insert(link).inserted }

    /// Claims a link as soon as nobody else has it.
    func claimInTurn(_ link: LinkID) async throws {
        while !claim(link) { try await clock.sleep(clock.now() + 1) }
    }

    func release(_ link: LinkID) { passing.remove(link) }
}

extension LinkStore.Readiness {
    /// Why the link may not run now, and until when; nil when it may.
    func wait(isInsistent: Bool, at now: Instant) -> (until: Instant?, Void)? {
        switch state {
        case .preview, .paused:
            return (nil, ())
        case .error where !isInsistent:
            return (nil, ())
        case .waiting where !isInsistent:
            guard let nextSyncAt, nextSyncAt > now else { return nil }
            return (nextSyncAt, ())
        case .idle, .syncing, .waiting, .needsApproval, .error:
            guard let notBefore, notBefore > now else { return nil }
            return (notBefore, ())
        }
    }
}
