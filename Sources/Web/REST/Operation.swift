import HTTPTypes

/// One thing the REST interface does: how it is called, what it takes and answers, and the function that does it.
///
/// Requests are routed by these, the OpenAPI document is written from them and tools are made of them, so that the three
/// cannot differ.
struct Operation: Sendable {
    /// What an operation answers where nothing goes wrong.
    enum Answer: Sendable {
        case nothing
        case json(Schema)
        /// JSON, or a table for a spreadsheet.
        case jsonOrCSV(Schema)
        case events
        /// A file of another type.
        case file(type: String)
    }

    /// A field of the query.
    struct Field: Sendable {
        var name: String
        var schema: Schema
    }

    /// A field of the header that changes what is done.
    enum Condition: Sendable {
        case none
        /// `If-Match`: only if nobody changed it in the meantime (RFC 9110 §13.1.1).
        case ifMatch
    }

    typealias Function = @Sendable (RESTRoutes, RESTRequest) async throws -> RESTReply

    var method: HTTPRequest.Method
    /// `/events/{id}`, behind `/api/v1`.
    var path: String
    /// The name in the OpenAPI document, and of the tool.
    var name: String
    var summary: String
    var query: [Field] = []
    var body: Schema?
    var condition = Condition.none
    var status = HTTPResponse.Status.ok
    var answer: Answer
    /// What it answers in a special case.
    var alternative: (status: HTTPResponse.Status, schema: Schema)?
    var run: Function

    /// The segments of the path; those in braces stand for any.
    var segments: [Substring] { path.split(separator: "/") }

    /// The names in braces.
    var pathNames: [String] {
        segments.filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    /// What the names in braces stand for.
    var nameSchema: Schema { tag == "providers" ? .text(1...100) : .identifier }

    /// The part of the interface it belongs to.
    var tag: String { segments.first.map(String.init) ?? "" }

    // MARK: Making one

    static func get(
        _ path: String,
        _ name: String,
        _ summary: String,
        query: KeyValuePairs<String, Schema> = [:],
        answer: Schema,
        _ run: @escaping Function
    ) -> Operation {
        Operation(
            method: .get,
            path: path,
            name: name,
            summary: summary,
            query: query.map(Field.init),
            answer: .json(answer),
            run: run
        )
    }

    /// A list that is asked for page by page.
    static func list(
        _ path: String,
        _ name: String,
        _ summary: String,
        query: KeyValuePairs<String, Schema> = [:],
        of row: Schema,
        _ run: @escaping Function
    ) -> Operation {
        var operation = get(path, name, summary, query: query, answer: .page(of: row), run)
        operation.query += [
            Field(name: "cursor", schema: .text.noted("next of the page before")),
            Field(name: "limit", schema: Schema(.integer(1...Int64(Page.maximum)), "rows on one page")),
        ]
        return operation
    }

    static func post(
        _ path: String,
        _ name: String,
        _ summary: String,
        body: Schema? = nil,
        _ status: HTTPResponse.Status = .ok,
        answer: Schema,
        _ run: @escaping Function
    ) -> Operation {
        Operation(
            method: .post,
            path: path,
            name: name,
            summary: summary,
            body: body,
            status: status,
            answer: .json(answer),
            run: run
        )
    }

    static func patch(
        _ path: String,
        _ name: String,
        _ summary: String,
        query: KeyValuePairs<String, Schema> = [:],
        body: Schema,
        answer: Schema,
        _ run: @escaping Function
    ) -> Operation {
        Operation(
            method: .patch,
            path: path,
            name: name,
            summary: summary,
            query: query.map(Field.init),
            body: body,
            condition: .ifMatch,
            answer: .json(answer),
            run: run
        )
    }

    static func delete(
        _ path: String,
        _ name: String,
        _ summary: String,
        query: KeyValuePairs<String, Schema> = [:],
        condition: Condition = .none,
        _ run: @escaping Function
    ) -> Operation {
        Operation(
            method: .delete,
            path: path,
            name: name,
            summary: summary,
            query: query.map(Field.init),
            condition: condition,
            status: .noContent,
            answer: .nothing,
            run: run
        )
    }
}

extension Operation {
    /// Refuses a request that is not what the operation takes.
    func check(_ request: RESTRequest) throws(RESTProblem) {
        for field in query {
            guard let text = request.query[field.name] else { continue }
            if let problem = field.schema.problem(of: Self.value(text, as: field.schema), called: field.name) {
                throw .invalid(problem)
            }
        }
        guard let body else { return }
        if let problem = body.problem(of: try request.members(), called: "the body") { throw .invalid(problem) }
    }

    /// A field of a query is text; where a number or a truth is meant, it is read as one.
    private static func value(_ text: String, as schema: Schema) -> JSON {
        switch schema.shape {
        case .integer: Int64(text).map(JSON.integer) ?? .string(text)
        case .truth: text == "true" ? true : text == "false" ? false : .string(text)
        case .anything, .text, .list, .object, .table, .either, .named: .string(text)
        }
    }
}
