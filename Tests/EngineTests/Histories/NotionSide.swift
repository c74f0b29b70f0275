import BridgeNotion
import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import SimulatorNotion
import Sync
import SyncTestSupport
import Synchronization

/// A table of a simulated Notion, and the people of its workspace.
final class NotionSide: Side, SimulatedService {
    var provider: String { "notion" }
    let calendarIdentifier: String

    let simulator: NotionSimulator
    let tampering = Tampering()
    let words: Words
    /// Another table that is not linked, for pages that are moved away.
    let elsewhere: String
    let clock: WorldClock
    /// The process that runs, and what it remembers of what it wrote.
    private let process = Mutex(Process())
    private let memory = Mutex<NotionProvider?>(nil)
    static let zone = "Europe/Berlin"

    /// For how many days ahead occurrences have pages of their own.
    var daysAhead: Int? { wish.withLock { $0.daysAhead } }
    /// Whether places are told by a column that people write, and guests by people.
    var hasLocation: Bool { wish.withLock { $0.place == .text } }
    var hasPeople: Bool { wish.withLock { $0.hasPeople } }
    /// Whether places are other pages.
    var hasRelation: Bool { wish.withLock { $0.place == .relation } }
    /// Whether a column of people, a formula or a relation is mapped.
    var hasSpecialColumns: Bool { hasPeople || hasRelation || wish.withLock { $0.place == .formula } }
    /// The pages that are places.
    let rooms: [JSONValue]
    private let wish: Mutex<Wish>

    /// What is wanted of the table.
    private struct Wish {
        var daysAhead: Int?
        var place = Place.text
        var hasPeople = false
        /// Whether a column keeps the UIDs.
        var keepsUIDs = true

        /// What tells where an event is.
        enum Place: String, CaseIterable {
            case nothing = "null"
            case text = "\"Location\""
            case formula = "\"Place\""
            case relation = "\"Room\""
        }

        /// The mapping as a person words it.
        var mapping: String {
            var members = daysAhead.map { ["\"occurrences\":\($0)"] } ?? []
            if place != .text { members.append("\"location\":" + place.rawValue) }
            if !keepsUIDs { members.append("\"uid\":null") }
            if hasPeople { members.append("\"attendees\":\"Team\"") }
            return "{" + members.joined(separator: ",") + "}"
        }
    }

    /// The requests a minute that the service allows, and that we keep to.
    private let rate: Int

    init(
        seed: UInt64,
        clock: WorldClock,
        words: Words,
        lag: Int = 0,
        daysAhead: Int? = nil,
        hasPeople: Bool = false,
        hasFormula: Bool = false,
        hasRelation: Bool = false,
        keepsUIDs: Bool = true,
        rate: Int = 1_000_000
    ) async throws {
        let place: Wish.Place = hasFormula ? .formula : hasRelation ? .relation : .text
        wish = Mutex(Wish(daysAhead: daysAhead, place: place, hasPeople: hasPeople, keepsUIDs: keepsUIDs))
        self.rate = rate
        simulator = NotionSimulator(seed: seed, now: { clock.now })
        self.clock = clock
        self.words = words
        _ = await simulator.control("POST", "tokens", ["internal": "ntn_test"])
        _ = await simulator.control(
            "POST",
            "settings",
            ["rate_per_minute": .number(Double(rate)), "lag_seconds": .number(Double(lag))]
        )
        calendarIdentifier = await simulator.control("POST", "data_sources", ["title": "Events"])["id"]?.string ?? ""
        elsewhere = await simulator.control("POST", "data_sources", ["title": "Other"])["id"]?.string ?? ""
        let house = await simulator.control("POST", "data_sources", ["title": "Rooms"])["id"] ?? .null
        var rooms: [JSONValue] = []
        for title in ["Attic", "Cellar, left", "Hall"] {
            let properties: JSONValue = ["Name": ["title": [["text": ["content": .string(title)]]]]]
            let page = await simulator.control("POST", "pages", ["data_source": house, "properties": properties])
            rooms.append(page["id"] ?? .null)
        }
        self.rooms = rooms
        let columns: JSONValue = [
            "Team": ["people": [:]], "Place": ["formula": ["expression": "\"\""]],
            "Room": ["relation": ["data_source_id": house]],
        ]
        for table in [calendarIdentifier, elsewhere] {
            _ = await simulator.control("POST", "schema", ["id": .string(table), "properties": columns])
        }
    }

    /// The other table of the same workspace.
    init(beside other: NotionSide) {
        (simulator, clock, words, rate, rooms) = (other.simulator, other.clock, other.words, other.rate, other.rooms)
        (calendarIdentifier, elsewhere) = (other.elsewhere, other.calendarIdentifier)
        wish = Mutex(other.wish.withLock { $0 })
    }

    func mapping() async throws -> String? { try await mapping(wish.withLock { $0 }) }

    /// The mapping with pages for occurrences, or without.
    func mapping(daysAhead: Int?) async throws -> String? {
        var wish = wish.withLock { $0 }
        wish.daysAhead = daysAhead
        return try await mapping(wish)
    }

    private func mapping(_ wish: Wish) async throws -> String? { try await mapping(wish.mapping) }

    /// A mapping as a person words it, settled.
    func mapping(_ wish: String) async throws -> String? {
        let link = UpstreamLink(
            identity: "",
            calendar: calendarIdentifier,
            timeZone: Self.zone,
            mapping: wish,
            notifiesGuests: false
        )
        // It is settled while no pass has to live for it.
        let provider = makeProvider { Process() }
        return try await provider.settle(link, createColumns: .none, using: Self.token).mapping
    }

    func changeMapping(using random: inout SyncTestSupport.SeededGenerator) async throws -> String? {
        var wish = wish.withLock { $0 }
        let days = [nil, 4, 40].randomElement(using: &random) ?? nil
        if Int.random(in: 0..<3, using: &random) == 0 {
            wish.place = Wish.Place.allCases.randomElement(using: &random) ?? .text
        } else {
            wish.daysAhead = days
        }
        let mapping = try await mapping(wish)
        self.wish.withLock { $0 = wish }
        return mapping
    }

    /// The fields that one mapping keeps elsewhere than another.
    func moved(from former: String?, to mapping: String?) -> Set<Field> {
        makeProvider { Process() }.moved(from: former, to: mapping)
    }

    private static let token = FixedToken(token: AccessToken("ntn_test"))

    private func makeProvider(process: (@Sendable () -> Process)? = nil) -> NotionProvider {
        let clock = clock
        let current: @Sendable () -> Process = { self.process.withLock { $0 } }
        return NotionProvider(
            transport: ServiceTransport(service: self, process: process ?? current, words: words),
            apiURL: "https://simulated.test",
            requestsPerMinute: rate,
            sweepInterval: 300,
            now: { clock.gatewayNow },
            elapsed: { clock.elapsed },
            sleep: { clock.advance($0) }
        )
    }

    func bridge(to link: UpstreamLink, in process: Process) -> any Bridge {
        self.process.withLock { $0 = process }
        let provider = memory.withLock { memory in
            let current = process.isNew ? makeProvider() : memory ?? makeProvider()
            memory = current
            return current
        }
        return provider.bridge(to: link, using: Self.token)
    }

    func mails() -> Int { 0 }

    func forget() {}

    func disturb(using random: inout SyncTestSupport.SeededGenerator) async {
        let kinds = [
            "failure", "unavailable", "lostAnswer", "savedButUnavailable", "rateLimited", "truncated", "page",
            "conflict", "overloaded",
        ]
        let faults = (0..<Int.random(in: 0...3, using: &random)).map { _ -> JSONValue in
            let path = ["query", "data_sources", "pages", "pages"].randomElement(using: &random) ?? ""
            return [
                "kind": .string(kinds.randomElement(using: &random) ?? "failure"), "path": .string(path),
            ]
        }
        _ = await simulator.control("POST", "settings", ["next_faults": .array(faults)])
    }

    func calm() async { _ = await simulator.control("POST", "settings", ["clear_faults": true]) }

    // MARK: Requests

    func isWrite(_ request: OutboundRequest) -> Bool {
        request.method == .patch || request.method == .post && request.url.hasSuffix("/v1/pages")
    }

    /// A page is read, compared and written: what a person does in between, nobody can see.
    func isTiedToTheLast(_ request: OutboundRequest) -> Bool { request.method == .patch }

    /// What somebody does in the moment before a page is written.
    let intrusion = Mutex<(@Sendable (OutboundRequest) async -> Void)?>(nil)

    func exchange(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        if request.method == .patch, let intrude = intrusion.withLock(\.self) { await intrude(request) }
        let target = "/" + request.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)[2]
        let answer = await simulator.answer(
            request.method.rawValue,
            to: target,
            headers: request.headers,
            body: request.body
        )
        switch answer.sentShare {
        case nil:
            return OutboundReply(
                status: answer.status,
                headers: answer.headers,
                body: tampering.tampered(answer.body)
            )
        case 0: throw .unreachable("the connection was closed")
        case .some: throw .truncated
        }
    }

    // MARK: What is shown

    /// Living pages of the table.
    func pages() async -> [JSONValue] {
        let all = await simulator.control("GET", "pages").array ?? []
        return all.filter { page in
            page["in_trash"] != true && page["parent"]?["data_source_id"]?.string == calendarIdentifier
        }
    }

    /// What people can read, and what they can take out of the trash: the page of an occurrence goes there as it is.
    func words() async -> Set<String> {
        let all = await simulator.control("GET", "pages").array ?? []
        let laidAside = all.filter { $0["in_trash"] == true && $0.columnText("Calendar UID").isEmpty }
        let texts = await (pages() + laidAside).flatMap { page in
            ["Name", "Description", "Location"].map { page.columnText($0) }
        }
        return Words.words(in: texts.joined(separator: " "))
    }
}

extension NotionSimulator {
    /// A request to the control interface.
    func control(_ method: String, _ path: String, _ body: JSONValue = [:]) async -> JSONValue {
        let answer = await answer(method, to: "/control/" + path, body: method == "GET" ? [] : body.octets)
        return JSONValue(parsing: answer.body) ?? .null
    }
}

extension JSONValue {
    /// The value of a page's column, without its type.
    func column(_ name: String) -> JSONValue {
        guard let property = self["properties"]?[name], let type = property["type"]?.string else { return .null }
        return property[type] ?? .null
    }

    /// The plain text of a page's column.
    func columnText(_ name: String) -> String {
        (column(name).array ?? []).compactMap { $0["plain_text"]?.string }.joined()
    }
}
