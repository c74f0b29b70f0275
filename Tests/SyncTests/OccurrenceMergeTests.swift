import Bridging
import ICalendar
import SQL
import SQLite
import Testing

@testable import Sync

@Suite("An occurrence that both sides come to describe by itself")
struct OccurrenceMergeTests {
    private static let day = ["RECURRENCE-ID:20261122T090000Z", "DTSTART:20261122T090000Z", "DTEND:20261122T100000Z"]

    /// A daily series in step, of which one occurrence is edited here and there; a person is asked about conflicts.
    private func bench(ours: [String], theirs: [String]) async throws -> Workbench {
        let bench = try await Workbench(policy: .ask)
        try await bench.put(event("s", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:Standup", "LOCATION:Hall"))
        try await bench.pass()
        let head = ["BEGIN:VEVENT", "UID:s", "DTSTAMP:20260101T000000Z"]
        let override = (head + ours + ["END:VEVENT", "END:VCALENDAR"]).joined(separator: "\r\n")
        try await bench.edit("s", "END:VCALENDAR", override)
        let all = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"] + head + theirs
        let exception = (all + ["END:VEVENT", "END:VCALENDAR", ""]).joined(separator: "\r\n")
        let id = try #require(await bench.recordID(of: "s"))
        bench.time.advance(10)
        await bench.upstream.setTime(bench.time.now)
        await bench.upstream.put("\(id)_20261122T090000Z", exception, series: id)
        try await bench.pass()
        return bench
    }

    private func conflicts(_ bench: Workbench) async throws -> [String] {
        try await bench.links.conflicts(of: bench.owner, .open).flatMap(\.fields).map(\.name)
    }

    @Test func `edits of different fields of one occurrence of a series are merged`() async throws {
        let late = ["RECURRENCE-ID:20261122T090000Z", "DTSTART:20261122T110000Z", "DTEND:20261122T120000Z"]
        let bench = try await bench(
            ours: late + ["SUMMARY:Standup", "LOCATION:Hall"],
            theirs: Self.day + ["SUMMARY:Standup", "LOCATION:Roof"]
        )
        #expect(try await conflicts(bench).isEmpty)
        let override = try CalendarObject(parsing: #require(try await bench.text("s"))).overrides.first
        #expect(override?.first("DTSTART")?.value == "20261122T110000Z")
        #expect(override?.first("LOCATION")?.value == "Roof")
        let exception = await bench.upstream.live.first { $0.id != $0.series }?.payload ?? ""
        #expect(exception.contains("DTSTART:20261122T110000Z") && exception.contains("LOCATION:Roof"))
        #expect(try await bench.pass().run == nil)
    }

    @Test func `edits of one field of it are a conflict about that field`() async throws {
        let bench = try await bench(
            ours: Self.day + ["SUMMARY:Ours", "LOCATION:Hall"],
            theirs: Self.day + ["SUMMARY:Theirs", "LOCATION:Roof"]
        )
        #expect(try await conflicts(bench) == ["summary (20261122T090000Z)"])
        let field = try await bench.links.conflicts(of: bench.owner, .open).first?.fields.first
        #expect([field?.base, field?.gateway, field?.upstream] == ["Standup", "Ours", "Theirs"])
    }

    @Test func `different occurrences changed, cancelled and restored on both sides are no conflict`() async throws {
        let bench = try await Workbench(policy: .ask)
        let start = event(
            "s",
            "RRULE:FREQ=DAILY;COUNT=9",
            "EXDATE:20261128T090000Z,20261129T090000Z",
            "SUMMARY:Standup"
        )
        try await bench.put(start)
        try await bench.pass()
        // Here one is moved, one is cancelled, and one takes place again.
        try await bench.edit("s", "EXDATE:20261128T090000Z,20261129", "EXDATE:20261122T090000Z,20261129")
        try await bench.edit("s", "END:VCALENDAR", exception(of: 23, at: 11, "Ours") + "END:VCALENDAR")
        // There, too: others.
        let id = try #require(await bench.recordID(of: "s"))
        bench.time.advance(10)
        await bench.upstream.setTime(bench.time.now)
        let master = try #require(await bench.upstream.live.first { $0.id == id }?.payload)
        let cancelled = "EXDATE:20261124T090000Z,20261128T090000Z"
        await bench.upstream.put(id, master.replacing("EXDATE:20261128T090000Z,20261129T090000Z", with: cancelled))
        let head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", ""].joined(separator: "\r\n")
        let theirs = head + exception(of: 25, at: 13, "Theirs") + "END:VCALENDAR\r\n"
        await bench.upstream.put("\(id)_20261125T090000Z", theirs, series: id)
        try await bench.pass()

        #expect(try await conflicts(bench).isEmpty)
        let object = try CalendarObject(parsing: #require(try await bench.text("s")))
        let cancelledHere = object.master?.all("EXDATE").flatMap(\.dateTimes).map(\.text).sorted()
        #expect(cancelledHere == ["20261122T090000Z", "20261124T090000Z"])
        #expect(object.overrides.compactMap { $0.first("SUMMARY")?.text }.sorted() == ["Ours", "Theirs"])
        let there = await bench.upstream.live.map(\.payload)
        let rule = there.first { $0.contains("RRULE") } ?? ""
        #expect(rule.contains("20261122T090000Z") && rule.contains("20261124T090000Z"))
        #expect(!rule.contains("20261128T") && !rule.contains("20261129T"))
        #expect(there.contains { $0.contains("SUMMARY:Ours") } && there.contains { $0.contains("SUMMARY:Theirs") })
        #expect(try await bench.pass().run == nil)
    }

    @Test(arguments: [
        ("DTSTART:20261121T090000Z", "20261123T090000Z", "20261124T090000Z"),
        ("DTSTART;VALUE=DATE:20261121", "20261123", "20261124"), ("DTSTART:20261121T090000", "20261123T090000", ""),
    ])
    func `an agreement that lists occurrences with their series, as earlier versions noted it, is read`(
        _ start: String,
        _ cancelled: String,
        _ other: String
    ) async throws {
        let bench = try await Workbench(policy: .ask)
        let exclusion = start.contains("DATE") ? "EXDATE;VALUE=DATE:" : "EXDATE:"
        try await bench.put(event("s", start, "RRULE:FREQ=DAILY;COUNT=5", exclusion + cancelled, "SUMMARY:Standup"))
        try await bench.pass()
        let time = String(start.split(separator: ":")[1])
        let end = time.contains("T") ? time : "20261122"
        let fields =
            "schedule\t\tSTART \(time)\\nEND \(end)\\nRRULE COUNT=5;FREQ=DAILY\\nEXDATE \(cancelled)\nsummary\t\tStandup"
        try await bench.database.write { transaction in
            try transaction.run("UPDATE base SET local_fields = \(.text(fields)), remote_fields = '='")
        }
        // Each side does something else: neither counts as having changed all of the schedule.
        try await bench.edit("s", "SUMMARY:Standup", "SUMMARY:Ours")
        if !other.isEmpty {
            let id = try #require(await bench.recordID(of: "s"))
            await bench.editUpstream(id, exclusion + cancelled, exclusion + cancelled + "," + other)
        }
        try await bench.pass()
        #expect(try await conflicts(bench).isEmpty)
        let here = try #require(try await bench.text("s"))
        #expect(here.contains("SUMMARY:Ours") && here.contains(cancelled) && here.contains(other))
        #expect(await bench.payload(of: "s")?.contains("SUMMARY:Ours") == true)
    }

    /// An override of the series on a day of November, at an hour.
    private func exception(of day: Int, at hour: Int, _ summary: String) -> String {
        [
            "BEGIN:VEVENT", "UID:s", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:202611\(day)T090000Z",
            "DTSTART:202611\(day)T\(hour)0000Z", "DTEND:202611\(day)T\(hour + 1)0000Z", "SUMMARY:\(summary)",
            "END:VEVENT", "",
        ]
        .joined(separator: "\r\n")
    }
}
