import Accounts
import BridgeGoogle
import BridgeNotion
import Bridging
import Foundation
import OutboundHTTP
import Sync

/// The providers as the settings describe them.
struct Upstreams: Sendable {
    let google: OAuthClient?
    let notion: OAuthClient?
    let googleAPI: String
    let notionAPI: String
    /// Requests a minute and Notion account: what the provider's documentation allows, unless the workspace has more.
    private let notionRate: Int
    /// Seconds between full listings of a Notion database, which find what was trashed.
    private let notionSweep: Int64
    private let settings: Settings

    init(_ settings: Settings) throws {
        self.settings = settings
        googleAPI = try settings.address("GOOGLE_API_URL", default: "https://www.googleapis.com")
        notionAPI = try settings.address("NOTION_API_URL", default: "https://api.notion.com")
        notionRate = try settings.seconds("NOTION_RATE", default: NotionProvider.defaultRequestsPerMinute)
        notionSweep = Int64(try settings.seconds("NOTION_SWEEP", default: 300))
        google = try Self.client(settings, "GOOGLE") { id, secret in
            OAuthClient.google(
                clientID: id,
                clientSecret: secret,
                authorizeURL: try settings.address(
                    "GOOGLE_AUTH_URL",
                    default: "https://accounts.google.com/o/oauth2/v2/auth"
                ),
                tokenURL: try settings.address("GOOGLE_TOKEN_URL", default: "https://oauth2.googleapis.com/token"),
                revokeURL: try settings.address("GOOGLE_REVOKE_URL", default: "https://oauth2.googleapis.com/revoke")
            )
        }
        let api = notionAPI
        notion = try Self.client(settings, "NOTION") { id, secret in
            OAuthClient.notion(clientID: id, clientSecret: secret, apiURL: api)
        }
    }

    private static func client(
        _ settings: Settings,
        _ name: String,
        _ make: (String, String) throws -> OAuthClient
    ) throws -> OAuthClient? {
        guard let id = settings.value(name + "_CLIENT_ID"), let secret = settings.value(name + "_CLIENT_SECRET") else {
            return nil
        }
        return try make(id, secret)
    }

    /// The OAuth clients by provider.
    var clients: OAuthClients {
        let google = google
        let notion = notion
        return { provider in
            switch provider {
            case "google": google
            case "notion": notion
            default: nil
            }
        }
    }

    /// Whether an address of a provider was set to plain http.
    var usesPlainHTTP: Bool {
        let addresses = [googleAPI, notionAPI, google?.tokenURL, google?.revokeURL, notion?.tokenURL].compactMap { $0 }
        return addresses.contains { $0.hasPrefix("http://") }
    }

    func providers(_ transport: any HTTPTransport) -> [any UpstreamProvider] {
        [
            GoogleProvider(transport: transport, apiURL: googleAPI),
            NotionProvider(
                transport: transport,
                apiURL: notionAPI,
                requestsPerMinute: notionRate,
                sweepInterval: notionSweep,
                now: Assembly.now
            ),
        ]
    }

    /// How often to look, and whether upstreams may call us.
    func syncConfiguration(_ publicURL: String) throws -> SyncConfiguration {
        let isReachable = publicURL.hasPrefix("https://") || Self.isLoopback(googleAPI)
        var configuration = SyncConfiguration(
            pollSeconds: [
                "google": try settings.seconds("POLL_GOOGLE", default: 60),
                "notion": try settings.seconds("POLL_NOTION", default: 60),
            ],
            webhookAddresses: isReachable ? ["google": publicURL + "/webhooks/google"] : [:]
        )
        configuration.complaint = { ($0 as? NotionBridge)?.complaint }
        return configuration
    }

    private static func isLoopback(_ address: String) -> Bool {
        guard let host = URL(string: address)?.host else { return false }
        return host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
