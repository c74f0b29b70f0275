import Foundation
import HTTPTypes
import OutboundHTTP
import Store

extension ConnectFlow {
    /// The version of Notion's interface whose answer is read here.
    private static let notionVersion = "2026-03-11"

    /// Far more than an answer to "who am I".
    private static let maximumReplyOctets = 256 * 1024

    /// A person waits for the answer.
    private static let timeout = Duration.seconds(20)

    /// Tries a token made by hand; what it grants, and what the provider calls the account.
    func probe(_ provider: String, _ token: String) async throws -> (Grant, account: String?) {
        guard let probe = probes.first(where: { $0.provider == provider }) else {
            throw ConnectError.unsupported(provider: provider)
        }
        // Copied tokens bring blanks and line ends along.
        let token = token.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ConnectError.refused(.tokenRefused(provider))
        }
        guard !token.hasPrefix("nrt_") else { throw ConnectError.refused(.refreshToken(provider)) }
        let reply = try await ask(probe, token)
        switch reply.status {
        case 200:
            let bot = (try? JSONDecoder().decode(BotUser.self, from: Data(reply.body)))?.bot
            let grant = Grant(accessToken: token, refreshToken: nil, expiresAt: nil, workspace: bot?.workspaceID)
            return (grant, bot?.workspaceName)
        case 408, 429, 500...:
            throw ConnectError.unreachable(.failed(.unreachable("it answered \(reply.status)"), at: provider))
        default: throw ConnectError.refused(.tokenRefused(provider))
        }
    }

    private func ask(_ probe: TokenProbe, _ token: String) async throws -> OutboundReply {
        var headers: HTTPFields = [.accept: "application/json", .authorization: "Bearer \(token)"]
        if let name = HTTPField.Name("Notion-Version") { headers[name] = Self.notionVersion }
        let request = OutboundRequest(
            url: probe.url,
            headers: headers,
            timeout: Self.timeout,
            maximumReplyOctets: Self.maximumReplyOctets
        )
        do {
            return try await transport.send(request)
        } catch {
            throw ConnectError.unreachable(.failed(.unreachable(error.description), at: probe.provider))
        }
    }
}

/// What `GET /v1/users/me` says of an integration.
private struct BotUser: Decodable {
    struct Bot: Decodable {
        var workspaceID: String?
        var workspaceName: String?

        enum CodingKeys: String, CodingKey {
            case workspaceID = "workspace_id"
            case workspaceName = "workspace_name"
        }
    }

    var bot: Bot?
}
