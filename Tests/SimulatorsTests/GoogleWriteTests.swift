import SimulatorGoogle
import Testing

@Suite("Google event methods: insert, import, patch, update, delete, move")
struct GoogleWriteTests {
    @Test
    func `PATCH merges objects, replaces arrays, and deletes by null`() async {
        let client = await GoogleClient.make()
        let guests: JSON = [["email": "SAM@example.org"], ["email": "kim@example.org"]]
        let properties: JSON = ["private": ["a": "1", "b": "2"]]
        let event = Sample.with(
            Sample.meeting,
            ["id": "lunch", "location": "Here", "attendees": guests, "extendedProperties": properties]
        )
        #expect(await client.insert(event).status == 200)
        let patched = await client.patch(
            "lunch",
            [
                "location": nil, "attendees": [["email": "kim@example.org"]],
                "extendedProperties": ["private": ["a": nil, "c": "3"]],
            ]
        ).body
        #expect(patched["summary"] == "Meeting")
        #expect(patched["location"] == nil)
        #expect(patched["attendees"] == [["email": "kim@example.org", "responseStatus": "needsAction"]])
        #expect(patched["extendedProperties"]?["private"] == ["b": "2", "c": "3"])
    }

    @Test
    func `PUT clears what it does not send`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "lunch", "location": "Here", "colorId": "4"]))
        let replaced = await client.replace("lunch", Sample.meeting).body
        #expect(replaced["location"] == nil)
        #expect(replaced["colorId"] == nil)
        #expect(replaced["iCalUID"] == "lunch@google.com")
        #expect(await client.replace("lunch", ["summary": "No times"]).reason == "required")
    }

    @Test
    func `a timed event becomes an all-day one only when the old members are nulled`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "lunch"]))
        let naive = await client.patch("lunch", ["start": ["date": "2026-03-02"], "end": ["date": "2026-03-03"]])
        #expect(naive.reason == "invalid")
        let patched = await client.patch(
            "lunch",
            [
                "start": ["date": "2026-03-02", "dateTime": nil, "timeZone": nil],
                "end": ["date": "2026-03-03", "dateTime": nil, "timeZone": nil],
            ]
        )
        #expect(patched.body["start"] == ["date": "2026-03-02"])
    }

    @Test
    func `a write with an old etag is refused, with the current one it is done`() async throws {
        let client = await GoogleClient.make()
        let first = try #require(await client.insert(Sample.with(Sample.meeting, ["id": "lunch"])).body["etag"]?.text)
        let second = try #require(await client.patch("lunch", ["summary": "B"], ifMatch: first).body["etag"]?.text)
        let refused = await client.patch("lunch", ["summary": "C"], ifMatch: first)
        #expect(refused.status == 412)
        #expect(refused.reason == "conditionNotMet")
        #expect(await client.delete("lunch", ifMatch: first).status == 412)
        #expect(await client.get("lunch", headers: ["if-none-match": second]).status == 304)
        #expect(await client.delete("lunch", ifMatch: second).status == 204)
    }

    @Test
    func `an identifier stays taken, also by a deleted event`() async {
        let client = await GoogleClient.make()
        let event = Sample.with(Sample.meeting, ["id": "lunch"])
        _ = await client.insert(event)
        #expect(await client.insert(event).status == 409)
        #expect(await client.delete("lunch").status == 204)
        #expect(await client.insert(event).reason == "duplicate")
        #expect(await client.delete("lunch").status == 410)
        #expect(await client.get("lunch").body["status"] == "cancelled")
    }

    @Test
    func `a tombstone takes nothing but being confirmed again`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "lunch"]))
        _ = await client.delete("lunch")
        #expect(await client.patch("lunch", ["summary": "Ghost"]).status == 403)
        let revived = await client.patch("lunch", ["status": "confirmed", "summary": "Back"])
        #expect(revived.body["status"] == "confirmed")
        #expect(await client.list().ids == ["lunch"])
    }

    @Test
    func `a sequence below the stored one is refused`() async {
        let client = await GoogleClient.make()
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "lunch", "sequence": 3]))
        #expect(await client.patch("lunch", ["sequence": 2]).status == 400)
        let moved = await client.patch("lunch", ["end": ["dateTime": "2026-03-02T12:00:00+01:00"]])
        #expect(moved.body["sequence"] == 4)
        #expect(await client.patch("lunch", ["summary": "Same time"]).body["sequence"] == 4)
    }

    @Test
    func `import keeps the UID, derives the identifier, and replaces in place`() async {
        let client = await GoogleClient.make()
        let event = Sample.with(Sample.meeting, ["iCalUID": "a@b", "location": "Here"])
        let path = "calendars/primary/events/import"
        let first = await client.call("POST", path, event).body
        #expect(first["id"] == "_c5064")
        #expect(first["iCalUID"] == "a@b")
        let again = await client.call("POST", path, Sample.with(Sample.meeting, ["iCalUID": "a@b"])).body
        #expect(again["id"] == first["id"])
        #expect(again["location"] == nil)
        #expect(await client.call("POST", path, Sample.with(event, ["id": "chosen"])).reason == "invalid")
        #expect(await client.insert(event).reason == "duplicate")
    }

    @Test
    func `somebody else's event is imported only for a guest`() async {
        let client = await GoogleClient.make()
        let path = "calendars/primary/events/import"
        let foreign = Sample.with(Sample.meeting, ["iCalUID": "x@y", "organizer": ["email": "boss@example.org"]])
        #expect(await client.call("POST", path, foreign).reason == "participantIsNeitherOrganizerNorAttendee")
        let invited = Sample.with(foreign, ["attendees": [["email": "anna@example.org"]]])
        let copy = await client.call("POST", path, invited).body
        #expect(copy["privateCopy"] == true)
        #expect(copy["attendees"]?[0]?["self"] == true)
        let id = copy["id"]?.text ?? ""
        let shared: JSON = ["extendedProperties": ["shared": ["a": "b"]]]
        #expect(await client.patch(id, shared).reason == "forbiddenForNonOrganizer")
    }

    @Test
    func `no mail is sent unless the write asks for it`() async {
        let client = await GoogleClient.make()
        let event = Sample.with(Sample.meeting, ["id": "lunch", "attendees": [["email": "sam@example.org"]]])
        _ = await client.insert(event)
        _ = await client.patch("lunch", ["summary": "Quiet"], query: "sendUpdates=none")
        #expect(await client.simulator.mails.isEmpty)
        _ = await client.patch("lunch", ["summary": "Loud"], query: "sendUpdates=all")
        #expect(await client.simulator.mails.map(\.recipient) == ["sam@example.org"])
    }

    @Test
    func `an event moves with its identifier and leaves a tombstone`() async throws {
        let client = await GoogleClient.make()
        let work = await client.simulator.addCalendar(id: "work", summary: "Work", owner: GoogleClient.email)
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "lunch"]))
        let token = try await client.syncToken()
        let moved = await client.call("POST", "calendars/primary/events/lunch/move", query: "destination=\(work)")
        #expect(moved.body["organizer"]?["email"]?.text == "work")
        #expect(await client.delta(since: token).items.map { $0["status"] } == ["cancelled"])
        #expect(await client.call("GET", "calendars/work/events").ids == ["lunch"])
    }

    @Test
    func `a reader may not write and a free-busy reader sees no titles`() async {
        let client = await GoogleClient.make()
        let simulator = client.simulator
        await simulator.addAccount(email: "boss@example.org")
        await simulator.share("boss@example.org", with: GoogleClient.email, as: .reader)
        var boss = GoogleClient(simulator: simulator, token: await simulator.makeAccessToken(for: "boss@example.org"))
        boss.calendar = "boss%40example.org"
        _ = await boss.insert(Sample.with(Sample.meeting, ["id": "secret", "visibility": "private"]))
        var anna = client
        anna.calendar = boss.calendar
        let refused = await anna.insert(Sample.meeting)
        #expect(refused.status == 403)
        #expect(refused.reason == "requiredAccessLevel")
        #expect(await anna.get("secret").body["summary"] == nil)
        await simulator.share("boss@example.org", with: GoogleClient.email, as: .freeBusyReader)
        #expect(await anna.list().items.map { $0["summary"] } == [nil])
        await simulator.unshare("boss@example.org", from: GoogleClient.email)
        #expect(await anna.list().status == 404)
    }
}
