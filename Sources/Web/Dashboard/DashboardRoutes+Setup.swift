import Accounts
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Store

extension DashboardRoutes {
    /// `/setup`: whoever holds the one-time link makes the first user; once there is one, there is no such page.
    func setup(_ request: Request) async throws -> Response {
        let isForm = request.method == .post
        let fields = FormFields(
            isForm
                ? String(buffer: try await request.body.collect(upTo: Self.maximumForm)) : request.uri.query ?? ""
        )
        guard let token = gateway.setupToken, let given = fields["token"],
            Secret.areEqual(given.utf8, token.utf8), try await gateway.calendars.principals().isEmpty
        else { return .page(templates.page("setup", ["used": true]), status: .notFound) }
        guard isForm else { return setupPage(fields, failure: nil) }
        let password = fields["password"] ?? ""
        guard password == fields["again"] else { return setupPage(fields, failure: "The passwords differ.") }
        guard password.utf8.count >= Self.minimumPassword else {
            return setupPage(fields, failure: "Take a password of at least \(Self.minimumPassword) characters.")
        }
        do {
            let admin = try await gateway.accounts.addUser(
                name: fields["user"] ?? "",
                email: fields["email"].flatMap { $0.isEmpty ? nil : $0 },
                displayName: fields["display_name"].flatMap { $0.isEmpty ? nil : $0 },
                isAdmin: true
            )
            try await gateway.accounts.setPassword(password, of: admin)
            return try await welcome(admin, to: "/")
        } catch let error as AccountError {
            return setupPage(fields, failure: error.description)
        }
    }

    /// What is asked of the one who looks after everybody.
    private static let minimumPassword = 10

    private func setupPage(_ fields: FormFields, failure: String?) -> Response {
        var content: [String: Any] = [
            "token": fields["token"] ?? "", "name": fields["user"] ?? "", "email": fields["email"] ?? "",
            "displayName": fields["display_name"] ?? "",
        ]
        if let failure { content["failure"] = failure }
        return .page(templates.page("setup", content), status: failure == nil ? .ok : .unprocessableContent)
    }
}
