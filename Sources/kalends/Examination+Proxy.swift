import Accounts
import Foundation
import HTTPTypes
import OutboundHTTP

extension Examination {
    /// What the gateway says arrived of a request (`/local/mirror`).
    private struct Mirrored: Decodable {
        var method: String
        var fields: [String: String]
        var octets: Int
    }

    /// What calendar programs send, and what a proxy that knows only browsers likes to take away.
    private static let sent = [
        ("Authorization", "Basic " + Data("nobody:nothing".utf8).base64EncodedString()), ("Depth", "1"),
        ("If-Match", "\"doctor\""), ("Destination", "/dav/doctor"), ("Overwrite", "F"), ("Prefer", "return=minimal"),
        ("Content-Type", "application/xml"),
    ]

    private static let body = [UInt8](repeating: UInt8(ascii: " "), count: 4096)

    /// Whether methods, fields and credentials arrive as they were sent, and come back as they were answered.
    func proxy(at address: String, _ transport: CurlTransport) async -> Finding {
        let fix = "Let the proxy pass every method (PROPFIND, REPORT …) and every field, Authorization too, unchanged."
        do {
            var asking = Self.request(HTTPRequest.Method("PROPFIND") ?? .options, address + "/dav/")
            asking.headers[.authorization] = Self.sent[0].1
            let reply = try await transport.send(asking)
            guard reply.status == 401, reply.headers[.wwwAuthenticate] != nil else {
                return .bad("proxy", "PROPFIND with wrong credentials is answered \(reply.status), not 401", fix: fix)
            }
            let options = try await transport.send(Self.request(.options, address + "/dav/"))
            guard let dav = HTTPField.Name("DAV"), options.headers[dav]?.contains("calendar-access") == true else {
                return .bad("proxy", "OPTIONS loses the field DAV on its way", fix: fix)
            }
            // Only the running gateway can say what reaches it.
            guard let entry = LocalControl.running(settings) else { return .good("proxy", "methods arrive") }
            return try await mirror(at: address, entry.token, transport, fix)
        } catch {
            return .bad("proxy", "\(error)", fix: fix)
        }
    }

    private func mirror(
        at address: String,
        _ token: String,
        _ transport: CurlTransport,
        _ fix: String
    ) async throws -> Finding {
        var asking = Self.request(HTTPRequest.Method("REPORT") ?? .post, address + "/local/mirror")
        for (name, value) in Self.sent {
            if let name = HTTPField.Name(name) { asking.headers[name] = value }
        }
        // A proof instead of the secret: nobody knows yet who answers at that address.
        if let name = HTTPField.Name("X-Kalends-Proof") { asking.headers[name] = Proof.make(of: token) }
        asking.body = Self.body
        let reply = try await transport.send(asking)
        guard reply.status == 200, let found = try? JSONDecoder().decode(Mirrored.self, from: Data(reply.body)) else {
            return .bad(
                "proxy",
                "REPORT is answered \(reply.status) by what is not the gateway on this data folder",
                fix: "Let the proxy lead to \(LocalControl.running(settings)?.address ?? "this gateway"). " + fix
            )
        }
        let lost = Self.sent.filter { found.fields[$0.0.lowercased()] != $0.1 }.map(\.0)
        guard lost.isEmpty else {
            return .bad("proxy", "\(lost.joined(separator: ", ")) do not arrive as they were sent", fix: fix)
        }
        guard found.method == "REPORT", found.octets == Self.body.count else {
            return .bad("proxy", "\(found.octets) of \(Self.body.count) octets of a REPORT arrive", fix: fix)
        }
        return .good("proxy", "methods, fields and credentials arrive")
    }
}
