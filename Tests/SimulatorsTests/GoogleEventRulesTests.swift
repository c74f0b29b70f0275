import SimulatorGoogle
import Testing

@Suite("Google Events resource: times, defaults, limits")
struct GoogleEventRulesTests {
    @Test
    func `a new event is answered as the discovery document describes it`() async throws {
        let client = await GoogleClient.make()
        let event = await client.insert(Sample.meeting).body
        #expect(event["kind"] == "calendar#event")
        #expect(event["status"] == "confirmed")
        #expect(event["eventType"] == "default")
        #expect(event["id"]?.text?.utf8.count == 26)
        #expect(event["iCalUID"]?.text == "\(event["id"]?.text ?? "")@google.com")
        #expect(event["sequence"] == 0)
        #expect(event["creator"] == ["email": "anna@example.org", "self": true])
        #expect(event["organizer"] == ["email": "anna@example.org", "self": true])
        #expect(event["reminders"] == ["useDefault": true])
        #expect(event["created"]?.text == "2026-03-01T08:00:00.000Z")
        let etag = try #require(event["etag"]?.text)
        #expect(etag.hasPrefix("\"") && etag.hasSuffix("\"") && Int(etag.dropFirst().dropLast()) != nil)
        for omitted in ["transparency", "visibility", "guestsCanModify", "description", "attendees"] {
            #expect(event[omitted] == nil, "\(omitted)")
        }
    }

    @Test
    func `a time is shown in the calendar's zone and keeps the event's own`() async {
        let client = await GoogleClient.make()
        let event = await client.insert([
            "start": ["dateTime": "2026-07-01T09:00:00", "timeZone": "America/New_York"],
            "end": ["dateTime": "2026-07-01T14:30:00Z", "timeZone": "UTC"],
        ]).body
        #expect(event["start"] == ["dateTime": "2026-07-01T15:00:00+02:00", "timeZone": "America/New_York"])
        #expect(event["end"] == ["dateTime": "2026-07-01T16:30:00+02:00", "timeZone": "UTC"])
        let inTokyo = await client.call(
            "GET",
            "calendars/primary/events/\(event["id"]?.text ?? "")",
            query: "timeZone=Asia%2FTokyo"
        )
        #expect(inTokyo.body["start"]?["dateTime"] == "2026-07-01T22:00:00+09:00")
    }

    @Test(
        arguments: [
            (["start": ["dateTime": "2026-03-02T10:00:00"]], "required"),
            (["start": ["date": "2026-03-02"]], "invalid"),
            (["start": ["date": "2026-03-02", "dateTime": "2026-03-02T10:00:00Z"]], "invalid"),
            (["start": ["dateTime": "2026-13-02T10:00:00Z"]], "invalid"),
            (["start": ["dateTime": "2026-03-02T10:00:00", "timeZone": "W. Europe Standard Time"]], "invalid"),
            (["end": ["dateTime": "2026-03-02T08:00:00Z"]], "timeRangeEmpty"),
            (["end": nil], "required"),
            (["id": "UPPER"], "invalid"),
            (["id": "abc"], "invalid"),
            (["recurrence": ["FREQ=DAILY"]], "invalid"),
            (["recurrence": ["RRULE:FREQ=DAILY;COUNT=3;UNTIL=20260401T000000Z"]], "invalid"),
            (["recurrence": ["RRULE:FREQ=DAILY;UNTIL=20260401"]], "invalid"),
            (["recurrence": ["RRULE:FREQ=HOURLY"]], "invalid"),
            (["attendees": [["displayName": "Nobody"]]], "required"),
            (["colorId": "12"], "invalid"),
            (["visibility": "secret"], "invalid"),
            (["eventType": "fromGmail"], "eventTypeRestriction"),
            (["source": ["url": "ftp://example.org"]], "invalid"),
        ] as [([String: JSON], String)]
    )
    func `a wrong body is refused with 400`(_ change: [String: JSON], _ reason: String) async {
        let client = await GoogleClient.make()
        let answer = await client.insert(Sample.with(Sample.meeting, change))
        #expect(answer.status == 400)
        #expect(answer.reason == reason)
        #expect(answer.body["error"]?["code"] == 400)
    }

    @Test
    func `a recurring event needs a zone even when its times have offsets`() async {
        let client = await GoogleClient.make()
        let timed: JSON = [
            "start": ["dateTime": "2026-03-02T10:00:00Z"], "end": ["dateTime": "2026-03-02T11:00:00Z"],
        ]
        let single = await client.insert(timed)
        #expect(single.status == 200)
        #expect(single.body["start"]?["timeZone"] == "Europe/Berlin")
        let series = await client.insert(Sample.with(timed, ["recurrence": ["RRULE:FREQ=DAILY"]]))
        #expect(series.reason == "required")
        #expect(series.body["error"]?["message"] == "Missing time zone definition for start time.")
    }

    @Test
    func `an all-day event of no day is empty, a timed one of no length is not`() async {
        let client = await GoogleClient.make()
        let day: JSON = ["date": "2026-03-02"]
        #expect(await client.insert(["start": day, "end": day]).reason == "timeRangeEmpty")
        let moment: JSON = ["dateTime": "2026-03-02T10:00:00Z"]
        #expect(await client.insert(["start": moment, "end": moment]).status == 200)
    }

    @Test
    func `reminders are clamped, merged, and stripped of unknown methods`() async {
        let client = await GoogleClient.make()
        let overrides: JSON = [
            ["method": "popup", "minutes": -5], ["method": "popup", "minutes": 0],
            ["method": "email", "minutes": 99_999],
            ["method": "sms", "minutes": 5],
        ]
        let reminders: JSON = ["useDefault": false, "overrides": overrides]
        let event = await client.insert(Sample.with(Sample.meeting, ["reminders": reminders])).body
        let kept: JSON = [["method": "email", "minutes": 40_320], ["method": "popup", "minutes": 0]]
        #expect(event["reminders"] == ["useDefault": false, "overrides": kept])
    }

    @Test
    func `default reminders and overrides exclude each other, also by PATCH over stored ones`() async {
        let client = await GoogleClient.make()
        let overrides: JSON = [["method": "popup", "minutes": 5]]
        let both: JSON = ["useDefault": true, "overrides": overrides]
        let refused = await client.insert(Sample.with(Sample.meeting, ["reminders": both]))
        #expect(refused.reason == "cannotUseDefaultRemindersAndSpecifyOverride")
        let six = JSON.array((1...6).map { ["method": "popup", "minutes": .integer($0)] })
        let tooMany = Sample.with(Sample.meeting, ["reminders": ["useDefault": false, "overrides": six]])
        #expect(await client.insert(tooMany).reason == "eventRemindersCountExceedsLimit")

        let own: JSON = ["useDefault": false, "overrides": overrides]
        _ = await client.insert(Sample.with(Sample.meeting, ["id": "alarm", "reminders": own]))
        let patched = await client.patch("alarm", ["reminders": ["useDefault": true]])
        #expect(patched.reason == "cannotUseDefaultRemindersAndSpecifyOverride")
        let cleared = await client.patch("alarm", ["reminders": ["useDefault": true, "overrides": []]])
        #expect(cleared.body["reminders"] == ["useDefault": true])
    }

    @Test
    func `an all-day event spells the calendar's default reminders out`() async {
        let client = await GoogleClient.make()
        let event = await client.insert(Sample.holiday).body
        #expect(event["reminders"]?["useDefault"] == false)
        #expect(event["reminders"]?["overrides"] == [["method": "popup", "minutes": 10]])
    }

    @Test
    func `a change of reminders moves the etag and not updated`() async {
        let client = await GoogleClient.make()
        let before = await client.insert(Sample.with(Sample.meeting, ["id": "alarm"])).body
        await client.simulator.setClockOffset(60)
        let after = await client.patch("alarm", ["reminders": ["useDefault": false]]).body
        #expect(after["etag"] != before["etag"])
        #expect(after["updated"] == before["updated"])
        #expect(await client.patch("alarm", ["summary": "Loud"]).body["updated"] != before["updated"])
    }

    @Test
    func `long property keys are dropped and long values cut`() async {
        let client = await GoogleClient.make()
        let properties: JSON = [
            "private": [
                String(repeating: "k", count: 45): "lost",
                "long": .string(String(repeating: "v", count: 2000)),
            ] as JSON
        ]
        let event = await client.insert(Sample.with(Sample.meeting, ["extendedProperties": properties])).body
        #expect(event["extendedProperties"]?["private"]?.members?.count == 1)
        #expect(event["extendedProperties"]?["private"]?["long"]?.text?.count == 1024)
    }
}
