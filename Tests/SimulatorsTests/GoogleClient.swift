import ICalendar
import SimulatorGoogle
import Testing

/// A client of the simulated API that keeps its token, and calls without a socket.
struct GoogleClient {
    /// An answer, read.
    struct Answer {
        var status: Int
        var body: JSON
        var headers: [String: String]
        var octets: [UInt8]
        var delivery: APIReply.Delivery

        /// The word that says why a call was refused.
        var reason: String? { body["error"]?["errors"]?[0]?["reason"]?.text }

        /// The identifiers of the listed items.
        var ids: [String] { items.compactMap { $0["id"]?.text } }

        var items: [JSON] { body["items"]?.elements ?? [] }

        /// The item at `index`; null where there is none.
        func item(_ index: Int) -> JSON { body["items"]?[index] ?? .null }
    }

    static let email = "anna@example.org"

    /// The first of March 2026, a Sunday, 08:00 UTC.
    static let start = Instant(seconds: 1_772_352_000)

    let simulator: GoogleSimulator
    var token: String
    var calendar = GoogleClient.email

    /// A simulator with one account in Berlin, and a token with every scope.
    static func make(
        _ configuration: GoogleSimulator.Configuration = .init(now: { GoogleClient.start })
    ) async -> GoogleClient {
        let simulator = GoogleSimulator(configuration: configuration)
        await simulator.addAccount(email: email, displayName: "Anna")
        return GoogleClient(simulator: simulator, token: await simulator.makeAccessToken(for: email))
    }

    /// Calls below `/calendar/v3/`.
    func call(
        _ method: String,
        _ path: String,
        query: String = "",
        _ body: JSON? = nil,
        headers: [String: String] = [:]
    ) async -> Answer {
        await send(
            APIRequest(
                method: method,
                path: "/calendar/v3/\(path)",
                query: query,
                headers: headers.merging(["authorization": "Bearer \(token)"]) { given, _ in given },
                body: body?.octets ?? []
            )
        )
    }

    func send(_ request: APIRequest) async -> Answer {
        let reply = await simulator.respond(to: request)
        let body = (try? JSON(parsing: reply.body)) ?? .null
        return Answer(
            status: reply.status,
            body: body,
            headers: reply.headers,
            octets: reply.body,
            delivery: reply.delivery
        )
    }

    func list(_ query: String = "") async -> Answer { await call("GET", "calendars/\(calendar)/events", query: query) }

    func get(_ id: String, headers: [String: String] = [:]) async -> Answer {
        await call("GET", "calendars/\(calendar)/events/\(id)", headers: headers)
    }

    func insert(_ event: JSON, query: String = "") async -> Answer {
        await call("POST", "calendars/\(calendar)/events", query: query, event)
    }

    func patch(_ id: String, _ changes: JSON, query: String = "", ifMatch etag: String? = nil) async -> Answer {
        let headers = etag.map { ["if-match": $0] } ?? [:]
        return await call("PATCH", "calendars/\(calendar)/events/\(id)", query: query, changes, headers: headers)
    }

    func replace(_ id: String, _ event: JSON) async -> Answer {
        await call("PUT", "calendars/\(calendar)/events/\(id)", event)
    }

    func delete(_ id: String, ifMatch etag: String? = nil) async -> Answer {
        let headers = etag.map { ["if-match": $0] } ?? [:]
        return await call("DELETE", "calendars/\(calendar)/events/\(id)", headers: headers)
    }

    /// The token at the end of a full listing.
    func syncToken() async throws -> String { try #require(await list().body["nextSyncToken"]?.text) }

    func delta(since token: String) async -> Answer { await list("syncToken=\(token)") }
}

/// Bodies of events.
enum Sample {
    /// Ten to eleven in Berlin on the 2nd of March 2026, a Monday.
    static let meeting: JSON = [
        "summary": "Meeting",
        "start": ["dateTime": "2026-03-02T10:00:00", "timeZone": "Europe/Berlin"],
        "end": ["dateTime": "2026-03-02T11:00:00", "timeZone": "Europe/Berlin"],
    ]

    static let holiday: JSON = ["summary": "Holiday", "start": ["date": "2026-03-02"], "end": ["date": "2026-03-05"]]

    /// The meeting, every Monday, across the change to summer time on the 29th.
    static let weekly = with(meeting, ["id": "series", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=6"]])

    static let daily = with(
        holiday,
        ["id": "season", "end": ["date": "2026-03-03"], "recurrence": ["RRULE:FREQ=DAILY;COUNT=4"]]
    )

    static func with(_ event: JSON, _ more: [String: JSON]) -> JSON {
        .object((event.members ?? [:]).merging(more) { _, new in new })
    }
}
