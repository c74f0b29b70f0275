import Accounts
import Foundation
import ICalendar
import SimulatorGoogle
import SimulatorNotion
import Testing

/// A simulated Google account and a simulated Notion workspace on loopback, and the person at their screens.
struct TestUpstreams: Sendable {
    typealias JSON = SimulatorGoogle.JSON

    static let account = "ana@example.com"

    let google: String
    let notion: String
    let googleService: GoogleSimulator
    private let notionService: Task<Void, any Error>

    /// Starts both; Google's notifications go to the gateway's real port.
    init(now: @escaping @Sendable () -> Instant, gatewayPort: @escaping @Sendable () -> Int) async throws {
        googleService = GoogleSimulator(
            configuration: .init(
                now: now,
                notify: { notification in
                    let path = notification.address.dropFirst(TestGateway.publicURL.count)
                    let headers = notification.headers.map { ($0.key, $0.value) }
                    return try? await Wire.send("POST", String(path), gatewayPort(), headers).status
                }
            )
        )
        google = try await googleService.start()
        await googleService.addAccount(email: Self.account, displayName: "Ana")
        let simulator = NotionSimulator(
            now: now,
            call: { call in
                let path = call.address.dropFirst(TestGateway.publicURL.count)
                let signature = call.signature.map { [("X-Notion-Signature", $0)] } ?? []
                _ = try? await Wire.send("POST", String(path), gatewayPort(), signature, call.body)
            }
        )
        let (addresses, announce) = AsyncStream<String>.makeStream()
        notionService = Task { try await simulator.run { announce.yield($0) } }
        notion = try #require(await addresses.first { _ in true })
    }

    func stop() async {
        await googleService.stop()
        notionService.cancel()
        _ = await notionService.result
    }

    /// The clients registered with both.
    var clients: OAuthClients {
        let google = google
        let notion = notion
        return { provider in
            switch provider {
            case "google":
                OAuthClient.google(
                    clientID: OAuthApplication.simulated.id,
                    clientSecret: OAuthApplication.simulated.secret,
                    authorizeURL: google + "/o/oauth2/v2/auth",
                    tokenURL: google + "/token",
                    revokeURL: google + "/revoke"
                )
            case "notion":
                OAuthClient.notion(
                    clientID: NotionSimulator.clientID,
                    clientSecret: NotionSimulator.clientSecret,
                    apiURL: notion
                )
            default: nil
            }
        }
    }

    /// Asks any address of either simulator.
    func send(
        _ method: String,
        _ address: String,
        _ headers: [(String, String)] = [],
        _ body: [UInt8] = []
    ) async throws -> WireReply {
        let url = try #require(URLComponents(string: address))
        let query = url.percentEncodedQuery.map { "?" + $0 } ?? ""
        return try await Wire.send(method, url.percentEncodedPath + query, try #require(url.port), headers, body)
    }

    /// What the person does in Notion.
    @discardableResult
    func inNotion(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        let reply = try await send(method, notion + "/control/" + path, [], body?.octets ?? [])
        #expect(reply.status == 200, "\(path): \(reply.text)")
        return try JSON(parsing: reply.body)
    }

    /// Makes a database with the columns of a calendar.
    func makeDatabase() async throws -> String {
        try #require(await inNotion("POST", "data_sources", ["title": "Team calendar"])["id"]?.text)
    }

    /// The page of that name, unless it is in the trash.
    func page(_ title: String) async throws -> JSON? {
        try await inNotion("GET", "pages").elements?.first { page in
            let runs = page["properties"]?["Name"]?["title"]?.elements ?? []
            let name = runs.compactMap { $0["plain_text"]?.text }.joined()
            return name == title && page["in_trash"]?.flag != true
        }
    }

    /// The event of that name in Google, unless it was deleted.
    func event(_ title: String) async throws -> JSON? {
        let reply = try await send("GET", google + "/control/calendars/\(Self.account)/events")
        return try JSON(parsing: reply.body).elements?.first { event in
            event["summary"]?.text == title && event["status"]?.text != "cancelled"
        }
    }

    /// Makes an hour on the 24th of November 2026 in Google.
    @discardableResult
    func makeEvent(_ title: String, hour: Int = 10) async throws -> String {
        let event: JSON = [
            "summary": .string(title),
            "start": ["dateTime": .string("2026-11-24T\(hour):00:00"), "timeZone": "Europe/Berlin"],
            "end": ["dateTime": .string("2026-11-24T\(hour + 1):00:00"), "timeZone": "Europe/Berlin"],
        ]
        return try #require(await googleService.createEvent(event, in: Self.account)["id"]?.text)
    }

    /// Chooses what Google reminds of before every event of the calendar that has no reminders of its own.
    func chooseDefaultReminders(minutes: [Int64]) async throws {
        let reminders = minutes.map { ["method": "popup", "minutes": .integer($0)] as JSON }
        let token = await googleService.makeAccessToken(for: Self.account)
        let reply = try await send(
            "PATCH",
            google + "/calendar/v3/users/me/calendarList/primary",
            [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")],
            (["defaultReminders": .array(reminders)] as JSON).octets
        )
        #expect(reply.status == 200, "\(reply.text)")
    }

    /// The requests that Google was sent, in their order.
    func requestsToGoogle() async throws -> [JSON] {
        try JSON(parsing: try await send("GET", google + "/control/requests").body).elements ?? []
    }

    /// How many writes of events either service was sent.
    func writes() async throws -> Int {
        let googleWrites = try await requestsToGoogle().filter { request in
            request["method"]?.text != "GET" && request["path"]?.text?.contains("/events") == true
                && request["path"]?.text?.hasSuffix("/watch") == false
        }
        let notion = try await inNotion("GET", "log").elements?.compactMap(\.text) ?? []
        let notionWrites = notion.filter { line in
            line.hasPrefix("PATCH /v1/pages") || line.hasPrefix("POST /v1/pages")
        }
        return googleWrites.count + notionWrites.count
    }
}
