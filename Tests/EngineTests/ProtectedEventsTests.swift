import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("Events that only Google's own applications may change")
struct ProtectedEventsTests {
    private static let author = Author(.client, name: "alice")

    /// An account one of whose two events is locked.
    private func locked() async throws -> BadEventsTests.Linked {
        let linked = try await BadEventsTests.Linked()
        linked.side.tampering.set { $0.replacing(#""summary":"Odd""#, with: #""summary":"Odd","locked":true"#) }
        try await linked.world.pass(of: linked.spoke)
        return linked
    }

    private func stored(_ linked: BadEventsTests.Linked, _ summary: String) async throws -> StoredObject {
        let all = try await linked.world.calendars.all(in: linked.world.calendar)
        return try #require(all.first { $0.text.contains("SUMMARY:\(summary)\r\n") })
    }

    private func delete(_ linked: BadEventsTests.Linked, _ summary: String) async throws -> DeleteOutcome {
        let name = try await stored(linked, summary).name
        return try await linked.world.calendars.delete(
            named: name,
            in: linked.world.calendar,
            if: .always,
            by: Self.author
        )
    }

    @Test func `no client changes or deletes such an event here, and each is told why`() async throws {
        let linked = try await locked()
        let reason = "Google lets only its own applications change this event (locked)."
        await #expect(throws: ReadOnlyObject(reason)) {
            try await linked.change("Odd") { $0.set("LOCATION", Property("LOCATION", text: "Here")) }
        }
        await #expect(throws: ReadOnlyObject(reason)) { try await delete(linked, "Odd") }
        try await linked.change("Good") { $0.set("LOCATION", Property("LOCATION", text: "Here")) }
        #expect(try await delete(linked, "Good") == .deleted)
        try await linked.world.pass(of: linked.spoke)
        #expect(try await linked.world.links.queue(of: linked.world.owner).isEmpty)
        #expect(await linked.there("Odd")?["status"]?.text == "confirmed")
    }

    @Test func `Google still changes and deletes it, and can let go of it`() async throws {
        let linked = try await locked()
        let id = try #require(await linked.there("Odd")?["id"]?.text)
        try await linked.side.simulator.editEvent(id, ["location": "There"], in: linked.side.calendarIdentifier)
        try await linked.world.pass(of: linked.spoke)
        #expect(try await linked.event("Odd")?.first("LOCATION")?.text == "There")
        linked.side.tampering.set { $0 }
        try await linked.side.simulator.editEvent(id, ["location": "Here"], in: linked.side.calendarIdentifier)
        try await linked.world.pass(of: linked.spoke)
        #expect(try await delete(linked, "Odd") == .deleted)
    }

    @Test(arguments: [LinkPurge.nothing, .copies])
    func `once the link is removed it is an ordinary event`(_ purge: LinkPurge) async throws {
        let linked = try await locked()
        let scheduler = linked.world.scheduler(of: linked.spoke)
        _ = try await scheduler.delete(linked.spoke.link.id, purge: purge, by: Self.author)
        guard purge == .nothing else {
            #expect(try await linked.summaries() == [])
            return
        }
        #expect(try await delete(linked, "Odd") == .deleted)
    }
}
