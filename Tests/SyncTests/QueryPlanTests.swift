import SQL
import Store
import Testing

@testable import SQLite
@testable import Sync

@Suite("A pass asks for an item by its name")
struct QueryPlanTests {
    /// Conditions that name one item, and the tables that a link has a row in for each.
    private static let names = ["uid = $", "series = $", "record = $"]
    private static let tables = ["mirror ", "mirrored_object ", "base ", "intent ", "retry ", "conflict ", "held "]

    /// A statement that reads a whole link for every item of it takes hours over a large calendar.
    @Test func `no statement about one item reads all of its link`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("there", "SUMMARY:There"))
        try await bench.put(event("here", "SUMMARY:Here"))
        try await bench.pass()
        try await bench.edit("here", "Here", "Edited")
        await bench.deleteUpstream("a")
        try await bench.pass()
        try await bench.delete("here")
        try await bench.pass()
        var seen = 0
        for text in try await bench.database.preparedTexts() {
            guard Self.tables.contains(where: { text.contains("FROM \($0)") || text.contains("UPDATE \($0)") }),
                Self.names.contains(where: text.contains)
            else { continue }
            seen += 1
            for step in try await plan(of: text, bench.database) {
                #expect(!step.hasPrefix("SCAN") && !step.hasSuffix("(link=?)"), "\(step) in: \(text)")
            }
        }
        #expect(seen > 8)
    }

    /// Undoing a run of ten thousand items must not read all items of all later runs for each.
    @Test func `the parts of a series are looked up by what it was`() async throws {
        let bench = try await Workbench()
        await bench.putUpstream("a", event("there", "SUMMARY:There"))
        let run = try #require(try await bench.pass().run)
        _ = try await bench.links.hasSplits(run)
        let text = try #require(try await bench.database.preparedTexts().first { $0.contains("AS part_uid") })
        let steps = try await plan(of: text, bench.database)
        #expect(steps.contains("SEARCH part USING INDEX pass_item_part (family=?)"), "\(steps)")
    }

    private func plan(of text: String, _ database: SQLiteDatabase) async throws -> [String] {
        // Unbound values would be refused: each is bound to NULL.
        var statement: SQLStatement = "EXPLAIN QUERY PLAN "
        var rest = text[...]
        var number = 1
        while let mark = rest.firstRange(of: "$\(number)") {
            statement = "\(statement)\(raw: String(rest[..<mark.lowerBound]))\(.null)"
            rest = rest[mark.upperBound...]
            number += 1
        }
        let whole: SQLStatement = "\(statement)\(raw: String(rest))"
        return try await database.write { try $0.rows(whole).map { try $0.text("detail") } }
    }
}
