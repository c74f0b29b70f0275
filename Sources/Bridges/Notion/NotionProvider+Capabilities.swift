public import Bridging
import HTTPTypes

extension NotionProvider: ExaminedProvider {
    /// An identifier that nothing has: a write to it changes nothing, whoever may write.
    private static let nobody = "00000000-0000-4000-8000-000000000000"

    /// Tries each capability of an integration with a request that changes nothing: Notion refuses it with 403 before it
    /// looks for what the request is about.
    public func capabilities(
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> [Capability] {
        let client = client(using: credentials)
        let search: JSON = ["filter": ["property": "object", "value": "data_source"], "page_size": 1]
        let reads = try await isAllowed(.post, "search", search, client)
        let updates = try await isAllowed(.patch, "pages/\(Self.nobody)", ["properties": [:]], client)
        let page: JSON = [
            "parent": ["type": "data_source_id", "data_source_id": .string(Self.nobody)], "properties": [:],
        ]
        let inserts = try await isAllowed(.post, "pages", page, client)
        let mails = try await readsMails(client)
        return [
            Capability(key: "read_content", name: "Read content", isGranted: reads, isNeeded: true),
            Capability(key: "update_content", name: "Update content", isGranted: updates, isNeeded: true),
            Capability(key: "insert_content", name: "Insert content", isGranted: inserts, isNeeded: true),
            Capability(
                key: "read_user_information",
                name: "Read user information including email addresses",
                isGranted: mails,
                isNeeded: false
            ),
        ]
    }

    private func isAllowed(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: JSON,
        _ client: NotionClient
    ) async throws(BridgeError) -> Bool {
        do {
            _ = try await client.send(method, path, body, about: .calendar)
            return true
        } catch {
            guard case .refused(let refusal) = error.error else { throw error.error }
            return refusal.code != "permission_denied"
        }
    }

    /// Whether users are told with their mail addresses; a workspace without people tells nothing either way.
    private func readsMails(_ client: NotionClient) async throws(BridgeError) -> Bool {
        do {
            let answer = try await client.send(.get, "users?page_size=100", about: .calendar)
            let people = (answer["results"]?.elements ?? []).filter { $0["type"]?.string == "person" }
            return people.isEmpty || people.contains { $0["person"]?["email"]?.string != nil }
        } catch {
            guard case .refused(let refusal) = error.error, refusal.code == "permission_denied" else {
                throw error.error
            }
            return false
        }
    }
}
