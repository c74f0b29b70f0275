public import Bridging
import HTTPTypes
public import ICalendar
public import OutboundHTTP

/// Notion as an upstream: each data source shared with the connection is a calendar.
public struct NotionProvider: UpstreamProvider {
    public let name = "notion"

    private let transport: any HTTPTransport
    private let apiURL: String
    private let sweepInterval: Int64
    private let now: @Sendable () -> Instant
    private let sleep: @Sendable (Duration) async throws -> Void
    private let note: @Sendable (String) -> Void
    private let budget: RateBudget
    private let memory = PageMemory()
    private let workspace = Workspace()

    /// Notion's own address of the API.
    public static let defaultAPIURL = "https://api.notion.com"

    /// What Notion allows one connection in a minute (Business and Enterprise: 600).
    public static let defaultRequestsPerMinute = 180

    /// How often vanished pages are looked for by a full listing.
    public static let defaultSweepInterval: Int64 = 6 * 3600

    /// Makes a provider, whose bridges share the budget of each connection.
    ///
    /// - Parameters:
    ///   - transport: sends the requests.
    ///   - apiURL: the address of the API, which ends before `/v1`.
    ///   - requestsPerMinute: how many requests a connection may make.
    ///   - sweepInterval: the seconds after which a pull lists the whole table again; 0 for every pull.
    ///   - now: the clock.
    ///   - elapsed: the time since some moment, which never goes back; requests are spread by it.
    ///   - sleep: waits for a turn in the budget, and between look-ups after a creation without an answer.
    ///   - note: takes a line for the log about each answer that says no, with Notion's number of the request.
    public init(
        transport: any HTTPTransport,
        apiURL: String = NotionProvider.defaultAPIURL,
        requestsPerMinute: Int = NotionProvider.defaultRequestsPerMinute,
        sweepInterval: Int64 = NotionProvider.defaultSweepInterval,
        now: @escaping @Sendable () -> Instant,
        elapsed: @escaping @Sendable () -> Duration = NotionProvider.uptime(),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.transport = transport
        self.apiURL = apiURL
        self.sweepInterval = sweepInterval
        self.now = now
        self.sleep = sleep
        self.note = note
        budget = RateBudget(requestsPerMinute: requestsPerMinute, elapsed: elapsed)
    }

    /// A clock that begins at zero now.
    public static func uptime() -> @Sendable () -> Duration {
        let begin = ContinuousClock.now
        return { begin.duration(to: .now) }
    }

    public func bridge(to link: UpstreamLink, using credentials: any CredentialSource) -> any Bridge {
        notionBridge(to: link, using: credentials)
    }

    /// Makes the bridge for a stored link, with what only Notion's bridge can tell.
    public func notionBridge(to link: UpstreamLink, using credentials: any CredentialSource) -> NotionBridge {
        NotionBridge(
            link: link,
            client: client(using: credentials),
            memory: memory,
            workspace: workspace,
            sweepInterval: sweepInterval,
            now: now
        )
    }

    func client(using credentials: any CredentialSource) -> NotionClient {
        NotionClient(
            transport: transport,
            apiURL: apiURL,
            credentials: credentials,
            budget: budget,
            sleep: sleep,
            note: note
        )
    }
}

// MARK: - Calendars

extension NotionProvider {
    /// Lists the data sources that Notion's search finds; only those shared directly are sure to be among them.
    public func calendars(
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> [UpstreamCalendar] {
        let client = client(using: credentials)
        var calendars: [UpstreamCalendar] = []
        var start: JSON = .null
        while true {
            var body: [String: JSON] = [
                "filter": ["property": "object", "value": "data_source"], "page_size": 100,
            ]
            if start != .null { body["start_cursor"] = start }
            let answer = try await client.ask(.post, "search", .object(body), about: .calendar)
            for found in answer["results"]?.elements ?? [] {
                guard found["in_trash"]?.bool != true, let id = found["id"]?.string,
                    !calendars.contains(where: { $0.id == id })
                else { continue }
                let whole = found["properties"] == nil ? try await client.dataSource(id) : found
                if let calendar = UpstreamCalendar(dataSource: whole) { calendars.append(calendar) }
            }
            guard answer["has_more"]?.bool == true, let next = answer["next_cursor"], next != .null, next != start
            else { return calendars }
            start = next
        }
    }

    /// Makes a database under the page `parent`, with a column for everything that can be mapped.
    public func makeCalendar(
        named name: String,
        parent: String?,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> UpstreamCalendar {
        guard let parent, !parent.isEmpty else {
            let sentence =
                "A Notion table needs a page to live on: name one that is shared with the connection as “parent”."
            throw .refused(Refusal(.calendar, code: "parent_required", message: sentence))
        }
        let columns = ColumnRole.allCases.filter { !$0.isOptional }.map { ($0.defaultName, $0.definition) }
        let body: JSON = [
            "parent": ["type": "page_id", "page_id": .string(pastedID(parent))],
            "title": [["type": "text", "text": ["content": .string(name)]]],
            "initial_data_source": [
                "properties": .object(Dictionary(columns, uniquingKeysWith: { first, _ in first }))
            ],
        ]
        let client = client(using: credentials)
        let answer = try await Self.makeDatabase(body, client)
        guard let id = answer["data_sources"]?.elements.first?["id"]?.string else {
            throw .unreachable("Notion made a database without a data source.")
        }
        // What was asked for is not always what was made: a misplaced schema is ignored without a word.
        let dataSource = try await client.dataSource(id)
        guard var calendar = UpstreamCalendar(dataSource: dataSource) else { throw NotionProblem.unreadable.error }
        if calendar.name == UpstreamCalendar.untitled { calendar.name = name }
        return calendar
    }

    /// Makes a database; one that was made though no answer came is the one that was asked for.
    private static func makeDatabase(_ body: JSON, _ client: NotionClient) async throws(BridgeError) -> JSON {
        do throws(NotionProblem) {
            return try await client.send(.post, "databases", body, isWrite: true, about: .calendar)
        } catch {
            guard error.kind == .lost else { throw error.error }
            guard let id = error.committed else {
                throw .unreachable(
                    "Notion did not say whether it made the database: look on the page before you ask for it again."
                )
            }
            return try await client.ask(.get, "databases/\(percentEncodeSegment(id))", about: .calendar)
        }
    }
}

extension UpstreamCalendar {
    /// The name Notion shows for what has none.
    static let untitled = "Untitled"

    /// Reads a data source; nil for what is none.
    init?(dataSource: JSON) {
        guard let id = dataSource["id"]?.string else { return nil }
        let title = RichText.plainText(dataSource["title"]).onOneLine.trimmed
        self.init(
            id: id,
            name: title.isEmpty ? Self.untitled : title,
            access: .writer,
            schema: TableSchema(dataSource).listing.serialized
        )
    }
}
