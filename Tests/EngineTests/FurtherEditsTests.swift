import ICalendar
import SimulatorNotion
import Store
@testable import Sync
import SyncTestSupport
import Testing

@Suite("Notion: further edits of an occurrence that is different already")
struct FurtherEditsTests {
    private static let occurrence = "series / 20261130T080000Z"

    /// One edit of an occurrence.
    enum Edit: CaseIterable {
        case rename, move, locate

        static let pairs = allCases.flatMap { first in allCases.map { [first, $0] } }
    }

    /// What an occurrence is like.
    private struct Look {
        var day = 30
        var hour = 9
        var title = "Jour fixe"
        var place = ""

        /// The look after an edit, which is the `number`th.
        func after(_ edit: Edit, _ number: Int) -> Look {
            var look = self
            switch edit {
            case .rename: look.title = "Name \(number)"
            case .move: look.hour = 12 + number
            case .locate: look.place = "Room \(number)"
            }
            return look
        }

        func override(in table: OccurrenceTable, uid: String = "series") -> String {
            let times = [hour, hour + 1].map { "202611\(day)T\($0 < 10 ? "0" : "")\($0)0000" }
            return table.override(
                "202611\(day)T090000",
                "DTSTART;TZID=Europe/Berlin:\(times[0])\nDTEND;TZID=Europe/Berlin:\(times[1])\nSUMMARY:\(title)"
                    + (place.isEmpty ? "" : "\nLOCATION:\(place)"),
                uid: uid
            )
        }

        /// What the page says of it.
        var line: String { "2026-11-\(day)T\(hour < 10 ? "0" : "")\(hour):00:00.000+01:00 \(title) \(place)" }
    }

    private func table() async throws -> OccurrenceTable {
        let table = try await OccurrenceTable()
        try await table.put(OccurrenceTable.weekly)
        try await table.settle()
        return table
    }

    /// A pass of the process that ran the last one; `isRung` where a client's edit has woken it.
    private func pass(
        _ table: OccurrenceTable,
        isRung: Bool = false,
        meanwhile: (@Sendable (EditBell) async -> Void)? = nil
    ) async throws {
        var process = Process()
        process.isNew = false
        let bell = process.bell
        if isRung { bell.ring() }
        if let meanwhile { process.meanwhile = { await meanwhile(bell) } }
        try await table.world.pass(of: table.spoke, in: process)
        table.clock.advance(200)
    }

    private func look(_ table: OccurrenceTable, at occurrence: String = occurrence) async -> String? {
        let page = await table.side.pages().first { $0.columnText("Calendar UID") == occurrence }
        return page.map { page in
            let start = page.column("When")["start"]?.string ?? "-"
            return "\(start) \(page.columnText("Name")) \(page.columnText("Location"))"
        }
    }

    @Test(arguments: Edit.pairs, [true, false])
    func `each is on its page after the next pass`(_ edits: [Edit], _ isRung: Bool) async throws {
        let table = try await table()
        var wanted = Look()
        for (number, edit) in edits.enumerated() {
            wanted = wanted.after(edit, number + 1)
            try await table.put(OccurrenceTable.weekly, wanted.override(in: table))
            try await pass(table, isRung: isRung)
            #expect(await look(table) == wanted.line)
        }
    }

    @Test(arguments: Edit.allCases, [true, false])
    func `so is one of an occurrence that a person changed`(_ edit: Edit, _ isRung: Bool) async throws {
        let table = try await table()
        await table.rename(try await table.page(Self.occurrence), "Name 1")
        try await pass(table)
        let wanted = Look().after(.rename, 1).after(edit, 2)
        try await table.put(OccurrenceTable.weekly, wanted.override(in: table))
        try await pass(table, isRung: isRung)
        #expect(await look(table) == wanted.line)
    }

    @Test(arguments: [true, false])
    func `where another occurrence is the different one instead, both pages say so`(_ isRung: Bool) async throws {
        let table = try await table()
        let (first, second) = (Look().after(.rename, 1), Look(day: 23).after(.rename, 2))
        try await table.put(OccurrenceTable.weekly, first.override(in: table))
        try await pass(table, isRung: isRung)
        try await table.put(OccurrenceTable.weekly, second.override(in: table))
        try await pass(table, isRung: isRung)
        #expect(await look(table) == Look().line)
        #expect(await look(table, at: "series / 20261123T080000Z") == second.line)
    }

    // MARK: While a pass is under way

    @Test(arguments: 0...8, ["series", "other"])
    func `one that comes at any moment of a busy pass is on its page after the next`(
        _ place: Int,
        _ uid: String
    ) async throws {
        let table = try await table()
        try await table.put(OccurrenceTable.weekly, uid: "other")
        try await table.put(OccurrenceTable.weekly, Look().after(.rename, 1).override(in: table, uid: uid), uid: uid)
        try await table.settle()
        let wanted = Look().after(.rename, 2)
        for uid in ["series", "other"] {
            let renamed = OccurrenceTable.weekly.replacing("Jour fixe", with: "Weekly")
            try await table.put(renamed, Look().after(.rename, 1).override(in: table, uid: uid), uid: uid)
        }
        let requests = Counter()
        try await pass(table) { bell in
            guard requests.next() == place else { return }
            do {
                let renamed = OccurrenceTable.weekly.replacing("Jour fixe", with: "Weekly")
                try await table.put(renamed, wanted.override(in: table, uid: uid), uid: uid, takes: 0)
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        #expect(requests.next() > place)
        try await pass(table)
        #expect(await look(table, at: "\(uid) / 20261130T080000Z") == wanted.line)
    }

    @Test(arguments: 0...1)
    func `one that comes while a pass lists what has not changed is on its page after the next`(
        _ place: Int
    ) async throws {
        let table = try await table()
        try await table.put(OccurrenceTable.weekly, Look().after(.rename, 1).override(in: table))
        try await table.settle()
        let wanted = Look().after(.rename, 2)
        let requests = Counter()
        try await pass(table) { bell in
            guard requests.next() == place else { return }
            do {
                try await table.put(OccurrenceTable.weekly, wanted.override(in: table), takes: 0)
                try await table.put(OccurrenceTable.weekly, uid: "other", takes: 0)
                bell.ring()
            } catch {
                Issue.record(error)
            }
        }
        #expect(requests.next() > place)
        try await pass(table)
        #expect(await look(table) == wanted.line)
        #expect(await table.shown().count { $0.hasPrefix("other") } == OccurrencePagesTests.plain.count)
    }
}
