public import HTTPTypes

/// How a client would like its answer (RFC 7240, RFC 8144), also in Microsoft's older words (`Brief: t`).
public struct Preferences: Sendable, Hashable {
    /// How much is returned (RFC 7240 §4.2).
    public enum Return: String, Sendable, Hashable { case minimal, representation }

    /// What is wanted back; nil where nothing is said.
    public private(set) var returning: Return?

    /// Whether a PROPFIND leaves out the resource it was sent to (RFC 8144 §3.1).
    private(set) var isWithoutRoot = false

    /// Reads the headers; what is not known here is ignored, and the first of two equal names holds (RFC 7240 §2).
    public init(_ headers: HTTPFields) {
        var seen: Set<String> = []
        for preference in Self.split(headers[.prefer] ?? "", at: UInt8(ascii: ",")) {
            // Parameters follow after semicolons; none of the preferences known here has any.
            let parts = Self.split(Self.split(preference, at: UInt8(ascii: ";")).first ?? "", at: UInt8(ascii: "="))
            guard let name = parts.first?.lowercased(), seen.insert(name).inserted else { continue }
            switch name {
            case "return": returning = parts.dropFirst().first.flatMap { Return(rawValue: Self.unquoted($0)) }
            case "depth-noroot": isWithoutRoot = true
            default: break
            }
        }
        if !seen.contains("return"), headers[.brief]?.lowercased() == "t" { returning = .minimal }
    }

    /// Splits outside of quotes; white space at the ends of the parts, and parts without anything, are left out.
    private static func split(_ text: String, at separator: UInt8) -> [String] {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        for octet in text.utf8 {
            if octet == UInt8(ascii: "\"") { isQuoted.toggle() }
            if octet == separator, !isQuoted {
                parts.append([])
            } else if isQuoted || (octet != 0x20 && octet != 0x09) {
                parts[parts.count - 1].append(octet)
            }
        }
        return parts.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func unquoted(_ word: String) -> String { word.filter { $0 != "\"" }.lowercased() }
}

extension Exchange {
    /// How the client would like its answer.
    var preferences: Preferences { Preferences(request.headers) }
}

extension DAVResponse {
    /// Says which preferences were kept, and that another request would have been answered otherwise.
    func applying(
        _ preferences: Preferences,
        _ returning: Preferences.Return?,
        rootLeftOut: Bool = false
    ) -> DAVResponse {
        var words: [String] = []
        if let returning, preferences.returning == returning { words.append("return=\(returning.rawValue)") }
        if rootLeftOut { words.append("depth-noroot") }
        guard !words.isEmpty else { return self }
        var response = self
        response.headers[.preferenceApplied] = words.joined(separator: ", ")
        response.headers[.vary] = "Prefer, Brief"
        return response
    }

    /// The same answer with the resource that it is about (RFC 8144 §3.2); 204 becomes 200.
    func representing(_ text: String, _ contentType: String, etag: String, at href: String) -> DAVResponse {
        var response = self
        if response.status == 204 { response.status = 200 }
        response.headers[.contentType] = contentType
        response.headers[.contentLocation] = href
        response.headers[.eTag] = etag
        response.body = Array(text.utf8)
        return response
    }
}
