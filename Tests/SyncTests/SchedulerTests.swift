import Bridging
import ICalendar
import Store
import SyncTestSupport
import Testing

@testable import Sync

@Suite("The scheduler", .timeLimit(.minutes(15)))
struct SchedulerTests {
    /// Runs a scheduler over the bench while `body` does its part.
    private func running(
        _ bench: Workbench,
        _ configuration: SyncConfiguration = SyncConfiguration(pollSeconds: ["scripted": 60]),
        channelExpiry: Instant = Instant(seconds: 0),
        others: [LinkID: ScriptedUpstream] = [:],
        _ body: (SyncScheduler, (Int64) -> Void) async throws -> Void
    ) async throws {
        let alarm = alarm(bench.time)
        let upstream = bench.upstream
        let scheduler = SyncScheduler(
            links: bench.links,
            makeBridge: { link in
                var bridge = ScriptedBridge(upstream: others[link.id] ?? upstream)
                bridge.channelExpiry = channelExpiry
                return bridge
            },
            configuration: configuration,
            clock: SyncClock(now: { bench.time.now }, sleep: { try await alarm.sleep($0) }, random: { 0 })
        )
        let task = Task { try await scheduler.run() }
        try await body(scheduler) { alarm.advance($0) }
        task.cancel()
        _ = await task.result
    }

    private func alarm(_ time: TestTime) -> Alarm { Alarm(now: { time.now }, move: { time.advance($0) }) }

    /// Waits for something that passes do: it is looked at again whenever the scheduler tells of anything.
    private func eventually(_ scheduler: SyncScheduler, _ claim: () async throws -> Bool) async throws {
        let updates = await scheduler.updates()
        if try await claim() { return }
        var told = updates.makeAsyncIterator()
        while await told.next() != nil {
            if try await claim() { return }
        }
        Issue.record("it never happened")
    }

    @Test func `a client's write goes upstream at once`() async throws {
        let bench = try await Workbench()
        try await running(bench) { scheduler, _ in
            try await eventually(scheduler) { await bench.upstream.pulls == 1 }
            try await bench.put(event("e", "SUMMARY:E"))
            try await eventually(scheduler) { await bench.upstream.live.count == 1 }
        }
    }

    @Test func `edits that go first cost a listing each at most, and an hour after them writes nothing`() async throws {
        let bench = try await Workbench()
        try await running(bench) { scheduler, advance in
            for uid in ["e", "f"] { try await bench.put(event(uid, "SUMMARY:One")) }
            try await eventually(scheduler) {
                let status = try await bench.status()
                return status.pending == 0 && status.events == 2
            }
            await bench.upstream.interruptNextPull {
                do {
                    try await bench.edit("e", "One", "Two")
                    try await bench.delete("f")
                    await bench.upstream.untilPerformed(4)
                } catch {
                    Issue.record(error)
                }
            }
            for _ in 0..<61 {
                advance(60)
                try await eventually(scheduler) { try await bench.status().nextSyncAt == bench.time.now + 60 }
            }
            // The start, four edits, and the polls; some of them are one.
            #expect(await bench.upstream.pulls <= 1 + 4 + 61)
            #expect(await bench.upstream.performed.count == 4)
            #expect(try await bench.status().pending == 0)
            // Two events were made and two edited: no pass after that did anything.
            #expect(try await bench.links.runs(of: bench.owner).count <= 4)
        }
    }

    @Test func `a link looks again when its poll is due`() async throws {
        let bench = try await Workbench()
        try await running(bench) { scheduler, advance in
            try await eventually(scheduler) { try await bench.status().nextSyncAt == bench.time.now + 60 }
            await bench.upstream.put("a", event("a", "SUMMARY:A"))
            advance(61)
            try await eventually(scheduler) { try await bench.uids() == ["a"] }
        }
    }

    @Test func `an event of one link is carried on by the others`() async throws {
        let bench = try await Workbench()
        let second = try await bench.secondLink()
        let other = ScriptedUpstream(at: bench.time.now)
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        try await running(bench, others: [second.id: other]) { scheduler, _ in
            try await eventually(scheduler) { await other.live.count == 1 }
        }
        #expect(await bench.upstream.performed.isEmpty)
    }

    @Test func `requests in a burst are one run, and each run ends`() async throws {
        let bench = try await Workbench()
        try await running(bench) { scheduler, _ in
            try await eventually(scheduler) { try await bench.status().nextSyncAt != nil }
            let first = try #require(try await scheduler.syncNow(bench.link.id))
            try await eventually(scheduler) { try await bench.links.run(first)?.row.outcome == .done }
            let second = try #require(try await scheduler.syncNow(bench.link.id))
            #expect(second != first)
            try await eventually(scheduler) { try await bench.links.run(second)?.row.outcome == .done }
        }
    }

    @Test func `a throttled link waits as long as it was told, whoever hurries it`() async throws {
        let bench = try await Workbench()
        await bench.upstream.setScript { _ in .refuse(.throttled(retryAfter: 120)) }
        try await running(bench) { scheduler, advance in
            try await eventually(scheduler) { try await bench.status().state == .waiting }
            #expect(try await bench.status().nextSyncAt == bench.time.now + 120)
            #expect(try await bench.status().lastError?.code == "rate_limited")
            let pulls = await bench.upstream.pulls
            await bench.upstream.setScript(nil)
            _ = try await scheduler.syncNow(bench.link.id)
            for _ in 0..<200 { await Task.yield() }
            #expect(await bench.upstream.pulls == pulls)
            advance(121)
            try await eventually(scheduler) { try await bench.status().state == .idle }
            #expect(try await bench.status().lastError == nil)
        }
    }

    @Test func `a dead grant waits for the person`() async throws {
        let bench = try await Workbench()
        await bench.upstream.setScript { _ in .refuse(.authorizationRevoked("The grant was withdrawn.")) }
        try await running(bench) { scheduler, advance in
            try await eventually(scheduler) { try await bench.status().state == .error }
            #expect(try await bench.status().lastError?.code == "reconnect_required")
            #expect(try await bench.status().nextSyncAt == nil)
            let pulls = await bench.upstream.pulls
            try await bench.put(event("e", "SUMMARY:E"))
            advance(100_000)
            for _ in 0..<200 { await Task.yield() }
            #expect(await bench.upstream.pulls == pulls)
            await bench.upstream.setScript(nil)
            try await scheduler.connectionMended(bench.link.connection)
            try await eventually(scheduler) { await bench.upstream.live.count == 1 }
        }
    }

    @Test func `what goes wrong is told once with its remedy, and again when it comes back`() async throws {
        let bench = try await Workbench()
        let upstream = bench.upstream
        let scheduler = SyncScheduler(
            links: bench.links,
            makeBridge: { _ in ScriptedBridge(upstream: upstream) },
            configuration: SyncConfiguration(),
            clock: bench.clock
        )
        let updates = await scheduler.updates()
        func pass(_ script: (@Sendable (UpstreamCall) -> Fault?)?) async throws {
            await bench.upstream.setScript(script)
            try await scheduler.passOnce(bench.link.id)
            bench.time.advance(100_000)
        }
        for _ in 1...3 { try await pass { _ in .refuse(.unreachable("No answer.")) } }
        try await pass { _ in .refuse(.throttled(retryAfter: 1)) }
        for _ in 1...2 { try await pass { _ in .refuse(.authorizationRevoked("The grant was withdrawn.")) } }
        try await pass(nil)
        try await bench.put(event("e", "SUMMARY:E"))
        for _ in 1...2 {
            try await pass { call in
                call.isWrite ? .refuse(.refused(Refusal(.item, code: "no", message: "Not this one."))) : nil
            }
        }
        try await pass(nil)
        try await pass { _ in .refuse(.authorizationRevoked("The grant was withdrawn.")) }
        // The last thing that is told ends the reading.
        await scheduler.emit(SyncUpdate(principal: bench.owner, link: bench.link.id, kind: .event))
        var told: [LinkProblem] = []
        for await update in updates {
            if case .toast(let problem) = update.kind { told.append(problem) }
            if update.kind == .event { break }
        }
        let codes = ["upstream_unreachable", "reconnect_required", "no", "reconnect_required"]
        #expect(told.map(\.code) == codes)
        let name = bench.link.upstreamName
        #expect(told.allSatisfy { $0.message.hasPrefix(name + ": ") && !$0.remedy.isEmpty }, "\(told)")
    }

    @Test func `an outage is waited out longer each time, and sync now tries at once`() async throws {
        let bench = try await Workbench()
        await bench.upstream.setScript { _ in .refuse(.unreachable("No answer.")) }
        try await running(bench) { scheduler, advance in
            for wait in [30, 60, 120] as [Int64] {
                try await eventually(scheduler) { try await bench.status().nextSyncAt == bench.time.now + wait }
                advance(wait)
            }
            try await eventually(scheduler) { try await bench.status().nextSyncAt == bench.time.now + 240 }
            await bench.upstream.setScript(nil)
            _ = try await scheduler.syncNow(bench.link.id)
            try await eventually(scheduler) { try await bench.status().state == .idle }
        }
    }

    @Test func `a paused link does nothing until it is resumed`() async throws {
        let bench = try await Workbench()
        try await running(bench) { scheduler, _ in
            try await eventually(scheduler) { try await bench.status().nextSyncAt != nil }
            _ = try await scheduler.pause(bench.link.id)
            #expect(try await scheduler.syncNow(bench.link.id) == nil)
            try await bench.put(event("e", "SUMMARY:E"))
            for _ in 0..<200 { await Task.yield() }
            #expect(await bench.upstream.live.isEmpty)
            _ = try await scheduler.resume(bench.link.id)
            try await eventually(scheduler) { await bench.upstream.live.count == 1 }
        }
    }

    @Test func `a channel is opened, rings, and lengthens the polls`() async throws {
        let bench = try await Workbench()
        let configuration = SyncConfiguration(
            pollSeconds: ["scripted": 60],
            webhookAddresses: ["scripted": "https://gateway.example/hook"]
        )
        try await running(bench, configuration, channelExpiry: bench.time.now + 604_800) { scheduler, _ in
            try await eventually(scheduler) { try await bench.status().nextSyncAt == bench.time.now + 900 }
            let request = try #require(await bench.upstream.channels.values.first)
            #expect(try await scheduler.channelRang("nobody", token: "", state: "exists") == .unknownChannel)
            #expect(try await scheduler.channelRang(request.id, token: "no", state: "exists") == .wrongToken)
            #expect(try await scheduler.channelRang(request.id, token: request.token, state: "sync") == .ignored)
            let other = try await scheduler.channelRang(
                request.id,
                token: request.token,
                state: "exists",
                resource: "another"
            )
            #expect(other == .unknownChannel)
            await bench.upstream.put("a", event("a", "SUMMARY:A"))
            #expect(try await scheduler.channelRang(request.id, token: request.token, state: "exists") == .woken)
            try await eventually(scheduler) { try await bench.uids() == ["a"] }
        }
    }
}
