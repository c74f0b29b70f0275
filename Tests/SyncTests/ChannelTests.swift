import Bridging
import ICalendar
import Store
import Testing

@testable import Sync

@Suite("Notification channels")
struct ChannelTests {
    private static let week: Int64 = 604_800
    private static let day: Int64 = 86_400

    /// Runs one pass of the bench's link with channels that live a week from now.
    private func pass(_ bench: Workbench, calling address: String? = "https://gateway.example/hook") async throws {
        var bridge = ScriptedBridge(upstream: bench.upstream)
        bridge.channelExpiry = bench.time.now + Self.week
        let configuration = SyncConfiguration(
            pollSeconds: ["scripted": 60],
            webhookAddresses: address.map { ["scripted": $0] } ?? [:]
        )
        _ = try await bench.scheduler(bridge, configuration).passOnce(bench.link.id)
    }

    @Test func `a channel is renewed a day before it ends, and the old one is closed`() async throws {
        let bench = try await Workbench()
        try await pass(bench)
        let first = try #require(await bench.upstream.channels.keys.first)
        bench.time.advance(Self.week - Self.day - 60)
        try await pass(bench)
        #expect(Array(await bench.upstream.channels.keys) == [first])
        bench.time.advance(120)
        try await pass(bench)
        let second = try #require(await bench.upstream.channels.keys.first)
        #expect(await bench.upstream.channels.count == 1 && second != first)
        #expect(try await bench.status().channelExpiresAt == bench.time.now + Self.week)
    }

    @Test func `a refused channel is told, polled around, and tried again later each time`() async throws {
        let bench = try await Workbench()
        let refusal = Refusal(.calendar, code: "pushNotSupportedForRequestedResource", message: "No push here.")
        await bench.upstream.refuseChannels(.refused(refusal))
        try await pass(bench)
        #expect(try await bench.status().channelProblem == "No push here.")
        #expect(try await bench.status().lastError == nil)
        #expect(try await bench.status().nextSyncAt == bench.time.now + 60)
        let trail = try await bench.calendars.auditTrail(of: bench.owner)
        #expect(trail.first?.action == .channelFailed && trail.first?.detail == "No push here.")
        for (wait, failures) in [(299, 1), (1, 2), (599, 2), (1, 3)] as [(Int64, Int)] {
            bench.time.advance(wait)
            try await pass(bench)
            let trail = try await bench.calendars.auditTrail(of: bench.owner)
            #expect(trail.count { $0.action == .channelFailed } == failures)
        }
        await bench.upstream.refuseChannels(nil)
        bench.time.advance(Self.day)
        try await pass(bench)
        #expect(try await bench.status().channelProblem == nil)
        #expect(await bench.upstream.channels.count == 1)
    }

    @Test func `a channel that died with its grant is opened anew once the connection is mended`() async throws {
        let bench = try await Workbench()
        try await pass(bench)
        let first = try #require(await bench.upstream.channels.keys.first)
        await bench.upstream.loseChannels()
        try await bench.scheduler().connectionMended(bench.link.connection)
        bench.time.advance(60)
        try await pass(bench)
        let channels = await bench.upstream.channels
        #expect(channels.count == 1 && channels[first] == nil)
        #expect(try await bench.links.channel(first) == nil)
        try await pass(bench)
        #expect(await bench.upstream.channels == channels)
    }

    @Test func `a channel refused before the connection was mended is tried again at once`() async throws {
        let bench = try await Workbench()
        await bench.upstream.refuseChannels(.authorizationRevoked("It is over."))
        try await pass(bench)
        await bench.upstream.refuseChannels(nil)
        try await bench.scheduler().connectionMended(bench.link.connection)
        try await pass(bench)
        #expect(await bench.upstream.channels.count == 1)
        #expect(try await bench.status().channelProblem == nil)
    }

    @Test func `an old channel that cannot be closed is let go without a word`() async throws {
        let bench = try await Workbench()
        try await pass(bench)
        let first = try #require(await bench.upstream.channels.keys.first)
        await bench.upstream.refuseClosing(.unreachable("Nobody there."))
        bench.time.advance(Self.week - 60)
        try await pass(bench)
        #expect(await bench.upstream.channels.count == 2)
        #expect(try await bench.status().channelProblem == nil)
        #expect(try await bench.status().channelExpiresAt == bench.time.now + Self.week)
        #expect(try await bench.links.channel(first) == nil)
    }

    @Test func `a channel that a process died over is opened by the next one`() async throws {
        let bench = try await Workbench()
        let expected = NotificationChannel(id: "lost", resource: "", expiry: bench.time.now + 3600)
        let stored = StoredChannel(link: bench.link.id, channel: expected, tokenDigest: "", openedAt: bench.time.now)
        try await bench.links.save(stored)
        try await pass(bench)
        #expect(await bench.upstream.channels.count == 1)
        #expect(try await bench.links.channels(of: bench.link.id).map(\.channel.id) != ["lost"])
        #expect(try await bench.links.channels(of: bench.link.id).count == 1)
    }

    @Test func `calls that come again, or late, or of a channel that is closed change nothing`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("a", "SUMMARY:A"))
        try await pass(bench)
        let channel = try #require(await bench.upstream.channels.values.first)
        let scheduler = bench.scheduler()
        for _ in 0..<3 {
            #expect(try await scheduler.channelRang(channel.id, token: channel.token, state: "exists") == .woken)
            try await pass(bench)
        }
        bench.time.advance(2 * Self.week)
        #expect(try await scheduler.channelRang(channel.id, token: channel.token, state: "exists") == .woken)
        try await pass(bench)
        #expect(try await scheduler.channelRang(channel.id, token: channel.token, state: "exists") == .unknownChannel)
        #expect(try await bench.links.runs(of: bench.owner).count == 1)
        #expect(await bench.upstream.performed.isEmpty)
        let stored = try #require(try await bench.calendars.object(uid: "a", in: bench.calendar))
        #expect(try await bench.calendars.versions(of: stored.id).count == 1)
    }

    @Test(arguments: [(0, 60), (0.5, 53), (0.99, 46)] as [(Double, Int64)])
    func `polls are spread over a quarter of their interval, and none comes late`(
        _ chance: Double,
        _ wait: Int64
    ) async throws {
        let bench = try await Workbench()
        let (upstream, time) = (bench.upstream, bench.time)
        let scheduler = SyncScheduler(
            links: bench.links,
            makeBridge: { _ in ScriptedBridge(upstream: upstream) },
            configuration: SyncConfiguration(pollSeconds: ["scripted": 60]),
            clock: SyncClock(now: { time.now }, sleep: { _ in }, random: { chance })
        )
        #expect(try await scheduler.passOnce(bench.link.id) == time.now + wait)
    }

    @Test func `deleting a link closes its channel`() async throws {
        let bench = try await Workbench()
        try await pass(bench)
        _ = try await bench.scheduler().delete(bench.link.id, purge: .nothing, by: Author(.client, name: "alice"))
        #expect(await bench.upstream.channels.isEmpty)
    }

    @Test func `a gateway that cannot be called any more closes its channel`() async throws {
        let bench = try await Workbench()
        try await pass(bench)
        try await pass(bench, calling: nil)
        #expect(await bench.upstream.channels.isEmpty)
        #expect(try await bench.links.channels(of: bench.link.id).isEmpty)
        #expect(try await bench.status().nextSyncAt == bench.time.now + 60)
    }

    @Test func `a gateway with another address is called there from the next pass on`() async throws {
        let bench = try await Workbench()
        try await pass(bench)
        try await pass(bench, calling: "https://other.example/hook")
        #expect(await bench.upstream.channels.values.map(\.address) == ["https://other.example/hook"])
        try await pass(bench, calling: "https://other.example/hook")
        #expect(await bench.upstream.channels.count == 1)
    }

    @Test func `every channel that is closed leaves a line that says why, and who did it`() async throws {
        let bench = try await Workbench()
        try await pass(bench)
        bench.time.advance(Self.week - 60)
        try await pass(bench)
        try await bench.scheduler().connectionMended(bench.link.connection)
        try await pass(bench)
        try await pass(bench, calling: nil)
        try await pass(bench)
        let expected = NotificationChannel(id: "lost", resource: "", expiry: bench.time.now + 3600)
        let lost = StoredChannel(link: bench.link.id, channel: expected, tokenDigest: "", openedAt: bench.time.now)
        try await bench.links.save(lost)
        _ = try await bench.scheduler().delete(bench.link.id, purge: .nothing, by: Author(.client, name: "carol"))
        let trail = try await bench.calendars.auditTrail(of: bench.owner)
        let closed = trail.filter { $0.action == .channelClosed }
        let reasons = [
            "The link was removed.", "The gateway cannot be called any more.", "Its grant was replaced.",
            "Another one is open in its place.",
        ]
        #expect(closed.map(\.detail) == reasons)
        #expect(closed.map(\.actor) == ["carol", "gateway", "gateway", "gateway"])
        #expect(trail.count { $0.action == .channelOpened } == closed.count)
    }
}
