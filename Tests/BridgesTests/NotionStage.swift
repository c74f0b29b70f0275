import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import Synchronization

@testable import BridgeNotion

/// What the Notion tests share: one table, one link, a clock that stands still.
enum NotionStage {
    static let table = "d5000000-0000-4000-8000-0000000000d5"
    static let zone = "Europe/Berlin"
    static let now = Instant(rfc3339: "2026-11-21T12:00:00Z") ?? Instant(seconds: 0)

    /// The columns of the table, with identifiers as odd as Notion's.
    static let columns = inZone(
        Columns([
            .title: Column(id: "title", name: "Name", type: .title),
            .when: Column(id: "D%5BBw", name: "When", type: .date),
            .description: Column(id: "dE%3A1", name: "Description", type: .richText),
            .location: Column(id: "lOc%60", name: "Location", type: .richText),
            .url: Column(id: "uRl_", name: "URL", type: .url),
            .status: Column(
                id: "sTa%3F",
                name: "Status",
                type: .select,
                options: ["Confirmed", "Tentative", "Cancelled"]
            ),
            .categories: Column(id: "%3B%5Cds", name: "Categories", type: .multiSelect),
            .attendees: Column(id: "aTt%7B", name: "Attendees", type: .richText),
            .repeats: Column(id: "rEp%40", name: "Repeats", type: .richText),
            .uid: Column(id: "uId%7D", name: "Calendar UID", type: .richText),
        ])
    )

    /// The columns as a bridge of the link has them.
    static func inZone(_ columns: Columns) -> Columns {
        var columns = columns
        columns.linkZone = zone
        return columns
    }

    static func link(mapping: String? = nil, calendar: String = table) -> UpstreamLink {
        UpstreamLink(
            identity: "k7",
            calendar: calendar,
            timeZone: zone,
            mapping: mapping ?? Mapping.settled(columns),
            notifiesGuests: false
        )
    }

    static func provider(
        _ transport: any HTTPTransport,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in }
    ) -> NotionProvider {
        NotionProvider(
            transport: transport,
            apiURL: "https://notion.test",
            requestsPerMinute: 60_000,
            now: { now },
            sleep: sleep
        )
    }

    /// A bridge for what needs no network.
    static var bridge: NotionBridge {
        provider(NotionScript([])).notionBridge(to: link(), using: NotionTokens())
    }
}

/// Two tokens: the first until Notion refuses it.
struct NotionTokens: CredentialSource {
    func accessToken() async throws(BridgeError) -> AccessToken { AccessToken("first") }

    func accessToken(replacing rejected: AccessToken) async throws(BridgeError) -> AccessToken { AccessToken("second") }
}

/// One request that is expected and the answer it gets.
struct NotionExchange: Sendable {
    var method: String
    /// With its query where the fixture gives one.
    var path: String
    var body: JSON?
    var answer: Result<OutboundReply, OutboundError>
}

extension NotionExchange {
    /// A question whose answer is that data source.
    init(answering dataSource: JSON) {
        self.init(
            method: "GET",
            path: "/v1/data_sources/\(NotionStage.table)",
            body: nil,
            answer: .success(OutboundReply(status: 200, body: dataSource.octets))
        )
    }
}

/// A transport that knows what will be asked, in order, and complains about everything else.
final class NotionScript: HTTPTransport {
    private struct State {
        var exchanges: [NotionExchange]
        var requests: [OutboundRequest] = []
        var complaints: [String] = []
    }

    private let state: Mutex<State>

    init(_ exchanges: [NotionExchange]) { state = Mutex(State(exchanges: exchanges)) }

    var requests: [OutboundRequest] { state.withLock(\.requests) }

    /// What was asked otherwise than expected, and what was not asked at all.
    var complaints: [String] {
        state.withLock { $0.complaints + $0.exchanges.map { "not asked: \($0.method) \($0.path)" } }
    }

    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        let answer: Result<OutboundReply, OutboundError> = state.withLock { state in
            state.requests.append(request)
            let path = String(request.url.dropFirst("https://notion.test".count))
            guard !state.exchanges.isEmpty else {
                state.complaints.append("not expected: \(request.method.rawValue) \(path)")
                return .failure(.unreachable("the script has ended"))
            }
            let expected = state.exchanges.removeFirst()
            let asked = expected.path.contains("?") ? path : String(path.prefix { $0 != "?" })
            if request.method.rawValue != expected.method || asked != expected.path {
                state.complaints.append(
                    "\(request.method.rawValue) \(path) instead of \(expected.method) \(expected.path)"
                )
            }
            if let body = expected.body, body != (try? JSONReader.value(of: request.body)) {
                state.complaints.append("\(path): body \(String(decoding: request.body, as: UTF8.self))")
            }
            return expected.answer
        }
        return try answer.get()
    }
}

// MARK: - Shorthand

/// Spells out the shorthand of the fixtures: `$table`, `$page`, `$list`, `$error`.
enum NotionShorthand {
    static func expanded(_ json: JSON) -> JSON {
        switch json {
        case .object(let members) where members["$page"] != nil: return page(members)
        case .object(let members) where members["$table"] != nil: return table(members)
        case .object(let members) where members["$list"] != nil:
            let more = members["more"] ?? .null
            var list: [String: JSON] = [
                "object": "list", "results": expanded(members["$list"] ?? []), "next_cursor": more,
                "has_more": .bool(more != .null),
            ]
            if members["incomplete"] != nil {
                list["request_status"] = ["type": "incomplete", "incomplete_reason": "query_result_limit_reached"]
            }
            return .object(list)
        case .object(let members) where members["$error"] != nil:
            return [
                "object": "error", "code": members["$error"] ?? .null, "message": members["message"] ?? "",
                "additional_data": members["data"] ?? [:],
            ]
        case .object(let members): return .object(members.mapValues(expanded))
        case .array(let elements): return .array(elements.map(expanded))
        case .null, .bool, .number, .string: return json
        }
    }

    static func id(_ number: Int) -> String {
        let digits = String(number)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    private static func table(_ members: [String: JSON]) -> JSON {
        let without = (members["without"]?.elements ?? []).compactMap(\.string)
        var properties: [String: JSON] = [:]
        for role in NotionStage.columns.roles {
            guard let column = NotionStage.columns[role], !without.contains(column.name) else { continue }
            properties[column.name] = [
                "id": .string(column.id), "name": .string(column.name), "type": .string(column.type.rawValue),
                column.type.rawValue: ["options": .array(column.options.map { ["name": .string($0)] })],
            ]
        }
        for (name, property) in members["and"]?.members ?? [:] { properties[name] = property }
        return [
            "object": "data_source", "id": .string(NotionStage.table), "in_trash": members["trash"] ?? false,
            "title": [["plain_text": "Team"]], "properties": .object(properties),
        ]
    }

    /// A page; every member but the first is optional, and columns are named by their roles.
    private static func page(_ members: [String: JSON]) -> JSON {
        let without = (members["without"]?.elements ?? []).compactMap(\.string)
        var properties: [String: JSON] = [:]
        for role in NotionStage.columns.roles {
            guard let column = NotionStage.columns[role], !without.contains(column.name) else { continue }
            let given = members[role.rawValue] ?? (role == .when ? ["start": "2026-11-23"] : nil)
            properties[column.name] = [
                "id": .string(column.id), "type": .string(column.type.rawValue),
                column.type.rawValue: value(given, column.type),
            ]
        }
        for (name, property) in members["and"]?.members ?? [:] { properties[name] = property }
        let created = members["created"]?.string ?? "2026-11-20T10:00:00.000Z"
        return [
            "object": "page", "id": .string(id(members["$page"]?.integer ?? 0)),
            "created_time": .string(created), "last_edited_time": members["edited"] ?? .string(created),
            "in_trash": members["trash"] ?? false, "is_archived": members["archived"] ?? false,
            "created_by": members["by"].map { ["object": "user", "id": $0] } ?? .null,
            "parent": [
                "type": "data_source_id",
                "data_source_id": members["elsewhere"] == nil
                    ? .string(NotionStage.table) : "0e000000-0000-4000-8000-000000000000",
            ],
            "properties": .object(properties), "kalends": members["kalends"] ?? .null,
        ]
    }

    private static func value(_ given: JSON?, _ type: ColumnType) -> JSON {
        switch (type, given) {
        case (.title, .string(let text)?), (.richText, .string(let text)?):
            text.isEmpty ? [] : [["type": "text", "plain_text": .string(text)]]
        case (.title, nil), (.richText, nil), (.multiSelect, nil): []
        case (.select, .string(let name)?), (.status, .string(let name)?): ["id": "x", "name": .string(name)]
        case (.multiSelect, .array(let names)?): .array(names.map { ["id": "x", "name": $0] })
        default: given ?? .null
        }
    }
}

/// A clock that a test moves.
final class NotionClock: Sendable {
    private let sinceBegin = Mutex<Duration>(.zero)

    var elapsed: Duration { sinceBegin.withLock { $0 } }

    func advance(_ by: Duration) { sinceBegin.withLock { $0 += by } }
}
