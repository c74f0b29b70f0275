import Crypto
import Foundation
import ICalendar

/// A call of the service to a webhook.
public struct NotionWebhookCall: Sendable, Hashable {
    /// Where to.
    public let address: String
    /// `sha256=` and digits; nil for the call that tells the secret.
    public let signature: String?
    /// The octets that were signed.
    public let body: [UInt8]
}

/// The webhook subscription of the integration.
struct NotionSubscription: Sendable {
    /// Notion makes secrets of its own; the same in every run here.
    static let secret = "secret_simulated5f0c3ed0000040008000000000000001"

    var address: String

    /// The call that tells the secret, unsigned.
    var verification: NotionWebhookCall {
        let body: JSONValue = ["verification_token": .string(Self.secret)]
        return NotionWebhookCall(address: address, signature: nil, body: body.octets)
    }

    func call(_ event: JSONValue) -> NotionWebhookCall {
        let body = event.octets
        let key = SymmetricKey(data: Data(Self.secret.utf8))
        let digits = HMAC<SHA256>.authenticationCode(for: body, using: key).map { octet in
            (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }
        return NotionWebhookCall(address: address, signature: "sha256=" + digits.joined(), body: body)
    }
}

/// What happened to a page, as a webhook tells it.
struct NotionHappening: Sendable {
    var type: String
    var page: NotionPage
    /// Ids of the columns whose values changed.
    var columns: [String]

    /// What became of a page; nil where nothing of it changed.
    init?(from old: NotionPage?, to new: NotionPage) {
        page = new
        columns = []
        guard let old else {
            type = "page.created"
            return
        }
        columns = Set(old.values.keys).union(new.values.keys).filter { old.values[$0] != new.values[$0] }.sorted()
        if old.isTrashed != new.isTrashed {
            type = new.isTrashed ? "page.deleted" : "page.undeleted"
        } else if old.dataSource != new.dataSource {
            type = "page.moved"
        } else if !columns.isEmpty {
            type = "page.properties_updated"
        } else {
            return nil
        }
    }

    func event(id: String, database: String, at now: Instant) -> JSONValue {
        [
            "id": .string(id), "timestamp": .string(String(now.rfc3339.dropLast()) + ".000Z"),
            "workspace_id": .string(NotionUser.workspace), "workspace_name": "Home",
            "subscription_id": "29d75c0d-0000-4000-8000-000000000001",
            "integration_id": "0ef2e755-0000-4000-8000-000000000001",
            "authors": [
                ["id": .string(page.editedBy.rawValue), "type": page.editedBy == .bot ? "bot" : "person"]
            ],
            "attempt_number": 1, "api_version": "2026-03-11", "type": .string(type),
            "entity": ["id": .string(page.id), "type": "page"],
            "data": [
                "parent": [
                    "id": .string(database), "type": "database", "data_source_id": .string(page.dataSource),
                ],
                "updated_properties": .array(columns.map(JSONValue.string)),
            ],
        ]
    }
}
