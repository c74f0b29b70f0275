import ICalendar
import SimulatorGoogle
import Store
import Sync
import Testing

@Suite("Google: what a client drops that only Google can write")
struct ConferenceTests {
    private static let call: SimulatorGoogle.JSON = [
        "conferenceData": [
            "conferenceId": "aaa-bbbb-ccc",
            "conferenceSolution": ["key": ["type": "hangoutsMeet"], "name": "Google Meet"],
            "entryPoints": [["entryPointType": "video", "uri": "https://meet.google.com/aaa-bbbb-ccc"]],
        ]
    ]

    /// A meeting with a call; only a client of Google's can make one.
    private func meet(_ linked: BadEventsTests.Linked) async throws {
        let mail = linked.side.calendarIdentifier
        var event = Self.call
        event["summary"] = "Lunch"
        (event["start"], event["end"]) = (["date": "2026-11-23"], ["date": "2026-11-24"])
        let token = await linked.side.simulator.makeAccessToken(for: mail)
        let reply = await linked.side.simulator.respond(
            to: APIRequest(
                method: "POST",
                path: "/calendar/v3/calendars/\(mail)/events",
                query: "conferenceDataVersion=1",
                headers: ["authorization": "Bearer \(token)"],
                body: event.octets
            )
        )
        #expect(reply.status == 200)
    }

    @Test(arguments: [nil, "https://elsewhere.example/1"], [false, true])
    func `the call of a meeting is here again once a client drops it or writes another`(
        _ other: String?,
        _ isRenamed: Bool
    ) async throws {
        let linked = try await BadEventsTests.Linked()
        try await meet(linked)
        try await linked.world.pass(of: linked.spoke)
        let before = try #require(try await linked.event("Lunch"))
        let calls = ["CONFERENCE", "X-GOOGLE-CONFERENCE"].map(before.all)
        #expect(calls.joined().count > 0)
        try await linked.change("Lunch") { event in
            for name in ["CONFERENCE", "X-GOOGLE-CONFERENCE"] { event.set(name, []) }
            if let other { event.set("X-GOOGLE-CONFERENCE", Property("X-GOOGLE-CONFERENCE", value: other)) }
            if isRenamed { event.set("SUMMARY", Property("SUMMARY", text: "Dinner")) }
        }
        let edited = await linked.there("Lunch")?["etag"]
        try await linked.world.pass(of: linked.spoke)
        let summary = isRenamed ? "Dinner" : "Lunch"
        let after = try #require(try await linked.event(summary))
        #expect(["CONFERENCE", "X-GOOGLE-CONFERENCE"].map(after.all) == calls)
        let there = try #require(await linked.there(summary))
        #expect(there["conferenceData"]?["conferenceId"]?.text == "aaa-bbbb-ccc")
        #expect((there["etag"] == edited) == !isRenamed)
        #expect(try await linked.world.pass(of: linked.spoke).run == nil)
    }
}
