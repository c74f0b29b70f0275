import Accounts
import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    /// The window in which Notion may tell the secret it signs its calls with; for admins.
    static let webhookOperations: [Operation] = [
        .get("/webhooks/notion/setup", "show_notion_webhook", "The set-up of Notion's webhook", answer: webhookSetup) {
            rest,
            request in
            try request.requireAdmin(to: "set webhooks up: one subscription serves every user")
            return RESTReply(.ok, rest.row(try await rest.gateway.notionCalls.setup()))
        },
        .post(
            "/webhooks/notion/setup",
            "open_notion_webhook",
            "Waits ten minutes for the secret that Notion sends when its webhook is set up",
            answer: webhookSetup
        ) { rest, request in
            try request.requireAdmin(to: "set webhooks up: one subscription serves every user")
            return RESTReply(.ok, rest.row(try await rest.gateway.notionCalls.open()))
        },
    ]

    private static let webhookSetup = Schema.object([
        "url": .text, "state": .choice(WebhookVerification.State.self),
        "verification_token": .text.orNull.noted("to be pasted into Notion's form"), "closes_at": .time.orNull,
    ])

    private func row(_ setup: WebhookVerification.Setup) -> JSON {
        [
            "url": .string(gateway.publicURL + "/webhooks/notion"), "state": .string(setup.state.rawValue),
            "verification_token": .text(setup.token), "closes_at": .text(setup.closesAt?.rfc3339),
        ]
    }
}

extension RESTRequest {
    /// Lets nobody but an admin past.
    func requireAdmin(to purpose: String) throws(RESTProblem) {
        guard !visitor.principal.isAdmin else { return }
        throw RESTProblem(
            .forbidden,
            "permission_denied",
            "Only an admin may \(purpose).",
            "Ask an admin of this gateway."
        )
    }
}
