import Accounts
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Store

/// `/mcp`: the operations of the REST interface as tools for agents (Model Context Protocol, streamable HTTP).
///
/// Every answer is one JSON document; the server begins no talk of its own, so there is no stream and no session.
/// Older revisions of the protocol begin with a handshake; from 2026-07-28 on each request carries an ``MCPEnvelope``.
struct MCPRoute: Sendable {
    /// The revisions that begin with a handshake, the newest first.
    static let revisions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]

    private static let maximumBody = 512 * 1024

    private let gateway: Gateway
    private let visitors: Visitors
    private let rest: RESTRoutes

    init(_ gateway: Gateway, _ visitors: Visitors, _ rest: RESTRoutes) {
        self.gateway = gateway
        self.visitors = visitors
        self.rest = rest
    }

    func respond(to request: Request, id: String) async throws -> Response {
        // A page of another site must not reach what listens on this machine.
        guard gateway.isOurs(request.headers[.origin], host: request.head.authority) else {
            return RESTRoutes.response(.foreignPage)
        }
        guard request.method == .post else {
            return RESTRoutes.response(.methodNotAllowed(request.method, allowed: "POST"))
        }
        do {
            guard let visitor = try await visitors.visitor(credentialsOf: request) else {
                return RESTRoutes.response(.nobody)
            }
            let ration = rest.ration(of: visitor)
            guard ration.isGranted else { return RESTRoutes.response(.tooMany(ration)) }
            let body = try await request.body.collect(upTo: Self.maximumBody)
            guard let message = JSON(parsing: Array(body.readableBytesView)) else {
                return .json(Self.failure(.null, -32_700, "This is no JSON."), status: .badRequest)
            }
            if MCPEnvelope.isCarried(by: message, request.headers) {
                return await answer(enveloped: message, request.headers, visitor, id)
            }
            if let told = MCPEnvelope.revision(in: request.headers), !Self.revisions.contains(told) {
                return .json(Self.failure(message["id"] ?? .null, .unsupported(told)), status: .badRequest)
            }
            return await answer(message, visitor, id)
        } catch {
            guard let problem = RESTProblem(meaning: error, limit: Self.maximumBody) else { throw error }
            return RESTRoutes.response(problem)
        }
    }

    /// One message, or several at once, as the second revision allows.
    private func answer(_ message: JSON, _ visitor: Visitor, _ id: String) async -> Response {
        if let several = message.array {
            var answers: [JSON] = []
            for message in several {
                if let answer = await answer(to: message, visitor, id) { answers.append(answer) }
            }
            return answers.isEmpty ? Response(status: .accepted) : .json(.array(answers))
        }
        guard let answer = await answer(to: message, visitor, id) else { return Response(status: .accepted) }
        return .json(answer)
    }

    /// The answer to a message; nil to one that wants none.
    private func answer(to message: JSON, _ visitor: Visitor, _ request: String) async -> JSON? {
        guard message["jsonrpc"] == "2.0", let method = message["method"]?.string else {
            // An answer of the client's is taken note of.
            return message["result"] != nil || message["error"] != nil
                ? nil : Self.failure(message["id"] ?? .null, -32_600, "This is no JSON-RPC 2.0 request.")
        }
        guard let id = message["id"] else { return nil }
        let parameters = message["params"] ?? [:]
        switch method {
        case "initialize": return Self.success(id, Self.welcome(parameters))
        case "ping": return Self.success(id, [:])
        default:
            switch await outcome(of: method, parameters, visitor, request) {
            case .success(let result): return Self.success(id, result)
            case .failure(let objection): return Self.failure(id, objection)
            }
        }
    }

    /// The answer to a request that carries its envelope: results say that they are whole and how long they hold.
    private func answer(
        enveloped message: JSON,
        _ headers: HTTPFields,
        _ visitor: Visitor,
        _ request: String
    ) async -> Response {
        guard message["jsonrpc"] == "2.0", let method = message["method"]?.string else {
            return .json(Self.failure(.null, -32_600, "This is no JSON-RPC 2.0 request."), status: .badRequest)
        }
        // Nothing that a client tells without asking means anything to us.
        guard let id = message["id"] else { return Response(status: .accepted) }
        if let objection = MCPEnvelope.objection(to: message, headers) {
            return .json(Self.failure(id, objection), status: objection.status)
        }
        let found: Result<JSON, MCPObjection> =
            method == "server/discover"
            ? .success(MCPEnvelope.discovery(Self.capabilities, Self.instructions))
            : await outcome(of: method, message["params"] ?? [:], visitor, request)
        switch found {
        case .success(let result): return .json(Self.success(id, MCPEnvelope.whole(result, Self.serverInfo)))
        case .failure(let objection): return .json(Self.failure(id, objection), status: objection.status)
        }
    }

    /// What a method answers that every revision has.
    private func outcome(
        of method: String,
        _ parameters: JSON,
        _ visitor: Visitor,
        _ request: String
    ) async -> Result<JSON, MCPObjection> {
        switch method {
        case "tools/list": return .success(["tools": .array(Self.tools(for: visitor).map(Self.describe))])
        case "tools/call":
            let name = parameters["name"]?.string ?? ""
            guard let tool = Self.tools(for: visitor).first(where: { $0.name == name }) else {
                return .failure(MCPObjection(-32_602, "There is no tool \(name) for this token."))
            }
            return .success(await call(tool, parameters["arguments"] ?? [:], visitor, request))
        default: return .failure(MCPObjection(-32_601, "The method \(method) is not known."))
        }
    }

    private static let capabilities: JSON = ["tools": ["listChanged": false]]

    private static let serverInfo: JSON = ["name": "kalends", "title": "Kalends", "version": "1"]

    private static let instructions =
        "Calendars that are kept in step with Google Calendar and Notion. Times are RFC 3339. An event's id names it with "
        + "all its occurrences; occurrence names one. What is deleted can be restored from its history."

    private static func welcome(_ parameters: JSON) -> JSON {
        let asked = parameters["protocolVersion"]?.string ?? ""
        return [
            "protocolVersion": .string(revisions.contains(asked) ? asked : revisions[0]),
            "capabilities": capabilities, "serverInfo": serverInfo, "instructions": .string(instructions),
        ]
    }

    // MARK: Tools

    /// Everything a program can do, but the stream, which is none, and secrets, which a token shall not multiply.
    private static func tools(for visitor: Visitor) -> [Operation] {
        RESTRoutes.operations.filter { operation in
            guard operation.method == .get || visitor.mayWrite else { return false }
            switch operation.answer {
            case .events, .file: return false
            case .nothing, .json, .jsonOrCSV: return !secretTags.contains(operation.tag)
            }
        }
    }

    private static let secretTags: Set<String> = ["tokens", "app-passwords", "providers"]

    private static func describe(_ operation: Operation) -> JSON {
        var properties: [String: JSON] = [:]
        var required = operation.pathNames.map(JSON.string)
        for name in operation.pathNames { properties[name] = operation.nameSchema.json() }
        for field in operation.query { properties[field.name] = field.schema.json(inlining: true) }
        for member in operation.body?.meant.members ?? [] {
            properties[member.name] = member.schema.json(inlining: true)
            if member.isRequired { required.append(.string(member.name)) }
        }
        let isReading = operation.method == .get
        return [
            "name": .string(operation.name), "title": .string(operation.summary),
            "description": .string(operation.summary + "."),
            "inputSchema": ["type": "object", "properties": .object(properties), "required": .array(required)],
            "annotations": [
                "readOnlyHint": .bool(isReading), "destructiveHint": .bool(operation.method == .delete),
                "idempotentHint": .bool(isReading || operation.method == .delete),
            ],
        ]
    }

    /// Does what a tool is asked; a refusal is an answer the agent can read.
    private func call(_ operation: Operation, _ arguments: JSON, _ visitor: Visitor, _ id: String) async -> JSON {
        do {
            let reply = try await rest.perform(Self.request(operation, arguments, visitor))
            if case .file(_, _, let text) = reply.content {
                return ["content": [["type": "text", "text": .string(text)]], "isError": false]
            }
            return Self.content(reply.json, isError: false)
        } catch {
            if let problem = RESTProblem(meaning: error, limit: Self.maximumBody) {
                return Self.content(problem.body, isError: true)
            }
            gateway.logger.error(
                "a tool failed",
                metadata: ["tool": "\(operation.name)", "request": "\(id)", "error": "\(error)"]
            )
            return Self.content(RESTProblem.unexpected(id).body, isError: true)
        }
    }

    private static func request(
        _ operation: Operation,
        _ arguments: JSON,
        _ visitor: Visitor
    ) throws(RESTProblem) -> RESTRequest {
        guard var rest = arguments.object else { throw .invalid("arguments must be an object.") }
        var path: [String] = []
        for segment in operation.segments {
            guard segment.hasPrefix("{") else {
                path.append(String(segment))
                continue
            }
            let name = String(segment.dropFirst().dropLast())
            guard let value = rest.removeValue(forKey: name) else { throw .invalid("\(name) is missing.") }
            path.append(value.integer.map(String.init) ?? value.string ?? "")
        }
        var query: [String] = []
        for field in operation.query {
            guard let value = rest.removeValue(forKey: field.name), value != .null else { continue }
            let text = value.string ?? String(decoding: value.octets, as: UTF8.self)
            query.append(field.name + "=" + DashboardRoutes.encoded(text))
        }
        return RESTRequest(
            method: operation.method,
            path: path,
            query: FormFields(query.joined(separator: "&")),
            headers: HTTPFields(),
            body: JSON.object(rest).octets,
            visitor: visitor
        )
    }

    private static func content(_ body: JSON, isError: Bool) -> JSON {
        let text = body == .null ? "done" : String(decoding: body.octets, as: UTF8.self)
        var members: [String: JSON] = [
            "content": [["type": "text", "text": .string(text)]], "isError": .bool(isError),
        ]
        if body.object != nil { members["structuredContent"] = body }
        return .object(members)
    }

    // MARK: JSON-RPC

    private static func success(_ id: JSON, _ result: JSON) -> JSON { ["jsonrpc": "2.0", "id": id, "result": result] }

    private static func failure(_ id: JSON, _ code: Int64, _ message: String) -> JSON {
        failure(id, MCPObjection(code, message))
    }

    private static func failure(_ id: JSON, _ objection: MCPObjection) -> JSON {
        ["jsonrpc": "2.0", "id": id, "error": objection.body]
    }
}

extension Schema {
    /// The schema itself, whatever it is called.
    fileprivate var meant: Schema {
        guard case .named(let name) = shape else { return self }
        return Schemas.named[name] ?? self
    }
}
