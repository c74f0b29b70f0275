import Foundation
import HTTPTypes
import OutboundHTTP
import SimulatorGoogle
import SimulatorNotion

/// A simulated Google account and a simulated Notion workspace, running in this process.
struct SimulatedUpstreams: Sendable {
    /// The Google account's address.
    static let account = "ana@example.com"

    let googleAddress: String
    let notionAddress: String
    private let google: GoogleSimulator
    private let notion: Task<Void, any Error>

    /// Starts both on loopback.
    ///
    /// - Parameters:
    ///   - latency: how long every answer takes.
    ///   - transport: carries calls to webhooks.
    /// - Throws: when no port can be had.
    init(latency: Duration, transport: any HTTPTransport) async throws {
        google = GoogleSimulator(
            configuration: .init(
                latency: latency,
                now: Assembly.now,
                notify: { notification in await Self.call(notification, transport) }
            )
        )
        googleAddress = try await google.start()
        await google.addAccount(email: Self.account, displayName: "Ana")
        let simulator = NotionSimulator(
            latency: latency,
            now: Assembly.now,
            call: { call in await Self.deliver(call, transport) }
        )
        let (addresses, announce) = AsyncStream<String>.makeStream()
        notion = Task { try await simulator.run { announce.yield($0) } }
        guard let address = await addresses.first(where: { _ in true }) else {
            throw Failure("the simulated Notion did not start")
        }
        notionAddress = address
    }

    private static func call(_ notification: PushNotification, _ transport: any HTTPTransport) async -> Int? {
        var request = OutboundRequest(method: .post, url: notification.address)
        for (name, value) in notification.headers {
            if let name = HTTPField.Name(name) { request.headers[name] = value }
        }
        return try? await transport.send(request).status
    }

    private static func deliver(_ call: NotionWebhookCall, _ transport: any HTTPTransport) async {
        var request = OutboundRequest(method: .post, url: call.address, body: call.body)
        request.headers[.contentType] = "application/json"
        if let name = HTTPField.Name("X-Notion-Signature") { request.headers[name] = call.signature }
        // A call that nobody takes is lost, as Notion's are after eight attempts.
        _ = try? await transport.send(request)
    }

    /// What a gateway must be told to use them.
    var environment: [String: String] {
        [
            "KALENDS_GOOGLE_CLIENT_ID": OAuthApplication.simulated.id,
            "KALENDS_GOOGLE_CLIENT_SECRET": OAuthApplication.simulated.secret,
            "KALENDS_GOOGLE_API_URL": googleAddress,
            "KALENDS_GOOGLE_AUTH_URL": googleAddress + "/o/oauth2/v2/auth",
            "KALENDS_GOOGLE_TOKEN_URL": googleAddress + "/token",
            "KALENDS_GOOGLE_REVOKE_URL": googleAddress + "/revoke",
            "KALENDS_NOTION_CLIENT_ID": NotionSimulator.clientID,
            "KALENDS_NOTION_CLIENT_SECRET": NotionSimulator.clientSecret,
            "KALENDS_NOTION_API_URL": notionAddress,
        ]
    }

    func stop() async {
        await google.stop()
        notion.cancel()
    }
}
