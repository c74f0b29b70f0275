import HTTPTypes

/// The description of the REST interface, written from its operations (OpenAPI 3.1).
enum OpenAPI {
    static func document(of operations: [Operation], at address: String) -> JSON {
        var paths: [String: JSON] = [:]
        for operation in operations {
            var item = paths[operation.path]?.object ?? [:]
            item[operation.method.rawValue.lowercased()] = describe(operation)
            paths[operation.path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Kalends", "version": "1",
                "description": "A self-hosted CalDAV gateway. Lists are paged, times are RFC 3339, refusals RFC 9457.",
            ],
            "servers": [["url": .string(address + "/api/v1")]],
            "security": [["basic": []], ["token": []]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Schemas.named.mapValues { $0.json() }),
                "responses": ["Problem": problem],
                "securitySchemes": [
                    "basic": ["type": "http", "scheme": "basic"], "token": ["type": "http", "scheme": "bearer"],
                ],
            ],
        ]
    }

    private static func describe(_ operation: Operation) -> JSON {
        var members: [String: JSON] = [
            "operationId": .string(operation.name), "summary": .string(operation.summary),
            "tags": [.string(operation.tag)], "responses": answers(of: operation),
        ]
        let parameters = parameters(of: operation)
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let body = operation.body {
            members["requestBody"] = [
                "required": .bool(body.isNeeded), "content": ["application/json": ["schema": body.json()]],
            ]
        }
        return .object(members)
    }

    private static func parameters(of operation: Operation) -> [JSON] {
        let path = operation.pathNames.map { name -> JSON in
            ["name": .string(name), "in": "path", "required": true, "schema": operation.nameSchema.json()]
        }
        let query = operation.query.map { field -> JSON in
            ["name": .string(field.name), "in": "query", "schema": field.schema.json()]
        }
        return path + query + fields(of: operation)
    }

    private static func fields(of operation: Operation) -> [JSON] {
        func field(_ name: String, _ note: String) -> JSON {
            ["name": .string(name), "in": "header", "description": .string(note), "schema": ["type": "string"]]
        }
        var fields: [JSON] = []
        switch operation.condition {
        case .none: break
        case .ifMatch: fields.append(field("If-Match", "refuse if it was changed since it had this ETag"))
        }
        if operation.method == .post {
            fields.append(field("Idempotency-Key", "repeating the request with it does nothing twice, for a day"))
        }
        return fields
    }

    private static func answers(of operation: Operation) -> JSON {
        var answers: [String: JSON] = ["default": ["$ref": "#/components/responses/Problem"]]
        answers[String(operation.status.code)] = answer(operation.answer)
        if let (status, schema) = operation.alternative { answers[String(status.code)] = answer(.json(schema)) }
        return .object(answers)
    }

    private static func answer(_ answer: Operation.Answer) -> JSON {
        switch answer {
        case .nothing: ["description": "done"]
        case .json(let schema): ["description": "done", "content": ["application/json": ["schema": schema.json()]]]
        case .jsonOrCSV(let schema):
            [
                "description": "done",
                "content": ["application/json": ["schema": schema.json()], "text/csv": ["schema": ["type": "string"]]],
            ]
        case .file(let type): ["description": "the file", "content": .object([type: ["schema": ["type": "string"]]])]
        case .events:
            ["description": "server-sent events", "content": ["text/event-stream": ["schema": ["type": "string"]]]]
        }
    }

    private static let problem: JSON = [
        "description": "refused, with a code and a remedy",
        "content": ["application/problem+json": ["schema": Schema.named("Problem").json()]],
    ]
}

extension Schema {
    /// Whether a body is needed: whether any member of it is.
    fileprivate var isNeeded: Bool {
        if case .named(let name) = shape { return Schemas.named[name]?.isNeeded ?? true }
        return members.contains { $0.isRequired }
    }
}
