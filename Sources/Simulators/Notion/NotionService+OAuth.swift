import Foundation

extension NotionService {
    /// The consent page, and the token endpoints behind it.
    func oauth(_ request: NotionRequest) -> NotionReply {
        switch (request.method, request.path.last ?? "") {
        case ("GET", "authorize"): return consent(request)
        case ("POST", "authorize"): return decide(request)
        case ("POST", let name):
            do throws(NotionProblem) {
                return authorization.call(name, try request.object(), basic: basic(request), at: instant)
            } catch {
                return NotionReply(error)
            }
        default: return NotionReply(.invalidAddress)
        }
    }

    private func basic(_ request: NotionRequest) -> String? {
        guard let header = request.authorization, header.hasPrefix("Basic "),
            let data = Data(base64Encoded: String(header.dropFirst(6)))
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    private func consent(_ request: NotionRequest) -> NotionReply {
        guard request.values("client_id").first == NotionSimulator.clientID,
            request.values("response_type").first == "code", let redirect = request.values("redirect_uri").first
        else { return NotionReply(400, html: "<p>Missing or invalid client_id or redirect_uri.</p>") }
        if approvesAtOnce { return decide(redirect: redirect, state: request.values("state").first, allows: true) }
        let fields = ["redirect_uri": redirect, "state": request.values("state").first ?? ""]
        let inputs = fields.map { "<input type=\"hidden\" name=\"\($0.key)\" value=\"\(escaped($0.value))\">" }.joined()
        return NotionReply(
            200,
            html: """
                <!DOCTYPE html><html lang="en"><title>Simulated Notion</title><h1>Simulated Notion</h1>
                <p>Kalends wants to read and write the databases of “Home”.</p>
                <form method="post">\(inputs)<button name="decision" value="allow">Allow access</button>
                <button name="decision" value="deny">Cancel</button></form></html>
                """
        )
    }

    private func decide(_ request: NotionRequest) -> NotionReply {
        let form = NotionForm.parse(String(decoding: request.body, as: UTF8.self))
        guard let redirect = form["redirect_uri"] else { return NotionReply(400, html: "<p>No redirect_uri.</p>") }
        return decide(redirect: redirect, state: form["state"], allows: form["decision"] == "allow")
    }

    private func decide(redirect: String, state: String?, allows: Bool) -> NotionReply {
        var location = redirect + (redirect.contains("?") ? "&" : "?")
        location += allows ? "code=" + authorization.makeCode(redirect: redirect) : "error=access_denied"
        if let state { location += "&state=" + NotionForm.encode(state) }
        var reply = NotionReply(302, html: "")
        reply.location = location
        return reply
    }

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "\"", with: "&quot;")
            .replacingOccurrences(of: "<", with: "&lt;")
    }
}

/// Pairs of `application/x-www-form-urlencoded`.
enum NotionForm {
    static func parse(_ text: String) -> [String: String] {
        Dictionary(pairs(text).map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    static func pairs(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            func decoded(_ part: Substring) -> String {
                part.replacingOccurrences(of: "+", with: " ").percentDecoded
            }
            return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
            return isPlain || "-._~".utf8.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
