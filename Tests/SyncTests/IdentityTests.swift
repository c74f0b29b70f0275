import Bridging
import ICalendar
import Store
import Sync
import Testing

@Suite("Which event a series upstream is")
struct IdentityTests {
    @Test func `two series of one UID are two events`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("e", "SUMMARY:One"))
        try await bench.pass()
        await bench.putUpstream("b", event("e", "SUMMARY:Other"))
        try await bench.pass()
        #expect(try await bench.uids() == ["e", "e/b"])
        #expect(try await bench.text("e")?.contains("One") == true)
    }

    @Test(arguments: ["b", "z"]) func `an event made anew under the UID of a deleted one has that UID`(
        _ name: String
    ) async throws {
        let bench = try await Workbench()
        await bench.putUpstream("m", event("e", "SUMMARY:First"))
        try await bench.pass()
        await bench.upstream.delete("m")
        await bench.putUpstream(name, event("e", "SUMMARY:Second"))
        try await bench.pass()
        #expect(try await bench.uids() == ["e"])
        #expect(try await bench.text("e")?.contains("Second") == true)
    }

    @Test func `an event made anew some passes after its deletion has that UID too`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("m", event("e", "SUMMARY:First"))
        try await bench.pass()
        await bench.upstream.delete("m")
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        await bench.putUpstream("b", event("e", "SUMMARY:Second"))
        try await bench.pass()
        #expect(try await bench.uids() == ["e"])
    }

    @Test func `an event that comes back after another took its UID is an event of its own`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("m", event("e", "SUMMARY:First"))
        try await bench.pass()
        await bench.upstream.delete("m")
        await bench.putUpstream("b", event("e", "SUMMARY:Second"))
        try await bench.pass()
        await bench.putUpstream("m", event("e", "SUMMARY:First"))
        try await bench.pass()
        #expect(try await bench.uids() == ["e", "e/m"])
        #expect(try await bench.text("e")?.contains("Second") == true)
        #expect(try await bench.text("e/m")?.contains("First") == true)
    }

    @Test func `an event that cannot be read keeps its UID`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("m", event("e", "SUMMARY:First"))
        try await bench.pass()
        await bench.editUpstream("m", "First", "UNREADABLE")
        await bench.putUpstream("b", event("e", "SUMMARY:Second"))
        try await bench.pass()
        #expect(try await bench.uids() == ["e", "e/b"])
        #expect(try await bench.text("e")?.contains("First") == true)
    }
}
