import SimulatorGoogle
import Testing

@Suite("Google listing and sync")
struct GoogleSyncTests {
    @Test
    func `a delta has every change since its token, once, deleted events as bare tombstones`() async throws {
        let client = await GoogleClient.make()
        for id in ["aaaaa", "bbbbb", "ccccc"] {
            _ = await client.insert(Sample.with(Sample.meeting, ["id": .string(id)]))
        }
        let token = try await client.syncToken()
        #expect(await client.delta(since: token).ids == [])
        _ = await client.patch("bbbbb", ["summary": "One"])
        _ = await client.patch("bbbbb", ["summary": "Two"])
        _ = await client.delete("aaaaa")
        let delta = await client.delta(since: token)
        #expect(delta.ids == ["bbbbb", "aaaaa"])
        #expect(delta.item(0)["summary"] == "Two")
        #expect(Set(delta.item(1).members?.keys.map { $0 } ?? []) == ["kind", "etag", "id", "status"])
        let next = try #require(delta.body["nextSyncToken"]?.text)
        #expect(await client.delta(since: next).ids == [])
        #expect(await client.delta(since: token).ids == ["bbbbb", "aaaaa"])
    }

    @Test
    func `an event that came and went is a cancelled item`() async throws {
        let client = await GoogleClient.make()
        let token = try await client.syncToken()
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "fleeting"]))
        _ = await client.delete("fleeting")
        #expect(await client.delta(since: token).items.map { $0["status"] } == ["cancelled"])
        #expect(await client.list().ids == [])
        #expect(await client.list("showDeleted=true").ids == ["fleeting"])
    }

    @Test
    func `changed and deleted instances of a series are in the delta with their original start`() async throws {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.weekly)
        let token = try await client.syncToken()
        _ = await client.patch("series_20260309T090000Z", ["summary": "Elsewhere"])
        // After the change to summer time ten o'clock is 08:00 UTC.
        #expect(await client.delete("series_20260330T080000Z").status == 204)
        let delta = await client.delta(since: token)
        #expect(delta.ids == ["series_20260309T090000Z", "series_20260330T080000Z"])
        #expect(delta.item(0)["recurringEventId"] == "series")
        #expect(delta.item(0)["originalStartTime"]?["dateTime"] == "2026-03-09T10:00:00+01:00")
        #expect(delta.item(0)["iCalUID"] == "series@google.com")
        #expect(delta.item(1)["status"] == "cancelled")
        #expect(delta.item(1)["originalStartTime"]?["dateTime"] == "2026-03-30T10:00:00+02:00")
        #expect(await client.list().ids == ["series", "series_20260309T090000Z", "series_20260330T080000Z"])
    }

    @Test
    func `a series and its exceptions leave a full list together`() async throws {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.weekly)
        _ = await client.delete("series_20260309T090000Z")
        let token = try await client.syncToken()
        _ = await client.delete("series")
        #expect(await client.list().ids == [])
        #expect(await client.delta(since: token).ids == ["series"])
    }

    @Test
    func `a dead token asks for a full sync`() async throws {
        let client = await GoogleClient.make()
        let token = try await client.syncToken()
        await client.simulator.expireSyncTokens()
        let refused = await client.delta(since: token)
        #expect(refused.status == 410)
        #expect(refused.reason == "fullSyncRequired")
        let fresh = try await client.syncToken()
        #expect(await client.delta(since: fresh).status == 200)
        #expect(await client.delta(since: "nonsense").status == 410)
    }

    @Test(arguments: [
        "orderBy=updated", "q=a", "iCalUID=a", "timeMin=2026-01-01T00:00:00Z", "timeMax=2027-01-01T00:00:00Z",
        "updatedMin=2026-01-01T00:00:00Z", "privateExtendedProperty=a%3Db", "showDeleted=false",
    ])
    func `a restriction beside a sync token is refused`(_ restriction: String) async throws {
        let client = await GoogleClient.make()
        let token = try await client.syncToken()
        #expect(await client.list("syncToken=\(token)&\(restriction)").status == 400)
    }

    @Test
    func `pages partition the listing whatever the server makes of them`() async throws {
        let client = await GoogleClient.make()
        let ids = (0..<7).map { "event\($0)" }
        for id in ids { _ = await client.insert(Sample.with(Sample.meeting, ["id": .string(id)])) }
        await client.simulator.setPages(PageBehaviour(maximumItems: 2, insertsEmptyPages: true))
        var seen: [String] = []
        var query = "maxResults=3"
        var sizes: [Int] = []
        while true {
            let page = await client.list(query)
            seen += page.ids
            sizes.append(page.ids.count)
            guard let next = page.body["nextPageToken"]?.text else {
                #expect(page.body["nextSyncToken"] != nil)
                break
            }
            #expect(page.body["nextSyncToken"] == nil)
            query = "maxResults=3&pageToken=\(next)"
        }
        #expect(seen == ids)
        #expect(sizes == [0, 2, 0, 2, 0, 2, 0, 1])
    }

    @Test
    func `a change during paging comes with the next delta`() async throws {
        let client = await GoogleClient.make()
        for id in ["aaaaa", "bbbbb"] { _ = await client.insert(Sample.with(Sample.meeting, ["id": .string(id)])) }
        let first = await client.list("maxResults=1")
        _ = await client.patch("aaaaa", ["summary": "Meanwhile"])
        let next = try #require(first.body["nextPageToken"]?.text)
        let last = await client.list("maxResults=1&pageToken=\(next)")
        let token = try #require(last.body["nextSyncToken"]?.text)
        #expect(await client.delta(since: token).ids == ["aaaaa"])
        #expect(await client.list("maxResults=1&q=other&pageToken=\(next)").status == 400)
    }

    @Test
    func `filters find by UID, text, property, and time`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "lunch", "description": "Bring the Blue folder"]))
        let marked: JSON = ["private": ["mark": "x"]]
        _ = await client.insert(Sample.with(Sample.holiday, ["id": "trip0", "extendedProperties": marked]))
        #expect(await client.list("iCalUID=lunch%40google.com").ids == ["lunch"])
        #expect(await client.list("q=blue").ids == ["lunch"])
        #expect(await client.list("privateExtendedProperty=mark%3Dx").ids == ["trip0"])
        #expect(await client.list("q=blue").body["nextSyncToken"] == nil)
        #expect(await client.list("timeMin=2026-03-03T00:00:00Z").ids == ["trip0"])
        #expect(await client.list("timeMax=2026-03-02T00:00:00Z").ids == ["trip0"])
        #expect(await client.list("orderBy=startTime").status == 400)
        #expect(await client.list("orderBy=startTime&singleEvents=true").ids == ["trip0", "lunch"])
    }

    @Test
    func `default reminders are chosen in the list of calendars, and told with every list of events`() async throws {
        let client = await GoogleClient.make()
        let entry = "users/me/calendarList/primary"
        let first: JSON = [["method": "popup", "minutes": 10]]
        #expect(await client.call("GET", entry).body["defaultReminders"] == first)
        let token = try await client.syncToken()
        let chosen: JSON = [["method": "email", "minutes": 1440], ["method": "popup", "minutes": 30]]
        let patched = await client.call("PATCH", entry, ["defaultReminders": chosen])
        #expect(patched.body["defaultReminders"] == chosen)
        #expect(await client.call("GET", entry).body["defaultReminders"] == chosen)
        let delta = await client.delta(since: token)
        #expect(delta.body["defaultReminders"] == chosen && delta.items.isEmpty)
        _ = await client.call("PATCH", entry, ["selected": true])
        #expect(await client.list().body["defaultReminders"] == chosen)
        let none = await client.call("PATCH", entry, ["defaultReminders": []])
        #expect(none.body["defaultReminders"] == [])
    }

    @Test(
        arguments: [
            [["method": "popup"]], [["minutes": 5]], "soon",
            .array((1...6).map { ["method": "popup", "minutes": .integer($0)] }),
        ] as [JSON]
    )
    func `default reminders that make no sense are refused`(_ reminders: JSON) async {
        let client = await GoogleClient.make()
        let entry = "users/me/calendarList/primary"
        let refused = await client.call("PATCH", entry, ["defaultReminders": reminders])
        #expect(refused.status == 400)
        #expect(await client.list().body["defaultReminders"] == [["method": "popup", "minutes": 10]])
    }

    @Test
    func `the list of calendars has deltas of its own`() async throws {
        let client = await GoogleClient.make()
        let path = "users/me/calendarList"
        let full = await client.call("GET", path)
        #expect(full.item(0)["primary"] == true)
        #expect(full.item(0)["accessRole"] == "owner")
        let token = try #require(full.body["nextSyncToken"]?.text)
        await client.simulator.addCalendar(id: "work", summary: "Work", owner: GoogleClient.email)
        #expect(await client.call("GET", path, query: "syncToken=\(token)").ids == ["work"])
        await client.simulator.unshare("work", from: GoogleClient.email)
        #expect(await client.call("GET", path, query: "syncToken=\(token)").items.map { $0["deleted"] } == [true])
        #expect(await client.call("GET", path).ids == [GoogleClient.email])
    }
}
