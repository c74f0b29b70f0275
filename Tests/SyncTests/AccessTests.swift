import Bridging
import ICalendar
import Store
import Sync
import Testing

@Suite("What an account may do upstream")
struct AccessTests {
    @Test func `a calendar that may only be read from now on is read-only here, until it may be written again`()
        async throws
    {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:One"))
        try await bench.pass()
        try await bench.edit("e", "SUMMARY:One", "SUMMARY:Two")
        var bridge = ScriptedBridge(upstream: bench.upstream)
        bridge.access = .reader
        _ = try await bench.scheduler(bridge).passOnce(bench.link.id)
        // Nothing is sent that would be refused.
        #expect(await bench.upstream.performed.count == 1)
        #expect(try await bench.links.queue(of: bench.owner).map(\.isFailed) == [true])
        #expect(try await bench.calendars.calendar(bench.calendar)?.isWriteProtected == true)
        let trail = try await bench.calendars.auditTrail(of: bench.owner)
        #expect(trail.first { $0.action == .linkChanged }?.detail == "access owner → reader")
        bridge.access = .writer
        _ = try await bench.scheduler(bridge).passOnce(bench.link.id)
        #expect(try await bench.calendars.calendar(bench.calendar)?.isWriteProtected == false)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Two") == true)
    }

    @Test func `what was here beside a calendar that might only be read goes there only once a person says so`()
        async throws
    {
        let bench = try await Workbench(access: .reader)
        try await bench.put(event("private", "SUMMARY:Dentist"))
        await bench.putUpstream("a", event("theirs", "SUMMARY:Team"))
        var bridge = ScriptedBridge(upstream: bench.upstream)
        bridge.access = .reader
        _ = try await bench.scheduler(bridge).passOnce(bench.link.id)
        bridge.access = .writer
        for title in ["Team A", "Team B"] {
            await bench.editUpstream("a", "SUMMARY:Team", "SUMMARY:\(title)")
            _ = try await bench.scheduler(bridge).passOnce(bench.link.id)
        }
        #expect(await bench.upstream.performed.isEmpty)
        #expect(try await bench.text("theirs")?.contains("SUMMARY:Team B A") == true)
        #expect(try await bench.links.link(bench.link.id)?.direction == .pull)
        let trail = try await bench.calendars.auditTrail(of: bench.owner)
        let told = trail.first { $0.action == .linkChanged }?.detail
        #expect(told == "access reader → writer, direction both → pull")
        var change = LinkChange()
        change.direction = .both
        _ = try await bench.links.update(bench.link.id, change)
        _ = try await bench.scheduler(bridge).passOnce(bench.link.id)
        #expect(await bench.payload(of: "private")?.contains("Dentist") == true)
    }
}
