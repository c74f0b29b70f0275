import Foundation
import HTTPTypes
import OutboundHTTP

/// A server the demonstration speaks to, in JSON or as a CalDAV client.
struct DemoPeer: Sendable {
    let base: String
    private let transport: any HTTPTransport
    private let authorization: String?

    init(_ base: String, _ transport: any HTTPTransport, user: String? = nil, password: String? = nil) {
        self.base = base
        self.transport = transport
        authorization = user.map { "Basic " + Data("\($0):\(password ?? "")".utf8).base64EncodedString() }
    }

    /// Sends JSON and answers an object.
    func send(_ method: String, _ path: String, _ body: [String: any Sendable]? = nil) async throws -> [String: Any] {
        let octets = try body.map { [UInt8](try JSONSerialization.data(withJSONObject: $0)) } ?? []
        let reply = try await request(method, base + path, octets, type: "application/json")
        guard (200..<300).contains(reply.status) else {
            throw Failure(
                "\(method) \(path): \(reply.status) \(String(decoding: reply.body.prefix(300), as: UTF8.self))"
            )
        }
        return (try? JSONSerialization.jsonObject(with: Data(reply.body))) as? [String: Any] ?? [:]
    }

    /// Reads a JSON array of objects.
    func list(_ path: String) async throws -> [[String: Any]] {
        let reply = try await request("GET", base + path, [], type: nil)
        return (try? JSONSerialization.jsonObject(with: Data(reply.body))) as? [[String: Any]] ?? []
    }

    /// Where an address sends the browser, as an absolute address of the next server.
    func redirect(of address: String) async throws -> String {
        let reply = try await request("GET", address, [], type: nil)
        guard (300..<400).contains(reply.status), let location = reply.headers[.location] else {
            throw Failure("\(address.prefix { $0 != "?" }) answered \(reply.status) instead of sending the browser on")
        }
        return location
    }

    /// Stores a calendar object.
    func put(_ href: String, _ text: String) async throws {
        let reply = try await request("PUT", base + href, Array(text.utf8), type: "text/calendar; charset=utf-8")
        guard (200..<300).contains(reply.status) else { throw Failure("PUT \(href): \(reply.status)") }
    }

    /// All objects of a calendar: one sync-collection for the hrefs, one GET each for the octets.
    func objects(in calendar: String) async throws -> [(href: String, text: String)] {
        let body = """
            <D:sync-collection xmlns:D="DAV:"><D:sync-token/><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>
            """
        let reply = try await request("REPORT", base + calendar, Array(body.utf8), type: "application/xml")
        guard reply.status == 207 else { throw Failure("REPORT \(calendar): \(reply.status)") }
        let text = String(decoding: reply.body, as: UTF8.self)
        var found: [(href: String, text: String)] = []
        for part in text.components(separatedBy: "href>") where part.hasPrefix(calendar) && part.contains(".ics") {
            let href = String(part.prefix { $0 != "<" })
            let object = try await request("GET", base + href, [], type: nil)
            if object.status == 200 { found.append((href, String(decoding: object.body, as: UTF8.self))) }
        }
        return found
    }

    private func request(_ method: String, _ url: String, _ body: [UInt8], type: String?) async throws -> OutboundReply
    {
        guard let verb = HTTPRequest.Method(method) else { throw Failure("\(method) is no method") }
        var request = OutboundRequest(method: verb, url: url, body: body)
        if let type { request.headers[.contentType] = type }
        // Credentials go to the gateway only, never along a redirect to somebody else.
        if let authorization, url.hasPrefix(base) { request.headers[.authorization] = authorization }
        return try await transport.send(request)
    }
}
