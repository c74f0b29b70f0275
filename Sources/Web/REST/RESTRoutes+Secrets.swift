import Accounts
import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    static let secretOperations: [Operation] =
        secretOperations(
            "/app-passwords",
            "app_password",
            "app password",
            body: .object(["label": .text(1...200)]),
            rows: { try await $0.appPasswords($1) },
            make: { try await $0.makeAppPassword($1) },
            remove: { try await $0.gateway.accounts.removeAppPassword($1, of: $2) }
        )
        + secretOperations(
            "/tokens",
            "token",
            "API token",
            body: .object(["label": .text(1...200), "scopes?": .list(of: .choice(["read", "write"])).orNull]),
            rows: { try await $0.tokens($1) },
            make: { try await $0.makeToken($1) },
            remove: { try await $0.gateway.accounts.removeAPIToken($1, of: $2) }
        )

    private static func secretOperations(
        _ path: String,
        _ word: String,
        _ words: String,
        body: Schema,
        rows: @escaping @Sendable (RESTRoutes, Principal) async throws -> [JSON],
        make: @escaping @Sendable (RESTRoutes, RESTRequest) async throws -> JSON,
        remove: @escaping @Sendable (RESTRoutes, Int64, Principal) async throws -> Bool
    ) -> [Operation] {
        let row = Schema.named("Secret")
        return [
            .list(path, "list_\(word)s", "Your \(words)s, without what is secret", of: row) { rest, request in
                try Page(request).reply(try await rows(rest, request.visitor.principal))
            },
            .post(path, "create_\(word)", "Makes an \(words), told once", body: body, .created, answer: row) {
                rest,
                request in RESTReply(.created, try await make(rest, request))
            },
            .get(path + "/{id}", "show_\(word)", "One \(words), without what is secret", answer: row) { rest, request in
                let id = try request.identifier(1)
                let all = try await rows(rest, request.visitor.principal)
                guard let found = all.first(where: { $0["id"]?.integer == id }) else { throw RESTProblem.notFound }
                return RESTReply(.ok, found)
            },
            .delete(path + "/{id}", "delete_\(word)", "Removes an \(words)") { rest, request in
                guard try await remove(rest, request.identifier(1), request.visitor.principal) else {
                    throw RESTProblem.notFound
                }
                return .done
            },
        ]
    }

    private func makeAppPassword(_ request: RESTRequest) async throws -> JSON {
        let label = try request.members()["label"]?.string ?? ""
        let made = try await gateway.accounts.newAppPassword(label: label, for: request.visitor.principal)
        return [
            "id": .integer(made.id), "label": .string(label), "password": .string(made.password),
            "created_at": .string(gateway.now().rfc3339),
        ]
    }

    private func makeToken(_ request: RESTRequest) async throws -> JSON {
        let members = try request.members()
        let label = members["label"]?.string ?? ""
        let scopes = (members["scopes"]?.array ?? ["read", "write"]).compactMap(\.string)
        let made = try await gateway.accounts.newAPIToken(label: label, scopes: scopes, for: request.visitor.principal)
        return [
            "id": .integer(made.id), "label": .string(label), "token": .string(made.token),
            "scopes": .array(scopes.map(JSON.string)), "created_at": .string(gateway.now().rfc3339),
        ]
    }

    private func appPasswords(_ principal: Principal) async throws -> [JSON] {
        try await gateway.credentials.appPasswords(of: principal.id).sorted { $0.id < $1.id }.map { row in
            [
                "id": .integer(row.id), "label": .string(row.label), "created_at": .string(row.createdAt.rfc3339),
                "last_used_at": .text(row.lastUsedAt?.rfc3339),
            ]
        }
    }

    private func tokens(_ principal: Principal) async throws -> [JSON] {
        try await gateway.credentials.apiTokens(of: principal.id).sorted { $0.id < $1.id }.map { row in
            [
                "id": .integer(row.id), "label": .string(row.label), "scopes": .array(row.scopes.map(JSON.string)),
                "created_at": .string(row.createdAt.rfc3339),
            ]
        }
    }
}
