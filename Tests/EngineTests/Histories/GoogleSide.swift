import BridgeGoogle
import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import SimulatorGoogle
import Store
import Sync
import SyncTestSupport

/// A calendar at a simulated Google, and its owner.
struct GoogleSide: Side, SimulatedService {
    let provider = "google"
    let calendarIdentifier: String

    let simulator: GoogleSimulator
    let tampering = Tampering()
    private let token: AccessToken
    private let words: Words

    init(seed: UInt64, clock: WorldClock, words: Words, account: String = "alice@example.com") async {
        calendarIdentifier = account
        simulator = GoogleSimulator(
            configuration: .init(seed: seed, now: { clock.now }, tokenSeconds: 1_000_000_000)
        )
        await simulator.addAccount(email: calendarIdentifier, displayName: "Alice", timeZone: "Europe/Berlin")
        token = AccessToken(await simulator.makeAccessToken(for: calendarIdentifier))
        self.words = words
    }

    /// Another calendar of the same account.
    init(beside other: GoogleSide) async {
        (simulator, token, words) = (other.simulator, other.token, other.words)
        calendarIdentifier = await simulator.addCalendar(
            summary: "Second",
            timeZone: "Europe/Berlin",
            owner: other.calendarIdentifier
        )
    }

    func mapping() -> String? { nil }

    func changeMapping(using random: inout SyncTestSupport.SeededGenerator) -> String? { nil }

    func bridge(to link: UpstreamLink, in process: Process) -> any Bridge {
        let provider = GoogleProvider(
            transport: ServiceTransport(service: self, process: { process }, words: words),
            apiURL: "https://simulated.test",
            requestsPerMinute: 60_000_000
        )
        return provider.bridge(to: link, using: FixedToken(token: token))
    }

    func mails() async -> Int { await simulator.mails.count }

    func forget() async { await simulator.expireSyncTokens() }

    func disturb(using random: inout SyncTestSupport.SeededGenerator) async {
        let effects: [Fault.Effect] = [
            .failBefore(status: 503), .failAfter(status: 500), .cutBefore, .cutAfter, .truncate,
            .throttle(status: 403, reason: "rateLimitExceeded", retryAfter: nil),
            .throttle(status: 429, reason: "rateLimitExceeded", retryAfter: 2), .garbage, .html(status: 502),
        ]
        let faults = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            Fault(
                effects.randomElement(using: &random) ?? .cutAfter,
                skip: Int.random(in: 0..<6, using: &random)
            )
        }
        let batchFaults = batchFaults(effects, using: &random)
        await simulator.setFaults(faults + batchFaults)
    }

    /// A batch fails as a whole now and then; the faults of its calls are those of all calls.
    private func batchFaults(
        _ effects: [Fault.Effect],
        using random: inout SyncTestSupport.SeededGenerator
    ) -> [Fault] {
        guard Int.random(in: 0..<4, using: &random) == 0 else { return [] }
        return [Fault(effects.randomElement(using: &random) ?? .cutAfter, path: "/batch/*")]
    }

    func calm() async { await simulator.setFaults([]) }

    // MARK: Requests

    func isWrite(_ request: OutboundRequest) -> Bool { request.method != .get }

    func isTiedToTheLast(_ request: OutboundRequest) -> Bool { false }

    func exchange(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        let parts = request.url.split(separator: "?", maxSplits: 1).map(String.init)
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        let path =
            "/" + parts[0].split(separator: "/", omittingEmptySubsequences: true).dropFirst(2).joined(separator: "/")
        let reply = await simulator.respond(
            to: APIRequest(
                method: request.method.rawValue,
                path: path,
                query: parts.count > 1 ? parts[1] : "",
                headers: headers,
                body: request.body
            )
        )
        switch reply.delivery {
        case .whole: break
        case .cut: throw .unreachable("the connection was closed")
        case .truncated: throw .truncated
        }
        var fields = HTTPFields()
        for (name, value) in reply.headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return OutboundReply(status: reply.status, headers: fields, body: tampering.tampered(reply.body))
    }

    // MARK: What is shown

    func words() async -> Set<String> {
        let living = await simulator.events(in: calendarIdentifier).filter { $0["status"]?.text != "cancelled" }
        let texts = living.flatMap { event in
            ["summary", "location", "description"].compactMap { event[$0]?.text }
        }
        return Words.words(in: texts.joined(separator: " "))
    }

    func differences(from ours: [StoredObject], knowing memory: World.Memory) async throws -> [String] {
        let here = try ours.flatMap { stored in
            let object = try stored.object()
            // A day begins for everybody at its own midnight, a time of no zone in that of the calendar.
            let isDay = (object.master ?? object.overrides.first)?.first("DTSTART")?.dateTime?.isDate ?? false
            let set = try object.recurrenceSet(floatingZone: isDay ? "UTC" : "Europe/Berlin")
            return try set.occurrences(in: World.window, limit: 1000).map { occurrence in
                let event = occurrence.component
                return line(
                    occurrence.start.rfc3339,
                    occurrence.end.rfc3339,
                    ["SUMMARY", "LOCATION", "DESCRIPTION"].map { event.first($0)?.text } + Self.standing(of: event)
                )
            }
        }
        return World.differences(here, try await occurrences(), "Google")
    }

    /// Every occurrence there, as one line, asked for as a client of Google would.
    private func occurrences() async throws -> [String] {
        let items = try await ask(
            "events",
            "singleEvents=true&maxResults=2500&timeMin=\(World.windowStart)&timeMax=\(World.windowEnd)"
        )
        return items.map { item in
            line(
                moment(item["start"]),
                moment(item["end"]),
                ["summary", "location", "description"].map { item[$0]?.text }
                    + [item["status"]?.text, item["transparency"]?.text == "transparent" ? "transparent" : nil]
            )
        }
    }

    /// Status and transparency as Google says them: an event that is cancelled here takes no time there.
    private static func standing(of event: Component) -> [String?] {
        let status = event.first("STATUS")?.value ?? "CONFIRMED"
        let isFree = status == "CANCELLED" || event.first("TRANSP")?.value == "TRANSPARENT"
        return [status == "CONFIRMED" ? "confirmed" : "tentative", isFree ? "transparent" : nil]
    }

    /// The items that the service answers to its owner.
    private func ask(_ path: String, _ query: String = "") async throws -> [JSON] {
        let reply = await simulator.respond(
            to: APIRequest(
                method: "GET",
                path: "/calendar/v3/calendars/\(calendarIdentifier)/\(path)",
                query: query,
                headers: ["authorization": "Bearer \(token.secret)"]
            )
        )
        return try JSON(parsing: reply.body)["items"]?.elements ?? []
    }

    private func moment(_ time: JSON?) -> String {
        if let date = time?["date"]?.text { return date + "T00:00:00Z" }
        return time?["dateTime"]?.text.flatMap(Instant.init(rfc3339:))?.rfc3339 ?? "?"
    }

    private func line(_ start: String, _ end: String, _ texts: [String?]) -> String {
        ([start, end] + texts.map { $0 ?? "" }).joined(separator: " | ")
    }
}

// MARK: - The owner

extension GoogleSide {
    func act(using random: inout SyncTestSupport.SeededGenerator) async {
        do {
            try await attempt(using: &random)
        } catch {
            words.trace("the person was refused: \(error)")
        }
    }

    private func attempt(using random: inout SyncTestSupport.SeededGenerator) async throws {
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1, 2: try await create(using: &random)
        case 3, 4, 5: try await edit(using: &random)
        case 6: try await move(using: &random)
        case 7, 8: try await changeOccurrence(using: &random)
        case 9: try await changeRule(using: &random)
        case 10: try await split(using: &random)
        default:
            guard let id = await event(using: &random)?["id"]?.text else { return }
            words.trace("Google: delete \(id)")
            try await simulator.deleteEvent(id, in: calendarIdentifier)
        }
    }

    /// What the owner changes in an event, or in one occurrence.
    private func edit(_ id: String, _ change: JSON) async throws {
        words.trace("Google: edit \(id) \(change)")
        try await simulator.editEvent(id, change, in: calendarIdentifier)
    }

    private func create(using random: inout SyncTestSupport.SeededGenerator) async throws {
        let time = RandomTime(using: &random)
        var event = time.resource
        event["summary"] = .string(words.next())
        if Bool.random(using: &random) {
            event["recurrence"] = [.string("RRULE:" + time.rule(using: &random))]
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            event["attendees"] = [["email": "bob@example.net"], ["email": "carol@example.net", "optional": true]]
        }
        words.trace("Google: create \(event)")
        try await simulator.createEvent(event, in: calendarIdentifier)
    }

    /// A living event there: a master, or one that stands alone.
    private func event(
        using random: inout SyncTestSupport.SeededGenerator,
        where isWanted: (JSON) -> Bool = { _ in true }
    ) async -> JSON? {
        await simulator.events(in: calendarIdentifier)
            .filter { $0["status"]?.text != "cancelled" && $0["recurringEventId"] == nil && isWanted($0) }
            .sorted { ($0["id"]?.text ?? "") < ($1["id"]?.text ?? "") }
            .randomElement(using: &random)
    }

    func clear() async throws {
        words.trace("Google: clear")
        let all = await simulator.events(in: calendarIdentifier)
            .filter { $0["status"]?.text != "cancelled" && $0["recurringEventId"] == nil }
            .compactMap { $0["id"]?.text }
        for id in all.sorted().dropFirst(2) { try await simulator.deleteEvent(id, in: calendarIdentifier) }
    }

    private func edit(using random: inout SyncTestSupport.SeededGenerator) async throws {
        guard let id = await event(using: &random)?["id"]?.text else { return }
        try await edit(id, text(using: &random))
    }

    private func text(using random: inout SyncTestSupport.SeededGenerator) -> JSON {
        let name = ["summary", "location", "description"].randomElement(using: &random) ?? "summary"
        return [name: .string(words.next())]
    }

    private func move(using random: inout SyncTestSupport.SeededGenerator) async throws {
        guard let id = await event(using: &random)?["id"]?.text else { return }
        try await edit(id, RandomTime(using: &random).resource)
    }

    private func changeRule(using random: inout SyncTestSupport.SeededGenerator) async throws {
        guard let id = await event(using: &random)?["id"]?.text else { return }
        let rule = "RRULE:" + RandomTime(using: &random).rule(using: &random)
        let change: JSON = ["recurrence": Bool.random(using: &random) ? [.string(rule)] : .null]
        try await edit(id, change)
    }

    /// An identifier of an occurrence of some series.
    private func occurrence(using random: inout SyncTestSupport.SeededGenerator) async throws -> JSON? {
        guard let id = await event(using: &random, where: { $0["recurrence"] != nil })?["id"]?.text else { return nil }
        let items = try await ask("events/\(id)/instances")
        return items.count > 1 ? items.randomElement(using: &random) : nil
    }

    private func changeOccurrence(using random: inout SyncTestSupport.SeededGenerator) async throws {
        guard let chosen = try await occurrence(using: &random), let id = chosen["id"]?.text else { return }
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            words.trace("Google: delete \(id)")
            try await simulator.deleteEvent(id, in: calendarIdentifier)
        case 1: try await edit(id, text(using: &random))
        default:
            let time = RandomTime(using: &random)
            guard time.start.isDate == (chosen["start"]?["date"] != nil) else { return }
            try await edit(id, time.resource)
        }
    }

    /// “This and following”.
    private func split(using random: inout SyncTestSupport.SeededGenerator) async throws {
        guard let id = try await occurrence(using: &random)?["id"]?.text else { return }
        words.trace("Google: split at \(id)")
        try await simulator.splitSeries(at: id, text(using: &random), in: calendarIdentifier)
    }
}

/// One token that is always good.
struct FixedToken: CredentialSource {
    let token: AccessToken

    func accessToken() async throws(BridgeError) -> AccessToken { token }

    func accessToken(replacing rejected: AccessToken) async throws(BridgeError) -> AccessToken { token }
}
