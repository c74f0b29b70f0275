import Accounts
import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    /// Answers `/app-passwords` and `/tokens`.
    func secrets(_ request: RESTRequest) async throws -> RESTReply {
        let principal = request.visitor.principal
        let isToken = request.path.first == "tokens"
        switch (request.method, request.path.count) {
        case (.get, 1): return .list(isToken ? try await tokens(principal) : try await appPasswords(principal))
        case (.post, 1):
            let members = try request.members()
            guard let label = members["label"]?.string, !label.isEmpty else {
                throw RESTProblem.invalid("label is missing.")
            }
            if isToken {
                let scopes = (members["scopes"]?.array ?? ["read", "write"]).compactMap(\.string)
                let token = try await gateway.accounts.makeAPIToken(label: label, scopes: scopes, for: principal)
                return RESTReply(.created, ["label": .string(label), "token": .string(token)])
            }
            let password = try await gateway.accounts.makeAppPassword(label: label, for: principal)
            return RESTReply(.created, ["label": .string(label), "password": .string(password)])
        case (.delete, 2):
            let id = try request.identifier(1)
            let isRemoved =
                isToken
                ? try await gateway.accounts.removeAPIToken(id, of: principal)
                : try await gateway.accounts.removeAppPassword(id, of: principal)
            guard isRemoved else { throw RESTProblem.notFound }
            return .done
        default: throw request.methodNotAllowed
        }
    }

    private func appPasswords(_ principal: Principal) async throws -> [JSON] {
        try await gateway.credentials.appPasswords(of: principal.id).map { row in
            [
                "id": .integer(row.id), "label": .string(row.label), "created_at": .string(row.createdAt.rfc3339),
                "last_used_at": .text(row.lastUsedAt?.rfc3339),
            ]
        }
    }

    private func tokens(_ principal: Principal) async throws -> [JSON] {
        try await gateway.credentials.apiTokens(of: principal.id).map { row in
            [
                "id": .integer(row.id), "label": .string(row.label), "scopes": .array(row.scopes.map(JSON.string)),
                "created_at": .string(row.createdAt.rfc3339),
            ]
        }
    }
}
