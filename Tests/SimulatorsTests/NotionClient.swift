import HTTPTypes
import ICalendar
import OutboundHTTP
import SimulatorNotion
import Testing

/// A client of a simulated workspace over loopback HTTP, with one shared calendar.
struct NotionClient: Sendable {
    /// An answer, read.
    struct Answer {
        var status: Int
        var headers: HTTPFields
        var body: JSONValue

        var code: String? { body["code"]?.string }
        var message: String { body["message"]?.string ?? "" }
        var id: String { body["id"]?.string ?? "" }
        var results: [JSONValue] { body["results"]?.array ?? [] }

        /// The titles of the listed pages.
        var titles: [String] { results.map { NotionClient.plain($0["properties"]?["Name"]?["title"]) } }

        /// The value of a column of the page.
        func value(_ name: String, _ type: String) -> JSONValue? { body["properties"]?[name]?[type] }
    }

    /// The 21st of November 2026, a Saturday, 10:00:30 UTC.
    static let start = Instant(seconds: 1_795_255_230)

    let base: String
    let transport: CurlTransport
    var token = "ntn_internal"
    var source = ""

    /// Runs `body` against a listening simulator, which is stopped afterwards.
    static func serving(_ body: (NotionClient) async throws -> Void) async throws {
        let simulator = NotionSimulator(now: { start })
        let (addresses, announcer) = AsyncStream<String>.makeStream()
        let server = Task { try await simulator.run { announcer.yield($0) } }
        let base = try #require(await addresses.first { _ in true })
        let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))
        var client = NotionClient(base: base, transport: transport)
        do {
            _ = try await client.control("tokens", ["internal": .string(client.token)])
            client.source = try await client.control("data_sources", ["title": "Team"]).id
            try await body(client)
        } catch {
            server.cancel()
            throw error
        }
        await transport.shutDown()
        server.cancel()
        _ = await server.result
    }

    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ headers: HTTPFields = [:],
        _ body: [UInt8] = []
    ) async throws -> Answer {
        let request = OutboundRequest(method: method, url: base + path, headers: headers, body: body)
        let reply = try await transport.send(request)
        return Answer(status: reply.status, headers: reply.headers, body: JSONValue(parsing: reply.body) ?? .null)
    }

    /// Calls the API below `/v1/`.
    func call(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil) async throws -> Answer {
        var headers: HTTPFields = [.authorization: "Bearer " + token, .contentType: "application/json"]
        headers[try #require(HTTPField.Name("Notion-Version"))] = "2026-03-11"
        return try await send(method, "/v1/" + path, headers, body?.octets ?? [])
    }

    func control(_ path: String, _ body: JSONValue, method: HTTPRequest.Method = .post) async throws -> Answer {
        try await send(method, "/control/" + path, [:], method == .post ? body.octets : [])
    }

    func create(_ properties: JSONValue) async throws -> Answer {
        let parent: JSONValue = ["type": "data_source_id", "data_source_id": .string(source)]
        return try await call(.post, "pages", ["parent": parent, "properties": properties])
    }

    func create(_ title: String, start: String? = nil) async throws -> Answer {
        var properties: JSONValue = ["Name": Self.title(title)]
        if let start { properties["When"] = ["date": ["start": .string(start)]] }
        return try await create(properties)
    }

    func page(_ id: String) async throws -> Answer { try await call(.get, "pages/" + id) }

    func change(_ id: String, _ change: JSONValue) async throws -> Answer {
        try await call(.patch, "pages/" + id, change)
    }

    func query(_ body: JSONValue = [:]) async throws -> Answer {
        try await call(.post, "data_sources/\(source)/query", body)
    }

    /// The titles of the rows that pass a filter.
    func titles(where filter: JSONValue) async throws -> [String] { try await query(["filter": filter]).titles }

    static func title(_ text: String) -> JSONValue { ["title": [["text": ["content": .string(text)]]]] }

    static func text(_ text: String) -> JSONValue { ["rich_text": [["text": ["content": .string(text)]]]] }

    static func plain(_ value: JSONValue?) -> String {
        (value?.array ?? []).compactMap { $0["plain_text"]?.string }.joined()
    }
}
