import Bridging
public import ICalendar
import Store

/// Why a pass runs, as far as it matters to it.
struct PassReason: Sendable {
    /// The line of a pass that somebody asked for.
    var run: RunID?
    /// Whether an upstream hinted at deletions that only a full listing shows.
    var sweeps = false
    /// Records that an upstream called about.
    var named: Set<String> = []
    /// Whether somebody's edit is to go upstream first.
    var isEdited = false
}

extension SyncScheduler {
    /// Runs exactly one pass of a link, whether or not ``run()`` does; for the command line.
    ///
    /// - Returns: when the next one is due; the link's status tells how it went.
    @discardableResult
    public func passOnce(_ id: LinkID) async throws -> Instant? {
        guard let readiness = try await links.readiness(of: id) else { return nil }
        try await links.tryAnew(id)
        return try await pass(readiness, PassReason())
    }

    /// Runs one pass and writes down how the link stands after it; answers when the next one is due.
    func pass(_ readiness: LinkStore.Readiness, _ reason: PassReason) async throws -> Instant? {
        let link = readiness.link
        let begun = clock.now()
        guard claim(link.id) else { return clock.now() + 1 }
        setRunning(SyncProgress(done: 0, total: 0), link)
        defer {
            release(link.id)
            setRunning(nil, link)
        }
        do {
            let made = try await makeBridge(link)
            // Somebody asked for it: then deletions that only a full listing shows are looked for too.
            let isFull = reason.run != nil || reason.sweeps
            let bridge = isFull ? (made as? any SweepingBridge)?.sweeping() ?? made : made
            if let named = bridge as? any RecallingBridge { await named.called(about: reason.named) }
            let bell = EditBell()
            if reason.isEdited { bell.ring() }
            bells[link.id] = bell
            defer { bells[link.id] = nil }
            let report = try await carryOut(link, bridge, reason.run, bell)
            if let complaint = configuration.complaint(bridge) {
                try await links.setComplaint(LinkProblem(complaint), of: link.id)
            }
            tell(report, of: link)
            await keepChannel(of: link, bridge)
            return try await next(after: report, begun: begun, of: link)
        } catch {
            if Task.isCancelled { throw error }
            if let run = reason.run { try await links.end(run, .failed, PassCounts(), LinkProblem(error), []) }
            // Nobody is to wait longer because somebody did not want to wait.
            let isEarly = readiness.wait(isInsistent: false, at: begun) != nil
            var step = step(after: error, readiness)
            if isEarly { step = step.noLater(than: readiness.nextSyncAt, at: clock.now()) }
            complain(step.problem, of: link)
            return try await links.fail(link.id, step, isCounted: !isEarly)
        }
    }

    private func carryOut(
        _ link: Link,
        _ bridge: any Bridge,
        _ run: RunID?,
        _ bell: EditBell
    ) async throws -> PassReport {
        let (steps, continuation) = AsyncStream<SyncProgress>.makeStream(bufferingPolicy: .bufferingNewest(1))
        async let following: Void = follow(steps, link)
        defer { continuation.finish() }
        var pass = SyncPass(
            of: link,
            over: bridge,
            state: links,
            configuration: configuration,
            clock: clock,
            run: run,
            progress: { continuation.yield($0) }
        )
        pass.edits = bell
        let report: PassReport
        do {
            report = try await pass.run()
        } catch {
            continuation.finish()
            await following
            throw error
        }
        continuation.finish()
        await following
        return report
    }

    private func follow(_ steps: AsyncStream<SyncProgress>, _ link: Link) async {
        for await step in steps { setRunning(step, link) }
    }

    /// How often a link looks whether its calendar has come back; who restores it wakes the link at once.
    private static let trashSeconds: Int64 = 3600

    private func step(after error: any Error, _ readiness: LinkStore.Readiness) -> NextStep {
        let attempt = readiness.failures + 1
        if let error = error as? BridgeError { return nextStep(after: error, attempt: attempt, random: clock.random()) }
        // Out of the trash again, the calendar is found; taken by the purge, it takes the link with it.
        if error is PassFailure { return .wait(seconds: Self.trashSeconds, isBinding: false, LinkProblem(error)) }
        if error is LinkFiltersError { return .stop(LinkProblem(error)) }
        return .wait(seconds: Outage.seconds(attempt, clock.random()), isBinding: false, LinkProblem(error))
    }

    private func tell(_ report: PassReport, of link: Link) {
        complain(report, of: link)
        for correction in report.corrections {
            let message = "\(link.upstreamName): \(correction.message)"
            let told = LinkProblem(code: "corrected", message: message, remedy: correction.remedy)
            emit(SyncUpdate(principal: link.principal, link: link.id, kind: .toast(told)))
        }
        guard let run = report.run else { return }
        emit(SyncUpdate(principal: link.principal, link: link.id, kind: .run(run)))
    }

    /// Tells of what a pass could not carry over; a clean one forgets what was told.
    private func complain(_ report: PassReport, of link: Link) {
        if report.isHeld {
            return complain(.heldDeletions(report.counts.held), of: link)
        }
        let problems = report.outcomes.sorted { $0.key < $1.key }.compactMap { _, outcome -> LinkProblem? in
            if case .failed(let problem) = outcome { problem } else { nil }
        }
        if let first = problems.first {
            let others = problems.count == 1 ? "" : " (and \(problems.count - 1) more)"
            complain(LinkProblem(code: first.code, message: first.message + others, remedy: first.remedy), of: link)
        } else if !report.outcomes.values.contains(.notDue) {
            complain(nil, of: link)
        }
    }

    /// Shows a person what went wrong and what to do, once for as long as it stays the same.
    private func complain(_ problem: LinkProblem?, of link: Link) {
        guard complaints[link.id] != problem else { return }
        complaints[link.id] = problem
        // A provider that asks for patience is nobody's failure.
        guard var told = problem, told.code != "rate_limited" else { return }
        told.message = "\(link.upstreamName): \(told.message)"
        emit(SyncUpdate(principal: link.principal, link: link.id, kind: .toast(told)))
    }

    /// The next poll, the next due retry, the end of a pause of writes, or at once.
    ///
    /// What was due as the pass began and still waits, waits for something else than time.
    private func next(after report: PassReport, begun: Instant, of link: Link) async throws -> Instant {
        let now = clock.now()
        let hasChannel = try await links.channels(of: link.id).contains { $0.isOpen && $0.channel.expiry > now }
        let usual = configuration.pollSeconds[link.provider] ?? SyncConfiguration.defaultPollSeconds
        let seconds = hasChannel ? max(usual, configuration.pollSecondsWithChannel) : usual
        // Up to a quarter sooner by chance, so that links do not all come at once.
        let early = Int64(Double(seconds) / 4 * clock.random())
        var next = now + max(Int64(seconds) - early, 1)
        if let retry = try await links.nextDue(of: link.id, after: begun) { next = min(next, max(retry, now)) }
        if report.wantsAnother { next = now }
        try await links.setNext(next, of: link.id)
        return next
    }
}
