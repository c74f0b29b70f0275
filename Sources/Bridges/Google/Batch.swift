import HTTPTypes
import OutboundHTTP

/// Calls as the parts of one multipart/mixed body, and the parts of its answer.
enum Batch {
    /// So many calls go into one batch at most, by Google's rule.
    static let maximumCalls = 50

    static let contentType = "multipart/mixed; boundary=\(boundary)"

    /// No line of a part begins with it: a body is JSON without line breaks.
    private static let boundary = "kalends_batch"

    // MARK: The request

    /// Writes calls of the API that lives at `root`, a path; the part of each is named by its place.
    static func body(of calls: [GoogleCall], root: String) -> [UInt8] {
        var octets: [UInt8] = []
        for (place, call) in calls.enumerated() {
            let head = [
                "--" + boundary, "Content-Type: application/http", "Content-Transfer-Encoding: binary",
                "Content-ID: <\(name(of: place))>", "", "\(call.method.rawValue) \(root)\(call.target) HTTP/1.1",
            ]
            let content = call.body?.octets ?? []
            var lines = head + call.headers.map { "\($0.name.rawName): \($0.value)" }
            if !content.isEmpty { lines.append("Content-Length: \(content.count)") }
            octets += Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
            octets += content
            octets += Array("\r\n".utf8)
        }
        return octets + Array("--\(boundary)--\r\n".utf8)
    }

    private static func name(of place: Int) -> String { "call-\(place)" }

    // MARK: The answer

    /// The answers to so many calls, each in the place of its call; nil for a call that has none.
    ///
    /// They come in any order. A part that is not ended by the boundary was cut, and says nothing; what is named twice says
    /// nothing either.
    static func replies(to count: Int, in answer: OutboundReply) -> [GoogleReply?] {
        var replies = [GoogleReply?](repeating: nil, count: count)
        guard let boundary = answer.headers[.contentType].flatMap(boundary(in:)) else { return replies }
        var places: [String: Int] = [:]
        for place in 0..<count { places["response-" + name(of: place)] = place }
        var named: Set<Int> = []
        for part in parts(of: answer.body, boundary) {
            let (head, content) = split(part)
            guard let place = fields(head)["content-id"].flatMap({ places[bare($0)] }) else { continue }
            replies[place] = named.insert(place).inserted ? reply(content) : nil
        }
        return replies
    }

    private static func boundary(in contentType: String) -> String? {
        let parts = contentType.split(separator: ";").map { trimmed(Array($0.utf8)[...]) }
        guard parts.first?.lowercased() == "multipart/mixed" else { return nil }
        for part in parts.dropFirst() where part.lowercased().hasPrefix("boundary=") {
            let value = part.dropFirst("boundary=".count)
            return value.hasPrefix("\"") ? String(value.dropFirst().prefix { $0 != "\"" }) : String(value)
        }
        return nil
    }

    /// The octets between two boundary lines (RFC 2046 §5.1.1); what follows the last one is not a part.
    private static func parts(of octets: [UInt8], _ boundary: String) -> [ArraySlice<UInt8>] {
        let mark = Array("--\(boundary)".utf8)
        var parts: [ArraySlice<UInt8>] = []
        var begin: Int?
        for line in Lines(of: octets[...]) where octets[line].starts(with: mark) {
            let rest = octets[line].dropFirst(mark.count)
            let end = trimmed(rest)
            // Another boundary may begin with this one.
            guard end.isEmpty || end == "--" else { continue }
            if let begin { parts.append(octets[begin..<line.lowerBound]) }
            begin = line.upperBound
        }
        return parts
    }

    /// The status line, the fields and the body of an answer; nil for what is none.
    private static func reply(_ octets: ArraySlice<UInt8>) -> GoogleReply? {
        let (head, body) = split(octets)
        let words = head.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1]) else { return nil }
        let fields = fields(Array(head.dropFirst()))
        var content = body
        if let length = fields["content-length"].flatMap({ Int($0) }) {
            // Shorter than it says: it was cut on its way into the batch.
            guard length >= 0, length <= body.count else { return nil }
            content = body.prefix(length)
        }
        let retryAfter = fields["retry-after"].flatMap {
            OutboundReply.seconds(ofRetryAfter: $0, date: fields["date"])
        }
        return GoogleReply(status: status, retryAfter: retryAfter, body: Array(content))
    }

    /// The lines up to the first empty one, and what follows it; empty lines before the first word are nothing.
    private static func split(_ octets: ArraySlice<UInt8>) -> (head: [String], rest: ArraySlice<UInt8>) {
        var head: [String] = []
        for line in Lines(of: octets) {
            let text = trimmed(octets[line])
            guard text.isEmpty else {
                head.append(text)
                continue
            }
            if !head.isEmpty { return (head, octets[line.upperBound...]) }
        }
        return (head, [])
    }

    private static func fields(_ lines: [String]) -> [String: String] {
        var fields: [String: String] = [:]
        for line in lines {
            let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            fields[pair[0].lowercased()] = trimmed(Array(pair[1].utf8)[...])
        }
        return fields
    }

    /// A Content-ID without its angle brackets.
    private static func bare(_ identifier: String) -> String {
        identifier.hasPrefix("<") && identifier.hasSuffix(">") ? String(identifier.dropFirst().dropLast()) : identifier
    }

    private static func trimmed(_ octets: ArraySlice<UInt8>) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        var rest = octets.drop(while: isBlank)
        while rest.last.map(isBlank) == true { rest.removeLast() }
        return String(decoding: rest, as: UTF8.self)
    }

    /// The places of the lines of some octets, each with its end.
    private struct Lines: Sequence, IteratorProtocol {
        private let octets: ArraySlice<UInt8>
        private var place: Int

        init(of octets: ArraySlice<UInt8>) {
            self.octets = octets
            place = octets.startIndex
        }

        mutating func next() -> Range<Int>? {
            guard place < octets.endIndex else { return nil }
            let end = octets[place...].firstIndex(of: 0x0A).map { $0 + 1 } ?? octets.endIndex
            defer { place = end }
            return place..<end
        }
    }
}
