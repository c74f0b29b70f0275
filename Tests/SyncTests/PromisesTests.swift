import Bridging
import ICalendar
import Store
import Sync
import Testing

@Suite("A pass keeps its promises")
struct PromisesTests {
    @Test func `what was made on either side is on both after a pass`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("here", "SUMMARY:Made here"))
        await bench.putUpstream("a", event("there", "SUMMARY:Made there"))
        let report = try await bench.pass()
        #expect(report.counts.pulled == 1 && report.counts.pushed == 1)
        #expect(try await bench.text("there")?.contains("Made there") == true)
        #expect(await bench.payload(of: "here")?.contains("Made here") == true)
        #expect(try await bench.status().lastSyncedAt != nil)
    }

    @Test func `a quiet pass writes nothing`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("here", "SUMMARY:  Made   here  "))
        await bench.putUpstream("a", event("there", "SUMMARY:Made there"))
        try await bench.pass()
        try await bench.pass()
        let revision = try await bench.calendars.calendar(bench.calendar)?.revision
        let writes = await bench.upstream.performed.count
        let runs = try await bench.links.runs(of: bench.owner).count
        let report = try await bench.pass()
        #expect(report.run == nil && report.outcomes.isEmpty)
        #expect(try await bench.calendars.calendar(bench.calendar)?.revision == revision)
        #expect(await bench.upstream.performed.count == writes)
        #expect(try await bench.links.runs(of: bench.owner).count == runs)
    }

    @Test func `what the upstream normalises is no change of a person`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("here", "SUMMARY:Two  blanks"))
        try await bench.pass()
        try await bench.pass()
        #expect(try await bench.text("here")?.contains("Two  blanks") == true)
        #expect(await bench.payload(of: "here")?.contains("Two blanks") == true)
        #expect(await bench.upstream.performed.count == 1)
    }

    @Test func `what the upstream cannot hold survives its edits`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("here", "SUMMARY:Lunch", "X-MINE:kept", "PRIORITY:3"))
        try await bench.pass()
        await bench.editUpstream(try #require(await bench.recordID(of: "here")), "Lunch", "Late lunch")
        try await bench.pass()
        let text = try #require(try await bench.text("here"))
        #expect(text.contains("Late lunch") && text.contains("X-MINE:kept") && text.contains("PRIORITY:3"))
    }

    @Test func `edits of different fields are merged`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch", "LOCATION:Here"))
        try await bench.pass()
        try await bench.edit("e", "LOCATION:Here", "LOCATION:Roof")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "Lunch", "Dinner")
        let report = try await bench.pass()
        #expect(report.counts.merged == 1)
        #expect(try await bench.text("e")?.contains("Dinner") == true)
        #expect(await bench.payload(of: "e")?.contains("Roof") == true)
        #expect(try await bench.links.conflicts(of: bench.owner, nil).isEmpty)
    }

    @Test func `the later edit of one field wins and the other is kept as a conflict`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        try await bench.edit("e", "Lunch", "Brunch")
        await bench.editUpstream(try #require(await bench.recordID(of: "e")), "Lunch", "Dinner")
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("Dinner") == true)
        let conflict = try #require(try await bench.links.conflicts(of: bench.owner, .resolved).first)
        #expect(conflict.resolution == .upstream)
        #expect(conflict.fields.map(\.name) == ["summary"])
        #expect(conflict.fields.first?.gateway == "Brunch" && conflict.fields.first?.base == "Lunch")
    }

    @Test func `an edit beats a deletion`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.put(event("f", "SUMMARY:Tea"))
        try await bench.pass()
        await bench.deleteUpstream(try #require(await bench.recordID(of: "e")))
        try await bench.edit("e", "Lunch", "Brunch")
        await bench.editUpstream(try #require(await bench.recordID(of: "f")), "Tea", "High tea")
        try await bench.delete("f")
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("Brunch") == true)
        #expect(try await bench.text("f")?.contains("High tea") == true)
    }

    @Test func `a deletion travels both ways`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.put(event("f", "SUMMARY:Tea"))
        try await bench.pass()
        await bench.deleteUpstream(try #require(await bench.recordID(of: "e")))
        try await bench.delete("f")
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        #expect(await bench.upstream.live.isEmpty)
    }

    @Test func `a creation whose answer was lost is not repeated`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:  Lunch  "))
        await bench.upstream.setScript { $0.isWrite ? .loseAnswer : nil }
        try await bench.pass()
        await bench.upstream.setScript(nil)
        try await bench.pass()
        #expect(await bench.upstream.live.count == 1)
        #expect(try await bench.status().pending == 0)
        #expect(try await bench.links.conflicts(of: bench.owner, nil).isEmpty)
    }

    @Test func `a creation that may exist is looked up before it is repeated`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("No answer.")) : nil }
        try await bench.pass()
        await bench.upstream.setScript(nil)
        bench.time.advance(100)
        try await bench.pass()
        guard case .create(let creation)? = await bench.upstream.performed.first else {
            Issue.record("nothing was created")
            return
        }
        #expect(creation.mayExist)
    }

    @Test func `an event deleted while its creation was unknown is not brought back`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        await bench.upstream.setScript { $0.isWrite ? .loseAnswer : nil }
        try await bench.pass()
        await bench.upstream.setScript(nil)
        try await bench.delete("e")
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        #expect(await bench.upstream.live.isEmpty)
    }

    @Test func `a series that was half written is written to its end`() async throws {
        let bench = try await Workbench()
        let series = event(
            "s",
            "DTSTART:20261121T090000Z",
            "DTEND:20261121T100000Z",
            "RRULE:FREQ=DAILY;COUNT=5",
            "SUMMARY:Standup"
        )
        try await bench.put(series)
        try await bench.pass()
        let override = [
            "BEGIN:VEVENT", "UID:s", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261122T090000Z",
            "DTSTART:20261122T110000Z", "DTEND:20261122T120000Z", "SUMMARY:Late standup", "END:VEVENT", "END:VCALENDAR",
        ]
        .joined(separator: "\r\n")
        try await bench.edit("s", "END:VCALENDAR", override)
        try await bench.edit("s", "COUNT=5", "COUNT=6")
        await bench.upstream.setScript { call in
            guard case .write(.update(let id, let series, _, _)) = call, id != series else { return nil }
            return .refuse(.unreachable("No answer."))
        }
        try await bench.pass()
        await bench.upstream.setScript(nil)
        bench.time.advance(100)
        try await bench.pass()
        let text = try #require(try await bench.text("s"))
        #expect(text.contains("Late standup") && text.contains("COUNT=6"))
        #expect(await bench.upstream.live.contains { $0.payload.contains("Late standup") })
    }

    @Test func `an override edited upstream changes that occurrence only`() async throws {
        let bench = try await Workbench()
        let series = event(
            "s",
            "DTSTART:20261121T090000Z",
            "DTEND:20261121T100000Z",
            "RRULE:FREQ=DAILY;COUNT=5",
            "SUMMARY:Standup",
            "X-MINE:kept"
        )
        try await bench.put(series)
        try await bench.pass()
        let id = try #require(await bench.recordID(of: "s"))
        let exception = event(
            "s",
            "RECURRENCE-ID:20261122T090000Z",
            "DTSTART:20261122T110000Z",
            "DTEND:20261122T120000Z",
            "SUMMARY:Late standup"
        )
        await bench.upstream.setTime(bench.time.now + 10)
        await bench.upstream.put("\(id)_20261122T090000Z", exception, series: id)
        try await bench.pass()
        let object = try CalendarObject(parsing: try #require(try await bench.text("s")))
        #expect(object.master?.first("SUMMARY")?.text == "Standup")
        #expect(object.overrides.map { $0.first("SUMMARY")?.text } == ["Late standup"])
        #expect(object.overrides.first?.first("X-MINE")?.value == "kept")
        let writes = await bench.upstream.performed.count
        try await bench.pass()
        #expect(await bench.upstream.performed.count == writes)
    }
}
