/// Whoever changes pages: the bot of the connection, or the person at the screen.
enum NotionUser: String, Sendable, CaseIterable {
    case bot = "e4b06ce6-0000-4000-8000-0000000000b0"
    case person = "1e2feb89-0000-4000-8000-0000000000a1"
    case colleague = "1e2feb89-0000-4000-8000-0000000000a2"

    /// The workspace both are in.
    static let workspace = "0f4b0000-0000-4000-8000-000000000001"

    /// The user as pages name it.
    var reference: JSONValue { ["object": "user", "id": .string(rawValue)] }

    /// The user in full, as `GET /v1/users/me` answers it.
    var json: JSONValue {
        switch self {
        case .bot:
            [
                "object": "user", "id": .string(rawValue), "name": "Kalends", "avatar_url": nil, "type": "bot",
                "bot": [
                    "owner": ["type": "workspace", "workspace": true], "workspace_id": .string(Self.workspace),
                    "workspace_name": "Home", "workspace_limits": ["max_file_upload_size_in_bytes": 5_242_880],
                ],
            ]
        case .person: Self.human(rawValue, "Ana", "ana@example.com")
        case .colleague: Self.human(rawValue, "Ben", "ben@example.com")
        }
    }

    private static func human(_ id: String, _ name: JSONValue, _ mail: JSONValue) -> JSONValue {
        [
            "object": "user", "id": .string(id), "type": "person", "name": name, "avatar_url": nil,
            "person": ["email": mail],
        ]
    }
}
