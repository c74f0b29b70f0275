import Accounts
import Bridging
import HTTPTypes
import Store

extension RESTRoutes {
    /// The providers, and by which client id each knows this gateway.
    static let providerOperations: [Operation] = [
        .list("/providers", "list_providers", "The providers, and whether each knows this gateway", of: provider) {
            rest,
            request in
            var rows: [JSON] = []
            for provider in rest.gateway.providers { rows.append(try await rest.row(provider.name, request)) }
            return try Page(request).reply(rows)
        },
        .get("/providers/{id}", "show_provider", "One provider", answer: provider) { rest, request in
            RESTReply(.ok, try await rest.row(try rest.providerName(request), request))
        },
        changeProvider,
        .delete("/providers/{id}", "forget_provider_client", "Forgets the client id and secret that were entered") {
            rest,
            request in
            try request.requireAdmin(to: "change how providers know this gateway")
            let name = try rest.providerName(request)
            try await rest.registrations().removeRegistration(at: name, by: request.visitor.principal.id)
            return .done
        },
        .post(
            "/providers/{id}/check",
            "check_provider",
            "Asks the provider whether it knows this gateway by its client id and secret",
            answer: .object(["id": .text, "is_known": .truth, "last_error": .named("Failure").orNull])
        ) { rest, request in
            try request.requireAdmin(to: "check how providers know this gateway")
            let name = try rest.providerName(request)
            let problem = try await rest.gateway.connect.check(name)
            return RESTReply(
                .ok,
                [
                    "id": .string(name), "is_known": .bool(problem == nil),
                    "last_error": problem.map {
                        [
                            "code": .string($0.code), "message": .string($0.message), "remedy": .string($0.remedy),
                        ]
                    } ?? .null,
                ]
            )
        },
    ]

    /// Takes a client id and its secret; no answer ever shows the secret.
    private static let changeProvider: Operation = {
        let octets = ClientRegistrations.Registration.maximumOctets
        var operation = Operation.patch(
            "/providers/{id}",
            "enter_provider_client",
            "Enters the client id and secret that the provider gave for this gateway; the secret is never shown again",
            body: .object(["client_id": .text(1...octets), "client_secret": .text(1...octets)]),
            answer: provider
        ) { rest, request in
            try request.requireAdmin(to: "change how providers know this gateway")
            let name = try rest.providerName(request)
            let members = try request.members()
            guard
                let registration = ClientRegistrations.Registration(
                    pasted: members["client_id"]?.string ?? "",
                    secret: members["client_secret"]?.string ?? ""
                )
            else {
                throw RESTProblem.invalid(
                    "A client id and a secret are plain characters without blanks.",
                    "Copy both from the provider once more."
                )
            }
            try await rest.registrations().setRegistration(
                registration,
                at: name,
                by: request.visitor.principal.id
            )
            return RESTReply(.ok, try await rest.row(name, request))
        }
        // Nobody reads what stands there, so that nothing could be told apart by a condition.
        operation.condition = .none
        return operation
    }()

    private static let provider = Schema.object([
        "id": .text, "client": .choice(["environment", "entered", "none"]).noted("where its id and secret are from"),
        "client_id": .text.orNull.noted("the one that was entered; for admins"), "redirect_uri": .text,
    ])

    private func providerName(_ request: RESTRequest) throws(RESTProblem) -> String {
        guard request.path.count > 1, let provider = gateway.provider(request.path[1]) else { throw .notFound }
        return provider.name
    }

    private func registrations() throws(RESTProblem) -> ClientRegistrations {
        guard let registrations = gateway.registrations else { throw .notFound }
        return registrations
    }

    private func row(_ name: String, _ request: RESTRequest) async throws -> JSON {
        let entered = try await gateway.registrations?.registration(at: name)
        let isFixed = gateway.oauthProviders.contains(name)
        return [
            "id": .string(name),
            "client": .string(isFixed ? "environment" : entered == nil ? "none" : "entered"),
            "client_id": .text(request.visitor.principal.isAdmin && !isFixed ? entered?.clientID : nil),
            "redirect_uri": .string(gateway.publicURL + "/oauth/callback"),
        ]
    }
}
