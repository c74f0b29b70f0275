import Accounts
import BridgeGoogle
import BridgeNotion
import Bridging
import Foundation
import OutboundHTTP
import Sync

/// The providers as the settings describe them.
struct Upstreams: Sendable {
    /// Makes the OAuth client of a provider from an id and a secret.
    private let makers: [String: @Sendable (_ id: String, _ secret: String) -> OAuthClient]
    private let addresses: [String]
    let googleAPI: String
    let notionAPI: String
    /// Requests a minute and Notion account: what the provider's documentation allows, unless the workspace has more.
    private let notionRate: Int
    /// Seconds between full listings of a Notion database, which find what was trashed.
    private let notionSweep: Int64
    /// Requests a minute and Google account: what Google allows a project unless it raised the quota.
    private let googleRate: Int
    private let settings: Settings

    init(_ settings: Settings) throws {
        self.settings = settings
        googleAPI = try settings.address("GOOGLE_API_URL", default: "https://www.googleapis.com")
        notionAPI = try settings.address("NOTION_API_URL", default: "https://api.notion.com")
        notionRate = try settings.seconds("NOTION_RATE", default: NotionProvider.defaultRequestsPerMinute)
        notionSweep = Int64(try settings.seconds("NOTION_SWEEP", default: 300))
        googleRate = try settings.seconds("GOOGLE_RATE", default: GoogleProvider.defaultRequestsPerMinute)
        let authorize = try settings.address(
            "GOOGLE_AUTH_URL",
            default: "https://accounts.google.com/o/oauth2/v2/auth"
        )
        let token = try settings.address("GOOGLE_TOKEN_URL", default: "https://oauth2.googleapis.com/token")
        let revoke = try settings.address("GOOGLE_REVOKE_URL", default: "https://oauth2.googleapis.com/revoke")
        let api = notionAPI
        addresses = [googleAPI, notionAPI, token, revoke]
        makers = [
            "google": { id, secret in
                OAuthClient.google(
                    clientID: id,
                    clientSecret: secret,
                    authorizeURL: authorize,
                    tokenURL: token,
                    revokeURL: revoke
                )
            },
            "notion": { id, secret in OAuthClient.notion(clientID: id, clientSecret: secret, apiURL: api) },
        ]
    }

    /// The OAuth client that the environment describes; nil where it describes none.
    func client(of provider: String) -> OAuthClient? {
        let name = provider.uppercased()
        guard let id = settings.value(name + "_CLIENT_ID"), let secret = settings.value(name + "_CLIENT_SECRET") else {
            return nil
        }
        return makers[provider]?(id, secret)
    }

    /// The OAuth clients by provider: those of the environment, else those entered on the dashboard.
    func clients(_ registrations: ClientRegistrations) -> OAuthClients {
        let fixed = makers.keys.reduce(into: [String: OAuthClient]()) { $0[$1] = client(of: $1) }
        let makers = makers
        return { provider in
            if let client = fixed[provider] { return client }
            guard let make = makers[provider], let entered = try await registrations.registration(at: provider) else {
                return nil
            }
            return make(entered.clientID, entered.clientSecret)
        }
    }

    /// Whether an address of a provider was set to plain http.
    var usesPlainHTTP: Bool {
        addresses.contains { $0.hasPrefix("http://") }
    }

    /// The providers; `note` takes what Notion calls requests that it refuses.
    func providers(
        _ transport: any HTTPTransport,
        note: @escaping @Sendable (String) -> Void
    ) -> [any UpstreamProvider] {
        [
            GoogleProvider(transport: transport, apiURL: googleAPI, requestsPerMinute: googleRate),
            NotionProvider(
                transport: transport,
                apiURL: notionAPI,
                requestsPerMinute: notionRate,
                sweepInterval: notionSweep,
                now: Assembly.now,
                note: note
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
        configuration.retention = Retention(
            versionDays: try settings.days("KEEP_VERSIONS", default: 365),
            logDays: try settings.days("KEEP_LOGS", default: 90),
            trashDays: try settings.days("KEEP_TRASH", default: 30)
        )
        configuration.secondsPerWrite = [
            "google": 60 / Double(max(1, googleRate)),
            "notion": Self.notionRequestsPerWrite * 60 / Double(max(1, notionRate)),
        ]
        configuration.complaint = { ($0 as? NotionBridge)?.complaint }
        return configuration
    }

    /// A page is read again before it is written.
    private static let notionRequestsPerWrite = 2.0

    private static func isLoopback(_ address: String) -> Bool {
        guard let host = URL(string: address)?.host else { return false }
        return host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}
