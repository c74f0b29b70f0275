import Foundation
import HTTPTypes

/// Why a message is not answered as its sender hoped: an error of JSON-RPC, and the status it travels under.
struct MCPObjection: Error, Sendable {
    let code: Int64
    let message: String
    let data: JSON?

    init(_ code: Int64, _ message: String, data: JSON? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// The revision is not spoken here; those that are stand beside it.
    static func unsupported(_ revision: String) -> MCPObjection {
        let spoken = (MCPEnvelope.revisions + MCPRoute.revisions).map(JSON.string)
        return MCPObjection(
            -32_022,
            "The protocol's revision \(revision) is not spoken here.",
            data: ["supported": .array(spoken), "requested": .string(revision)]
        )
    }

    var status: HTTPResponse.Status { code == -32_601 ? .notFound : .badRequest }

    var body: JSON {
        var members: [String: JSON] = ["code": .integer(code), "message": .string(message)]
        if let data { members["data"] = data }
        return .object(members)
    }
}

/// What each request says of itself from revision 2026-07-28 on, where there is neither handshake nor session.
enum MCPEnvelope {
    /// The revisions whose requests carry it.
    static let revisions = ["2026-07-28"]

    private static let revisionField = HTTPField.Name("MCP-Protocol-Version")
    private static let methodField = HTTPField.Name("Mcp-Method")
    private static let nameField = HTTPField.Name("Mcp-Name")

    private static let prefix = "io.modelcontextprotocol/"
    private static let revisionKey = prefix + "protocolVersion"
    private static let capabilitiesKey = prefix + "clientCapabilities"

    /// The parameter that `Mcp-Name` repeats, by method.
    private static let named = ["tools/call": "name", "prompts/get": "name", "resources/read": "uri"]

    /// How long a list of tools may be kept, in milliseconds: it changes with the program, or with the token.
    private static let lifetime: Int64 = 300_000

    /// The revision that the header names.
    static func revision(in headers: HTTPFields) -> String? { revisionField.flatMap { headers[$0] } }

    /// Whether a message belongs to a revision of this kind.
    static func isCarried(by message: JSON, _ headers: HTTPFields) -> Bool {
        revision(in: headers).map(revisions.contains) ?? false || message["params"]?["_meta"]?[revisionKey] != nil
    }

    /// What is wrong with the envelope of a request; nil where nothing is.
    ///
    /// Headers repeat what the body says, so that a proxy may route by them: where the two differ, somebody lies.
    static func objection(to message: JSON, _ headers: HTTPFields) -> MCPObjection? {
        let told = message["params"]?["_meta"] ?? [:]
        let missing = [revisionKey, capabilitiesKey].filter { told[$0] == nil }
        guard missing.isEmpty else {
            return MCPObjection(-32_602, "params._meta lacks \(missing.joined(separator: ", ")).")
        }
        guard let asked = told[revisionKey]?.string, asked == revision(in: headers) else {
            return differing("MCP-Protocol-Version", "the revision in params._meta")
        }
        let method = message["method"]?.string ?? ""
        guard methodField.flatMap({ headers[$0] }) == method else { return differing("Mcp-Method", "the method") }
        if let key = named[method], let name = message["params"]?[key]?.string,
            nameField.flatMap({ headers[$0] }).flatMap(decoded) != name
        {
            return differing("Mcp-Name", key)
        }
        return revisions.contains(asked) ? nil : .unsupported(asked)
    }

    private static func differing(_ field: String, _ what: String) -> MCPObjection {
        MCPObjection(-32_020, "The header \(field) and \(what) of the body differ.")
    }

    /// A value as it was before it was made fit for a header: `=?base64?…?=` holds what else would not travel.
    private static func decoded(_ value: String) -> String? {
        let (begin, end) = ("=?base64?", "?=")
        guard value.hasPrefix(begin), value.hasSuffix(end), value.utf8.count >= begin.utf8.count + end.utf8.count else {
            return value
        }
        let packed = String(value.dropFirst(begin.count).dropLast(end.count))
        return Data(base64Encoded: packed).flatMap { String(data: $0, encoding: .utf8) }
    }

    // MARK: Answers

    /// What this server speaks and can.
    static func discovery(_ capabilities: JSON, _ instructions: String) -> JSON {
        [
            "supportedVersions": .array((revisions + MCPRoute.revisions).map(JSON.string)),
            "capabilities": capabilities, "instructions": .string(instructions),
        ]
    }

    /// A result with what every one of this revision says: that it is whole, whose it is, how long a list holds.
    static func whole(_ result: JSON, _ server: JSON) -> JSON {
        guard var members = result.object else { return result }
        members["resultType"] = "complete"
        members["_meta"] = [prefix + "serverInfo": server]
        if members["tools"] != nil || members["supportedVersions"] != nil {
            members["ttlMs"] = .integer(lifetime)
            members["cacheScope"] = "private"
        }
        return .object(members)
    }
}
