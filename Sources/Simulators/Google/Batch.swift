/// The batch end point: up to fifty calls as the parts of one multipart/mixed body.
extension GoogleSimulator {
    private static let maximumCalls = 50

    func batch(_ request: APIRequest) -> APIReply {
        guard request.method == "POST", let boundary = Multipart.boundary(of: request.headers["content-type"] ?? ""),
            let parts = Multipart.parts(of: request.body, boundary: boundary), !parts.isEmpty
        else { return APIReply(APIError.badRequest("Failed to parse batch request.")) }
        guard parts.count <= Self.maximumCalls else {
            return APIReply(
                APIError.badRequest("The batch request has \(parts.count) calls, more than \(Self.maximumCalls).")
            )
        }
        let answerBoundary = "batch_\(state.random.word(of: 20))"
        var body: [UInt8] = []
        var isCut = false
        // In any order, as Google says.
        for part in parts.shuffled(using: &state.random) {
            let reply = answer(part, in: request)
            guard !isCut else { continue }
            body.append(contentsOf: "--\(answerBoundary)\r\nContent-Type: application/http\r\n".utf8)
            if let identifier = part.identifier {
                body.append(contentsOf: "Content-ID: \(Multipart.responseIdentifier(identifier))\r\n".utf8)
            }
            body.append(contentsOf: "\r\n".utf8)
            body.append(contentsOf: Multipart.octets(reply))
            isCut = reply.delivery != .whole
        }
        if !isCut { body.append(contentsOf: "--\(answerBoundary)--\r\n".utf8) }
        return APIReply(200, type: "multipart/mixed; boundary=\(answerBoundary)", body: body)
    }

    /// Each call succeeds or fails alone, and meets faults of its own; the outer credentials serve parts that have none.
    private func answer(_ part: Multipart.Part, in outer: APIRequest) -> APIReply {
        guard var request = part.request, let segments = request.segments, segments.prefix(2) == ["calendar", "v3"],
            segments.last != "watch"
        else { return APIReply(APIError.badRequest("Failed to parse a call of the batch.")) }
        if request.headers["authorization"] == nil { request.headers["authorization"] = outer.headers["authorization"] }
        let effect = faults.effect(on: request)
        let reply = answer(request, effect)
        record(request, reply, effect)
        return reply
    }

    /// How many calls a request carries to the batch end point.
    static func callCount(of request: APIRequest) -> Int {
        guard request.path.hasPrefix("/batch"),
            let boundary = Multipart.boundary(of: request.headers["content-type"] ?? "")
        else { return 0 }
        return Multipart.parts(of: request.body, boundary: boundary)?.count ?? 0
    }
}

/// Just enough of multipart/mixed (RFC 2046 §5.1).
enum Multipart {
    /// One call of a batch.
    struct Part {
        var identifier: String?
        var request: APIRequest?
    }

    /// An answer as the content of a part; one whose connection is cut ends before its last octets.
    static func octets(_ reply: APIReply) -> [UInt8] {
        var octets = Array("HTTP/1.1 \(reply.status) \(reason(reply.status))\r\n".utf8)
        for (name, value) in reply.headers.sorted(by: { $0.key < $1.key }) {
            octets.append(contentsOf: "\(name): \(value)\r\n".utf8)
        }
        octets.append(contentsOf: "Content-Length: \(reply.body.count)\r\n\r\n".utf8)
        switch reply.delivery {
        case .whole: return octets + reply.body + Array("\r\n".utf8)
        case .truncated: return octets + reply.body.prefix(reply.body.count / 2)
        case .cut: return []
        }
    }

    static func boundary(of contentType: String) -> String? {
        guard contentType.lowercased().hasPrefix("multipart/mixed") else { return nil }
        for parameter in contentType.split(separator: ";").dropFirst() {
            let pair = parameter.split(separator: "=", maxSplits: 1).map { trim($0) }
            guard pair.count == 2, pair[0].lowercased() == "boundary" else { continue }
            return pair[1].hasPrefix("\"") ? String(pair[1].dropFirst().dropLast()) : pair[1]
        }
        return nil
    }

    /// Splits a body at its boundary lines; nil if it has none.
    static func parts(of body: [UInt8], boundary: String) -> [Part]? {
        let lines = lines(of: body[...])
        let mark = Array("--\(boundary)".utf8)
        var parts: [Part] = []
        var begin: Int?
        for line in lines where body[line].starts(with: mark) {
            if let begin { parts.append(part(body[begin..<max(begin, line.lowerBound)])) }
            begin = min(line.upperBound, body.count)
            if body[line].dropFirst(mark.count).starts(with: "--".utf8) { return parts }
        }
        return nil
    }

    private static func part(_ octets: ArraySlice<UInt8>) -> Part {
        let (head, rest) = head(of: octets)
        return Part(identifier: fields(head)["content-id"], request: request(rest))
    }

    private static func request(_ octets: ArraySlice<UInt8>) -> APIRequest? {
        let (head, body) = head(of: octets)
        let words = head.first?.split(separator: " ") ?? []
        guard words.count >= 2 else { return nil }
        let target = words[1].split(separator: "?", maxSplits: 1)
        let headers = fields(Array(head.dropFirst()))
        var content = Array(body)
        while content.last == 0x0A || content.last == 0x0D { content.removeLast() }
        return APIRequest(
            method: String(words[0]),
            path: String(target.first ?? ""),
            query: target.count > 1 ? String(target[1]) : "",
            headers: headers,
            body: content
        )
    }

    /// The lines up to the first empty one, and what follows it.
    private static func head(of octets: ArraySlice<UInt8>) -> (lines: [String], rest: ArraySlice<UInt8>) {
        var head: [String] = []
        for line in lines(of: octets) {
            let text = trim(String(decoding: octets[line], as: UTF8.self))
            guard !text.isEmpty else {
                // Blank lines before the first word of a part are nothing.
                if head.isEmpty { continue }
                return (head, octets[line.upperBound...])
            }
            head.append(text)
        }
        return (head, [])
    }

    private static func fields(_ lines: [String]) -> [String: String] {
        var fields: [String: String] = [:]
        for line in lines {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { continue }
            fields[trim(pair[0]).lowercased()] = trim(pair[1])
        }
        return fields
    }

    /// The ranges of the lines, their ends included.
    private static func lines(of octets: ArraySlice<UInt8>) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var begin = octets.startIndex
        for index in octets.indices where octets[index] == 0x0A {
            lines.append(begin..<index + 1)
            begin = index + 1
        }
        if begin < octets.endIndex { lines.append(begin..<octets.endIndex) }
        return lines
    }

    private static func trim(_ text: some StringProtocol) -> String {
        let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        var octets = Array(text.utf8)[...]
        while octets.first.map(blank) == true { octets.removeFirst() }
        while octets.last.map(blank) == true { octets.removeLast() }
        return String(decoding: octets, as: UTF8.self)
    }

    /// `<item1:abc>` is answered as `<response-item1:abc>`.
    static func responseIdentifier(_ identifier: String) -> String {
        identifier.hasPrefix("<") ? "<response-\(identifier.dropFirst())" : "response-\(identifier)"
    }

    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        case _: "Status"
        }
    }
}
