import Accounts
import HTTPTypes
import Store

extension RESTRoutes {
    /// `Idempotency-Key`: a POST that is repeated with it is answered again and done once.
    static let idempotencyKey = HTTPField.Name("Idempotency-Key") ?? .from

    /// The longest key that is taken.
    private static let maximumKey = 255

    /// Does what a request asks, or gives the answer it was given before.
    func once(_ key: String, _ operation: Operation, _ request: RESTRequest) async throws -> RESTReply {
        guard (1...Self.maximumKey).contains(key.utf8.count) else {
            throw RESTProblem.invalid("Idempotency-Key must have 1 to \(Self.maximumKey) characters.")
        }
        let principal = request.visitor.principal.id
        let asked = request.path.joined(separator: "/") + "\n" + String(decoding: request.body, as: UTF8.self)
        switch try await gateway.answers.claim(key, asking: asked, by: principal) {
        case .first: break
        case .answered(let octets):
            guard let stored = JSON(parsing: octets), let status = stored["status"]?.integer else {
                throw RESTProblem.notFound
            }
            var reply = RESTReply(.init(code: Int(status)), stored["body"])
            if let name = HTTPField.Name("Idempotency-Replayed") { reply.headers[name] = "true" }
            return reply
        case .underWay:
            throw RESTProblem(.conflict, "conflict", "The first request is still being answered.", "Try again soon.")
        case .differs:
            throw RESTProblem(
                .unprocessableContent,
                "invalid_request",
                "The Idempotency-Key was used for another request.",
                "Use a new key for every new request."
            )
        }
        do {
            let reply = try await operation.run(self, request)
            let kept: JSON = ["status": .integer(reply.status.code), "body": reply.json]
            try await gateway.answers.keep(key, kept.octets, of: principal)
            return reply
        } catch {
            // Nothing was done: the same key may try again.
            try await gateway.answers.release(key, of: principal)
            throw error
        }
    }
}
