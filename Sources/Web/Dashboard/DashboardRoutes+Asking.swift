import HTTPTypes
import Hummingbird

extension DashboardRoutes {
    /// Asks the REST interface: what a form does is what a program does.
    func ask(
        _ method: HTTPRequest.Method,
        _ path: [String],
        query: String = "",
        _ body: JSON? = nil,
        headers: HTTPFields = HTTPFields(),
        for visitor: Visitor
    ) async throws -> JSON {
        let request = RESTRequest(
            method: method,
            path: path,
            query: FormFields(query),
            headers: headers,
            body: body?.octets ?? [],
            visitor: visitor
        )
        return try await rest.perform(request).json
    }

    /// The rows of a list.
    func rows(_ path: String, query: String = "", for visitor: Visitor) async throws -> [JSON] {
        try await ask(.get, path.split(separator: "/").map(String.init), query: query, for: visitor)["items"]?.array
            ?? []
    }

    /// A page under the frame that all pages have.
    func page(_ name: String, _ content: [String: Any], for visitor: Visitor) -> Response {
        .page(templates.page(name, frame(visitor, of: name).merging(content) { $1 }))
    }

    /// Percent-encodes a value of a query.
    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            if isPlain || byte == 47 || byte == 45 || byte == 95 || byte == 46 { return String(UnicodeScalar(byte)) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        .joined()
    }

    /// A colour that can stand in a picture; nothing else a client may have written.
    static func color(_ text: String?) -> String {
        guard let text, text.hasPrefix("#"), [4, 7, 9].contains(text.utf8.count),
            text.dropFirst().allSatisfy(\.isHexDigit)
        else { return "#5b7fd6" }
        return text.utf8.count == 9 ? String(text.prefix(7)) : text
    }
}
