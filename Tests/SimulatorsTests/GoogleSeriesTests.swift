import SimulatorGoogle
import Testing

@Suite("Google recurring events")
struct GoogleSeriesTests {
    @Test
    func `an instance that is not stored can be read, patched and deleted`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.daily)
        let instance = await client.get("season_20260303").body
        #expect(instance["start"] == ["date": "2026-03-03"])
        #expect(instance["originalStartTime"] == ["date": "2026-03-03"])
        #expect(instance["recurrence"] == nil)
        let moved = await client.patch(
            "season_20260303",
            ["start": ["date": "2026-03-20"], "end": ["date": "2026-03-21"]]
        )
        #expect(moved.body["originalStartTime"] == ["date": "2026-03-03"])
        #expect(moved.body["start"] == ["date": "2026-03-20"])
        #expect(await client.delete("season_20260304").status == 204)
        #expect(await client.delete("season_20260304").status == 410)
        #expect(await client.get("season_20260304").body["status"] == "cancelled")
        #expect(await client.get("season_20260306").status == 404)
        #expect(await client.get("season_20260303T000000Z").status == 404)
    }

    @Test
    func `an instance's etag is its series' until it differs`() async throws {
        let client = await GoogleClient.make()
        let series = await client.insert(Sample.weekly).body
        let instance = await client.get("series_20260309T090000Z").body
        #expect(instance["etag"] == series["etag"])
        let etag = try #require(instance["etag"]?.text)
        #expect(await client.patch("series_20260309T090000Z", ["summary": "X"], ifMatch: etag).status == 200)
        #expect(await client.patch("series_20260309T090000Z", ["summary": "Y"], ifMatch: etag).status == 412)
    }

    @Test
    func `instances keep the wall clock across the change to summer time`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.weekly)
        let answer = await client.call("GET", "calendars/primary/events/series/instances")
        #expect(
            answer.ids == [
                "series_20260302T090000Z", "series_20260309T090000Z", "series_20260316T090000Z",
                "series_20260323T090000Z",
                "series_20260330T080000Z", "series_20260406T080000Z",
            ]
        )
        #expect(answer.items.allSatisfy { $0["start"]?["dateTime"]?.text?.contains("T10:00:00+0") == true })
    }

    @Test
    func `single events put exceptions in the place of computed instances`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.daily)
        _ = await client.patch("season_20260303", ["summary": "Changed"])
        _ = await client.delete("season_20260304")
        let listed = await client.list("singleEvents=true&orderBy=startTime")
        #expect(listed.ids == ["season_20260302", "season_20260303", "season_20260305"])
        #expect(listed.item(1)["summary"] == "Changed")
        let window = await client.list("singleEvents=true&timeMin=2026-03-05T00:00:00Z")
        #expect(window.ids == ["season_20260305"])
        #expect(await client.list("timeMin=2026-03-07T00:00:00Z").ids == [])
    }

    @Test
    func `EXDATE lines are kept as sent and take their instance away`() async {
        let client = await GoogleClient.make()
        let lines: JSON = ["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20260309T100000"]
        let series = await client.insert(Sample.with(Sample.weekly, ["recurrence": lines]))
        #expect(series.body["recurrence"] == lines)
        #expect(await client.get("series_20260309T090000Z").status == 404)
        #expect(await client.call("GET", "calendars/primary/events/series/instances").items.count == 2)
    }

    @Test
    func `a changed rule loses the exceptions that no longer fit, and the delta says so`() async throws {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.daily)
        _ = await client.patch("season_20260305", ["summary": "Late"])
        let token = try await client.syncToken()
        _ = await client.patch("season", ["recurrence": ["RRULE:FREQ=DAILY;COUNT=2"]])
        let delta = await client.delta(since: token)
        #expect(delta.ids == ["season", "season_20260305"])
        #expect(delta.item(1)["status"] == "cancelled")
        #expect(await client.list().ids == ["season"])
    }

    @Test
    func `all-day instances stay on their days when the calendar's zone changes`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.daily)
        let tokyo: JSON = ["timeZone": "Asia/Tokyo"]
        #expect(await client.call("PATCH", "calendars/primary", tokyo).body["timeZone"] == "Asia/Tokyo")
        #expect(await client.get("season_20260303").body["start"] == ["date": "2026-03-03"])
        await client.simulator.addCalendar(
            id: "far",
            summary: "Far",
            timeZone: "Pacific/Honolulu",
            owner: GoogleClient.email
        )
        let moved = await client.call("POST", "calendars/primary/events/season/move", query: "destination=far")
        #expect(moved.status == 200)
        let instances = await client.call("GET", "calendars/far/events/season/instances")
        #expect(instances.ids == ["season_20260302", "season_20260303", "season_20260304", "season_20260305"])
    }

    @Test
    func `an exception of a deleted series cannot be written`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.weekly)
        _ = await client.patch("series_20260309T090000Z", ["summary": "Other"])
        _ = await client.delete("series")
        #expect(await client.get("series_20260309T090000Z").body["status"] == "cancelled")
        #expect(await client.patch("series_20260309T090000Z", ["summary": "Ghost"]).status == 403)
        #expect(await client.delete("series_20260309T090000Z").status == 410)
    }

    @Test
    func `this and following splits the series under a derived identifier`() async throws {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.weekly)
        let rest = try await client.simulator.splitSeries(
            at: "series_20260316T090000Z",
            ["summary": "From now on"],
            in: GoogleClient.email
        )
        #expect(rest["id"] == "series_R20260316T090000")
        #expect(rest["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"])
        #expect(await client.get("series").body["recurrence"] == ["RRULE:FREQ=WEEKLY;UNTIL=20260316T085959Z"])
        #expect(await client.list("singleEvents=true").items.count == 6)
        #expect(await client.get("series_R20260316T090000_20260323T090000Z").body["summary"] == "From now on")
    }
}
