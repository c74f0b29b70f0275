import Accounts
import Foundation
import HTTPTypes
import OutboundHTTP

/// How commands on this machine find a running gateway and prove that they may.
struct LocalControl: Sendable {
    /// What the file holds.
    struct Entry: Codable, Sendable {
        var address: String
        var token: String
    }

    /// The header that carries the secret.
    static let header = HTTPField.Name("X-Kalends-Local")

    /// The secret of this run.
    let token = Secret.token()
    private let path: String

    init(_ settings: Settings) { path = Self.path(settings) }

    /// Writes where the gateway is, for its own user only.
    func announce(_ address: String) {
        guard let data = try? JSONEncoder().encode(Entry(address: address, token: token)) else { return }
        _ = FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600])
    }

    func withdraw() { try? FileManager.default.removeItem(atPath: path) }

    /// The gateway that runs on the data folder, or nil.
    static func running(_ settings: Settings) -> Entry? {
        guard DataFolderLock.isHeld(settings), let data = FileManager.default.contents(atPath: path(settings)) else {
            return nil
        }
        return try? JSONDecoder().decode(Entry.self, from: data)
    }

    private static func path(_ settings: Settings) -> String { settings.dataFolder + "/gateway.json" }
}

extension LocalControl.Entry {
    /// Asks the gateway, as its own user.
    ///
    /// - Throws: ``Failure`` where it does not answer as it should.
    func ask(_ method: HTTPRequest.Method, _ path: String) async throws -> OutboundReply {
        let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))
        var request = OutboundRequest(method: method, url: address + path)
        if let name = LocalControl.header { request.headers[name] = token }
        let reply: OutboundReply
        do {
            reply = try await transport.send(request)
        } catch {
            await transport.shutDown()
            throw error
        }
        await transport.shutDown()
        guard reply.status == 200 else { throw Failure("the gateway at \(address) answered \(reply.status)") }
        return reply
    }
}
