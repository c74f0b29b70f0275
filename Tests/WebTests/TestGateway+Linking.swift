import Foundation
import ICalendar
import SimulatorGoogle
import Testing

/// A link that a test made.
struct MadeLink: Sendable {
    var id: Int
    var connection: Int
    /// The calendar upstream.
    var upstream: String
}

extension TestGateway {
    /// The identifier of a user's first calendar.
    func calendar(of user: String = "alice") async throws -> Int {
        try #require(await call("GET", "/calendars", as: user).items.first?["id"]?.number)
    }

    /// Makes an event through the REST interface and answers its identifier.
    func makeLunch(_ more: [String: JSON] = [:]) async throws -> Int {
        let lunch: [String: JSON] = [
            "calendar": .integer(Int64(try await calendar())), "summary": "Lunch", "start": "2026-11-24T12:00:00Z",
            "end": "2026-11-24T13:00:00Z",
        ]
        let made = try await call("POST", "/events", .object(lunch.merging(more) { $1 }))
        #expect(made.status == 201, "\(made.reply.text)")
        return try #require(made.body["id"]?.number)
    }

    /// Connects Google through its consent page, which says yes at once.
    func connectGoogle() async throws -> Int {
        await upstreams.googleService.setAutoApprove(true)
        return try await connect("google")
    }

    /// Connects Notion through its consent page, which says yes at once.
    func connectNotion() async throws -> Int {
        try await upstreams.inNotion("POST", "settings", ["approves_at_once": true])
        return try await connect("notion")
    }

    private func connect(_ provider: String) async throws -> Int {
        let begun = try await call("POST", "/connections", ["provider": .string(provider)])
        #expect(begun.status == 201)
        let page = try await upstreams.send("GET", try #require(begun.body["authorize_url"]?.text))
        let back = try await send("GET", try Self.path(of: #require(page["Location"])))
        #expect(back.status == 303, "\(back.text)")
        return try #require(begun.body["id"]?.number)
    }

    /// An address of ours as a path.
    static func path(of address: String) throws -> String {
        try #require(address.hasPrefix(publicURL))
        return String(address.dropFirst(publicURL.count))
    }

    func linkGoogle(start: Bool = true, _ more: [String: JSON] = [:]) async throws -> MadeLink {
        try await link(try await connectGoogle(), with: TestUpstreams.account, start, more)
    }

    func linkNotion(start: Bool = true, _ more: [String: JSON] = [:]) async throws -> MadeLink {
        try await link(try await connectNotion(), with: try await upstreams.makeDatabase(), start, more)
    }

    private func link(
        _ connection: Int,
        with upstream: String,
        _ starts: Bool,
        _ more: [String: JSON]
    ) async throws -> MadeLink {
        let wish: [String: JSON] = [
            "connection": .integer(Int64(connection)), "upstream_calendar": .string(upstream),
            "calendar": .integer(Int64(try await calendar())), "start": .bool(starts),
        ]
        let made = try await call("POST", "/links", .object(wish.merging(more) { $1 }))
        #expect(made.status == 201, "\(made.reply.text)")
        return MadeLink(id: try #require(made.body["id"]?.number), connection: connection, upstream: upstream)
    }

    /// Asks for a pass and waits for its end.
    func sync(_ link: MadeLink) async throws {
        let asked = try await call("POST", "/links/\(link.id)/sync")
        #expect(asked.status == 202)
        let run = try #require(asked.body["run"]?.number)
        try await eventually("run \(run) ends") {
            try await call("GET", "/runs/\(run)").body["finished_at"]?.text != nil
        }
    }

    /// The link as the REST interface shows it.
    func row(_ link: MadeLink) async throws -> JSON { try await call("GET", "/links/\(link.id)").body }

    /// The objects of alice's calendar, as a client reads them.
    func objects() async throws -> [(href: String, text: String)] {
        let body = """
            <D:sync-collection xmlns:D="DAV:"><D:sync-token/><D:sync-level>1</D:sync-level>\
            <D:prop><D:getetag/></D:prop></D:sync-collection>
            """
        let calendar = "/dav/calendars/alice/default/"
        let listed = try await send("REPORT", calendar, body: Array(body.utf8))
        #expect(listed.status == 207)
        var found: [(href: String, text: String)] = []
        for part in listed.text.components(separatedBy: "href>") where part.hasPrefix(calendar) {
            let href = String(part.prefix { $0 != "<" })
            let object = try await send("GET", href)
            if object.status == 200 { found.append((href, object.text)) }
        }
        return found
    }

    /// The object of that title, as a client reads it.
    func object(_ title: String) async throws -> (href: String, text: String)? {
        try await objects().first { $0.text.contains("SUMMARY:\(title)\r\n") }
    }
}

extension TestGateway {
    /// Lets both sides change one title while the link is paused, and answers the conflict that a person is to settle.
    func makeConflict() async throws -> Int {
        let id = try await upstreams.makeEvent("Talk")
        let link = try await linkGoogle(["conflicts": "ask"])
        try await eventually("the event is here") { try await object("Talk") != nil }
        _ = try await call("POST", "/links/\(link.id)/pause")
        _ = try await upstreams.googleService.editEvent(id, ["summary": "Theirs"], in: TestUpstreams.account)
        let window = "/events?start=2026-11-24&end=2026-11-26"
        let event = try #require(await call("GET", window).items.first { $0["summary"]?.text == "Talk" })
        _ = try await call("PATCH", "/events/\(event["id"]?.number ?? 0)", ["summary": "Ours"])
        _ = try await call("POST", "/links/\(link.id)/resume")
        var found: Int?
        try await eventually("the conflict is found") {
            found = try await call("GET", "/conflicts?state=open").items.first?["id"]?.number
            return found != nil
        }
        return try #require(found)
    }
}
