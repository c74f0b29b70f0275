import Store
import Testing

@testable import Sync

@Suite("What is told of an event")
struct ExplainingTests {
    private func explanation(of uid: String, _ bench: Workbench) async throws -> ItemExplanation {
        try #require(try await bench.links.explain(uid: uid, in: bench.calendar).first)
    }

    @Test func `an event that was left out as the link began is left alone, not unseen`() async throws {
        let bench = try await Workbench(isStarted: false)
        try await bench.put(event("e", "SUMMARY:Lunch"))
        #expect(try await explanation(of: "e", bench).state == "unknown")
        _ = try await bench.scheduler().start(bench.link.id, StartChoices(skip: ["e"]))
        try await bench.pass()
        let told = try await explanation(of: "e", bench)
        #expect(told.state == "left_alone")
        #expect(told.sentence.contains("leaves it alone") && told.sentence.contains("skip"))
    }

    @Test func `an event whose run was undone is left alone, until it is taken up again`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        let run = try #require(try await bench.pass().run)
        _ = try await bench.scheduler().undo(run, by: Author(.restore, name: "alice"))
        try await bench.edit("e", "Lunch", "Tea")
        try await bench.pass()
        #expect(try await explanation(of: "e", bench).state == "left_alone")
        try await bench.leaveAlone(.exactly([]))
        try await bench.pass()
        #expect(try await explanation(of: "e", bench).state == "in_step")
    }

    @Test(arguments: [
        (#"{"from":"2030-01-01"}"#, "from 2030-01-01"), (#"{"past_days":3,"future_days":10}"#, "future_days 10"),
        (#"{"categories":["Work"]}"#, "none of the categories Work"),
        (#"{"except_categories":["Private","Work"]}"#, "category Private ("),
    ])
    func `an event that a filter keeps back says so, and which`(_ filters: String, _ which: String) async throws {
        let bench = try await Workbench()
        var change = LinkChange()
        change.filters = .some(filters)
        _ = try await bench.links.update(bench.link.id, change)
        let far = event("e", "CATEGORIES:Private").replacing("DTSTART:2026", with: "DTSTART:2027")
        try await bench.put(far.replacing("DTEND:2026", with: "DTEND:2027"))
        try await bench.pass()
        let told = try await explanation(of: "e", bench)
        #expect(told.state == "filtered")
        #expect(told.sentence.contains(which), "\(told.sentence)")
    }

    @Test func `a deleted event says whether the upstream still has it`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        try await bench.delete("e")
        let waiting = try await explanation(of: "e", bench)
        #expect(waiting.state == "pending" && waiting.sentence.contains("deleted here"))
        try await bench.pass()
        #expect(try await explanation(of: "e", bench).state == "deleted")
    }

    @Test func `what was agreed on before is not kept back by a filter that came later`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        var change = LinkChange()
        change.filters = .some(#"{"categories":["Work"]}"#)
        _ = try await bench.links.update(bench.link.id, change)
        try await bench.pass()
        #expect(try await explanation(of: "e", bench).state == "in_step")
    }
}
