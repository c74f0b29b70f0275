import Bridging
import ICalendar
import SQL
import Store
import Sync
import Testing

@Suite("Filters and privacy of a link")
struct FilterTests {
    /// A started link with these filters; the bench's clock stands on 2026-11-18.
    private func bench(_ filters: String) async throws -> Workbench {
        let bench = try await Workbench()
        try await setFilters(filters, bench)
        return bench
    }

    private func setFilters(_ filters: String?, _ bench: Workbench) async throws {
        var change = LinkChange()
        change.filters = .some(filters)
        _ = try await bench.links.update(bench.link.id, change)
    }

    private func day(_ uid: String, _ date: String) -> String {
        event(uid, "DTSTART;VALUE=DATE:\(date)", "SUMMARY:On \(date)")
    }

    private func upstreamUIDs(_ bench: Workbench) async -> [String] {
        await bench.upstream.live.compactMap { record in
            record.payload.split(separator: "\r\n").first { $0.hasPrefix("UID:") }.map { String($0.dropFirst(4)) }
        }
        .sorted()
    }

    // MARK: The window

    @Test func `only events in the window travel, in both directions`() async throws {
        let bench = try await bench(#"{"past_days":10,"future_days":30}"#)
        try await bench.put(day("here-old", "20260101"))
        try await bench.put(day("here-now", "20261120"))
        await bench.putUpstream("a", day("there-old", "20260102"))
        await bench.putUpstream("b", day("there-now", "20261121"))
        await bench.putUpstream("c", day("there-later", "20270601"))
        try await bench.pass()
        #expect(try await bench.uids() == ["here-now", "here-old", "there-now"])
        #expect(await upstreamUIDs(bench) == ["here-now", "there-later", "there-now", "there-old"])
        #expect(try await bench.status().pending == 0)
    }

    @Test func `what waits to be made there does not go once a filter keeps it out`() async throws {
        let bench = try await Workbench()
        try await bench.put(event("private", "CATEGORIES:Private", "SUMMARY:Doctor"))
        try await bench.put(event("work", "CATEGORIES:Work", "SUMMARY:Review"))
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("No answer.")) : nil }
        try await bench.pass()
        #expect(try await bench.status().pending == 2)
        await bench.upstream.setScript(nil)
        try await setFilters(#"{"except_categories":["Private"]}"#, bench)
        bench.time.advance(3600)
        try await bench.pass()
        #expect(await upstreamUIDs(bench) == ["work"])
        #expect(try await bench.status().pending == 0)
        #expect(try await bench.links.queue(of: bench.owner).isEmpty)
        try await setFilters(nil, bench)
        try await bench.pass()
        #expect(await upstreamUIDs(bench) == ["private", "work"])
    }

    @Test func `a series counts while it goes on`() async throws {
        let bench = try await bench(#"{"past_days":10}"#)
        await bench.putUpstream("a", event("open", "DTSTART:20200101T090000Z", "RRULE:FREQ=DAILY", "SUMMARY:Open"))
        await bench.putUpstream(
            "b",
            event("over", "DTSTART:20200101T090000Z", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Over")
        )
        try await bench.pass()
        #expect(try await bench.uids() == ["open"])
    }

    @Test func `bringing an event back that cannot be stored changes nothing of what is agreed`() async throws {
        let bench = try await bench(#"{"past_days":30}"#)
        try await bench.put(day("e", "20261120"))
        let former = try #require(try await bench.calendars.object(uid: "e", in: bench.calendar)).object()
        try await bench.pass()
        try await bench.delete("e")
        try await bench.pass()
        try await bench.put(day("e", "20261121"), named: "other.ics")
        let outcome = try await bench.links.bringBack(
            former,
            named: "e.ics",
            in: bench.calendar,
            by: Author(.client, name: "alice")
        )
        #expect(outcome == .uidInUse(by: "other.ics"))
        let known = try await bench.database.read { try $0.row("SELECT 1 FROM base WHERE uid = 'e'") }
        #expect(known == nil)
    }

    @Test func `what the window keeps out goes upstream again when its deletion is undone`() async throws {
        let bench = try await bench(#"{"past_days":30}"#)
        try await bench.put(event("e", "SUMMARY:Lunch"))
        try await bench.pass()
        bench.time.advance(60 * 86_400)
        try await bench.delete("e")
        let run = try #require(try await bench.pass().run)
        #expect(await bench.upstream.live.isEmpty)
        let undone = try await bench.scheduler().undo(run, by: Author(.restore, name: "alice"))
        #expect(undone?.restored == ["e"])
        try await bench.pass()
        #expect(await upstreamUIDs(bench) == ["e"])
    }

    @Test func `what leaves the window is not deleted, and its edits still travel`() async throws {
        let bench = try await bench(#"{"past_days":5}"#)
        await bench.putUpstream("a", day("e", "20261118"))
        try await bench.pass()
        bench.time.advance(40 * 86_400)
        try await bench.pass()
        #expect(try await bench.uids() == ["e"])
        #expect(await upstreamUIDs(bench) == ["e"])
        await bench.editUpstream("a", "On", "Was on")
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("Was on") == true)
    }

    @Test func `what enters the window by time passing is taken up`() async throws {
        let bench = try await bench(#"{"future_days":7}"#)
        await bench.putUpstream("a", day("e", "20261220"))
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        bench.time.advance(30 * 86_400)
        try await bench.pass()
        #expect(try await bench.uids() == ["e"])
    }

    @Test func `a stricter filter deletes nothing`() async throws {
        let bench = try await bench("{}")
        await bench.putUpstream("a", day("e", "20261118"))
        try await bench.pass()
        try await setFilters(#"{"from":"2027-01-01","until":"2027-12-31"}"#, bench)
        try await bench.pass()
        #expect(try await bench.uids() == ["e"])
        #expect(await upstreamUIDs(bench) == ["e"])
    }

    // MARK: Categories

    @Test func `only wanted categories travel`() async throws {
        let bench = try await bench(#"{"categories":["work"],"except_categories":["Secret"]}"#)
        await bench.putUpstream("a", event("work", "SUMMARY:A", "CATEGORIES:Work"))
        await bench.putUpstream("b", event("home", "SUMMARY:B", "CATEGORIES:Home"))
        await bench.putUpstream("c", event("both", "SUMMARY:C", "CATEGORIES:Work,Secret"))
        await bench.putUpstream("d", event("none", "SUMMARY:D"))
        try await bench.pass()
        #expect(try await bench.uids() == ["work"])
    }

    @Test func `an upstream without categories is not asked for them`() async throws {
        let bench = try await bench(#"{"categories":["work"]}"#)
        let fields = FieldSet(writable: [.schedule, .summary], holdsOverrides: true)
        await bench.putUpstream("a", event("there", "SUMMARY:A"))
        try await bench.put(event("home", "SUMMARY:B"))
        try await bench.put(event("work", "SUMMARY:C", "CATEGORIES:WORK"))
        try await bench.pass(fields: fields)
        #expect(try await bench.uids() == ["home", "there", "work"])
        #expect(await upstreamUIDs(bench) == ["there", "work"])
    }

    // MARK: Declined

    @Test func `declined invitations stay there`() async throws {
        let bench = try await bench(#"{"declined":false}"#)
        await bench.putUpstream("a", event("no", "SUMMARY:A", "COMMENT:DECLINED"))
        await bench.putUpstream("b", event("yes", "SUMMARY:B"))
        try await bench.pass()
        #expect(try await bench.uids() == ["yes"])
    }

    // MARK: Busy only

    @Test func `the upstream learns when, and not what`() async throws {
        let bench = try await bench(#"{"busy_only":true}"#)
        try await bench.put(event("e", "SUMMARY:Doctor", "LOCATION:Clinic", "DESCRIPTION:Knee"))
        try await bench.pass()
        let payload = try #require(await bench.payload(of: "e"))
        #expect(payload.contains("SUMMARY:Busy"))
        #expect(!payload.contains("Doctor") && !payload.contains("Clinic") && !payload.contains("Knee"))
        #expect(try await bench.text("e")?.contains("Doctor") == true)
    }

    @Test func `the plan judges what the upstream gets, as the pass does`() async throws {
        let bench = try await Workbench(isStarted: false)
        try await setFilters(#"{"busy_only":true}"#, bench)
        // The upstream holds no event of that title, and is never told it.
        try await bench.put(event("e", "SUMMARY:Unsupported"))
        let plan = try #require(try await bench.scheduler().plan(bench.link.id))
        #expect(plan.upstream.create.map(\.uid) == ["e"] && plan.problems.isEmpty)
        _ = try await bench.scheduler().start(bench.link.id)
        try await bench.pass()
        #expect(await upstreamUIDs(bench) == ["e"])
    }

    @Test func `an override says nothing more than its series`() async throws {
        let bench = try await bench(#"{"busy_only":true}"#)
        try await bench.put(event("e", "SUMMARY:Doctor", "RRULE:FREQ=DAILY;COUNT=4"))
        try await bench.pass()
        let override = [
            "BEGIN:VEVENT", "UID:e", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID:20261122T090000Z",
            "DTSTART:20261122T120000Z", "DTEND:20261122T130000Z", "SUMMARY:Surgeon", "LOCATION:Ward", "END:VEVENT",
            "END:VCALENDAR",
        ]
        try await bench.edit("e", "END:VCALENDAR", override.joined(separator: "\r\n"))
        try await bench.pass()
        let all = await bench.upstream.live.map(\.payload).joined()
        #expect(all.contains("DTSTART:20261122T120000Z"))
        #expect(!all.contains("Surgeon") && !all.contains("Ward") && !all.contains("Doctor"))
    }

    @Test func `a time moved there comes home and the rest stays as it is`() async throws {
        let bench = try await bench(#"{"busy_only":true}"#)
        try await bench.put(event("e", "SUMMARY:Doctor", "LOCATION:Clinic"))
        try await bench.pass()
        let id = try #require(await bench.recordID(of: "e"))
        await bench.editUpstream(id, "DTSTART:20261121T090000Z", "DTSTART:20261121T080000Z")
        await bench.editUpstream(id, "SUMMARY:Busy", "SUMMARY:What is it")
        try await bench.pass()
        let text = try #require(try await bench.text("e"))
        #expect(text.contains("DTSTART:20261121T080000Z"))
        #expect(text.contains("SUMMARY:Doctor") && text.contains("LOCATION:Clinic"))
        let writes = await bench.upstream.performed.count
        try await bench.pass()
        #expect(await bench.upstream.performed.count == writes)
    }

    @Test func `what comes from there comes in full, and what is added to it here stays here`() async throws {
        let bench = try await bench(#"{"busy_only":true}"#)
        await bench.putUpstream("a", event("e", "SUMMARY:Meeting", "LOCATION:Room"))
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("LOCATION:Room") == true)
        try await bench.edit("e", "SUMMARY:Meeting", "SUMMARY:Boring meeting")
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Meeting") == true)
        await bench.editUpstream("a", "Room", "Hall")
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("LOCATION:Hall") == true)
        #expect(try await bench.text("e")?.contains("Boring") == true)
    }

    @Test func `the veil can be put on and taken off again`() async throws {
        let bench = try await bench("{}")
        try await bench.put(event("e", "SUMMARY:Doctor", "LOCATION:Clinic"))
        try await bench.pass()
        try await setFilters(#"{"busy_only":true}"#, bench)
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Busy") == true)
        #expect(await bench.payload(of: "e")?.contains("Clinic") == false)
        try await setFilters(nil, bench)
        try await bench.pass()
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Doctor") == true)
        #expect(await bench.payload(of: "e")?.contains("Clinic") == true)
        #expect(try await bench.text("e")?.contains("Doctor") == true)
    }

    @Test func `a veiled copy found again does not overwrite the event`() async throws {
        let bench = try await bench(#"{"busy_only":true}"#)
        await bench.putUpstream("a", event("e", "SUMMARY:Busy"))
        try await bench.put(event("e", "SUMMARY:Doctor"))
        try await bench.pass()
        #expect(try await bench.text("e")?.contains("Doctor") == true)
        #expect(await bench.payload(of: "e")?.contains("SUMMARY:Busy") == true)
    }

    // MARK: Reading

    @Test(arguments: [
        #"{"busyonly":true}"#, #"{"past_days":-1}"#, #"{"from":"soon"}"#, #"{"categories":"work"}"#, "[]",
        #"{"from":"2026-12-31","until":"2026-01-01"}"#,
    ])
    func `filters that cannot be meant are refused`(_ text: String) {
        #expect(throws: LinkFiltersError.self) { try LinkFilters(parsing: text) }
    }

    @Test func `days in the wrong order that an earlier version took stop no link`() async throws {
        let bench = try await bench(#"{"from":"2026-12-31","until":"2026-01-01"}"#)
        await bench.putUpstream("a", day("there", "20261121"))
        try await bench.pass()
        #expect(try await bench.uids().isEmpty)
        #expect(try await bench.status().lastError == nil)
    }

    @Test func `a link with unreadable filters stops and says so`() async throws {
        let bench = try await bench(#"{"nonsense":1}"#)
        await bench.putUpstream("a", event("e"))
        _ = try await bench.scheduler().passOnce(bench.link.id)
        let status = try await bench.status()
        #expect(status.state == .error)
        #expect(status.lastError?.code == "invalid_filters")
        #expect(try await bench.uids().isEmpty)
    }
}
