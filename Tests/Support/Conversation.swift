import Foundation

/// A talk between a client and the server, written down in a fixture.
///
/// ```
/// # What it shows, and where it comes from.
/// +++ default/lunch.ics uid-1 20261121T090000Z Lunch
/// >>> PROPFIND /dav/calendars/alice/default/
/// As: alice
/// Depth: 1
///
/// <D:propfind><D:prop><D:getetag/></D:prop></D:propfind>
/// <<< 207
/// Content-Type: application/xml*
///
/// <D:multistatus>*</D:multistatus>
/// ```
///
/// `+++` puts a one-hour event, which must be new. `!!!` is an action on the server's data that no client can do.
/// `As` names the user and is not sent; without it alice speaks, and `As: nobody` sends no credentials. `Fill: n` is a
/// body of n octets. In an expectation `*` stands for anything, `(none)` for a header that must not be there, `(empty)`
/// for a body that must be empty; a body that is left out is not looked at. `{name}` takes what stands there the first
/// time and means it from then on. XML whose root has no `xmlns` gets those of D, C, CS, A and K.
public struct Conversation: Sendable {
    /// What the client sends.
    public struct Request: Sendable {
        public var method: String
        public var path: String
        public var user: String?
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]
    }

    /// What the server answered.
    public struct Reply: Sendable {
        public var status: Int
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]

        /// Describes an answer.
        public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    /// A sentence saying which line departs from the fixture, and how.
    public typealias Difference = String

    private struct Message: Sendable {
        var line: Int
        var head: String
        var headers: [(name: String, value: String)] = []
        var body: String?
    }

    private enum Step: Sendable {
        case action(String)
        case exchange(Message, Message)
    }

    private let steps: [Step]

    /// Reads a fixture; a malformed one traps, as a test with a typing error must not pass.
    public init(_ text: String) {
        var messages: [Message] = []
        var isInBody = false
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if [">>> ", "<<< ", "+++ ", "!!! "].contains(where: line.hasPrefix) {
                messages.append(Message(line: index + 1, head: String(line)))
                isInBody = false
            } else if messages.isEmpty {
                precondition(line.isEmpty || line.hasPrefix("#"), "line \(index + 1) stands before the first message")
            } else if isInBody {
                messages[messages.count - 1].body =
                    messages[messages.count - 1].body.map { $0 + "\n" + line } ?? String(line)
            } else if line.isEmpty {
                isInBody = true
            } else {
                messages[messages.count - 1].headers.append(Self.header(String(line), index + 1))
            }
        }
        steps = Self.steps(messages)
    }

    /// Plays the client and returns everything in which the server departs from the fixture.
    public func differences(
        send: (Request) async throws -> Reply,
        perform: (String) async throws -> Void,
        compareXML: (_ expected: String, _ actual: [UInt8]) throws -> String?
    ) async throws -> [Difference] {
        var known: [String: String] = [:]
        var differences: [Difference] = []
        for step in steps {
            switch step {
            case .action(let action):
                try await perform(action)
            case .exchange(let question, let expected):
                let sent = [question.head, question.body ?? ""] + question.headers.map(\.value)
                let untaken = Self.untaken(Self.substitute(sent.joined(separator: "\n"), known))
                differences += untaken.map { "line \(question.line): \($0)" }
                let reply = try await send(Self.request(question, known))
                let found = try Self.compare(reply, with: expected, &known, compareXML)
                differences += found.map { "line \(expected.line): \($0)" }
            }
        }
        return differences
    }

    private static func header(_ line: String, _ number: Int) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: ":") else { preconditionFailure("line \(number) is no header: \(line)") }
        return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }

    private static func steps(_ messages: [Message]) -> [Step] {
        var steps: [Step] = []
        var rest = messages[...]
        while let message = rest.popFirst() {
            let content = String(message.head.dropFirst(4))
            if message.head.hasPrefix("!!!") {
                steps.append(.action(content))
            } else if message.head.hasPrefix("+++") {
                steps.append(creation(content, message.line))
            } else {
                guard message.head.hasPrefix(">>>"), let answer = rest.popFirst(), answer.head.hasPrefix("<<<") else {
                    preconditionFailure("line \(message.line): a question needs its answer")
                }
                steps.append(.exchange(message, answer))
            }
        }
        return steps
    }

    /// Reads `+++ default/lunch.ics uid-1 20261121T090000Z Lunch`.
    private static func creation(_ content: String, _ line: Int) -> Step {
        let parts = content.split(separator: " ", maxSplits: 3).map(String.init)
        precondition(parts.count == 4, "line \(line): +++ CALENDAR/NAME UID START SUMMARY")
        let body = """
            BEGIN:VCALENDAR
            VERSION:2.0
            PRODID:-//Fixture//EN
            BEGIN:VEVENT
            UID:\(parts[1])
            DTSTAMP:20261101T000000Z
            DTSTART:\(parts[2])
            DURATION:PT1H
            SUMMARY:\(parts[3])
            END:VEVENT
            END:VCALENDAR

            """
        var question = Message(line: line, head: ">>> PUT /dav/calendars/alice/\(parts[0])")
        question.headers = [("If-None-Match", "*"), ("Content-Type", "text/calendar")]
        question.body = body
        return .exchange(question, Message(line: line, head: "<<< 201"))
    }
}

extension Conversation {
    private static func request(_ message: Message, _ known: [String: String]) -> Request {
        let words = message.head.dropFirst(4).split(separator: " ").map(String.init)
        precondition(words.count == 2, "line \(message.line): >>> METHOD PATH")
        var headers = message.headers.map { ($0.name, substitute($0.value, known)) }
        let user = headers.first { $0.0 == "As" }?.1 ?? "alice"
        let fill = headers.first { $0.0 == "Fill" }.flatMap { Int($0.1) }
        headers.removeAll { $0.0 == "As" || $0.0 == "Fill" }
        return Request(
            method: words[0],
            path: substitute(words[1], known),
            user: user == "nobody" ? nil : user,
            headers: headers,
            body: fill.map { Array(repeating: UInt8(ascii: "x"), count: $0) } ?? octets(message.body ?? "", known)
        )
    }

    /// The body as it goes over the wire: calendar data with CRLF, everything else without the fixture's last line ends.
    private static func octets(_ body: String, _ known: [String: String]) -> [UInt8] {
        let text = substitute(trimmed(body), known)
        guard text.hasPrefix("BEGIN:") else { return Array(declaringNamespaces(text).utf8) }
        return Array(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)
            + [0x0D, 0x0A]
    }

    private static func trimmed(_ body: String) -> String {
        var end = body.utf8.endIndex
        while end > body.utf8.startIndex, body.utf8[body.utf8.index(before: end)] == 0x0A {
            end = body.utf8.index(before: end)
        }
        return String(body[..<end])
    }

    private static func declaringNamespaces(_ xml: String) -> String {
        guard xml.hasPrefix("<D:") || xml.hasPrefix("<C:"), let close = xml.firstIndex(of: ">"),
            !xml[..<close].contains("xmlns"), let end = xml.firstIndex(where: { $0 == ">" || $0 == " " || $0 == "/" })
        else { return xml }
        let namespaces = """
             xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" \
            xmlns:A="http://apple.com/ns/ical/" xmlns:K="urn:kalends:dav"
            """
        return xml[..<end] + " " + namespaces + xml[end...]
    }

    private static func substitute(_ text: String, _ known: [String: String]) -> String {
        known.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    private static func compare(
        _ reply: Reply,
        with expected: Message,
        _ known: inout [String: String],
        _ compareXML: (String, [UInt8]) throws -> String?
    ) throws -> [Difference] {
        var differences: [Difference] = []
        let status = String(expected.head.dropFirst(4))
        if String(reply.status) != status {
            differences.append(
                "expected \(status), got \(reply.status): \(String(decoding: reply.body, as: UTF8.self))"
            )
        }
        for (name, value) in expected.headers {
            let actual = reply.headers.first { $0.name.lowercased() == name.lowercased() }?.value ?? "(none)"
            take(from: actual, by: value, &known)
            let wanted = substitute(value, known)
            differences += untaken(wanted)
            if !matches(wildcards(wanted), actual) {
                differences.append("\(name): expected \(wanted), got \(actual)")
            }
        }
        guard let body = expected.body.map(trimmed), !body.isEmpty else { return differences }
        return differences + (try compareBody(body, reply.body, &known, compareXML))
    }

    private static func compareBody(
        _ body: String,
        _ actual: [UInt8],
        _ known: inout [String: String],
        _ compareXML: (String, [UInt8]) throws -> String?
    ) throws -> [Difference] {
        if body == "(empty)" { return actual.isEmpty ? [] : ["expected no body, got \(actual.count) octets"] }
        // Fixtures have line feeds only; of carriage returns, and of references to them, nothing is said.
        let text = String(decoding: actual.filter { $0 != 0x0D }, as: UTF8.self).replacing("&#13;", with: "")
        for line in body.split(separator: "\n") { take(from: text, by: String(line), &known) }
        let wanted = substitute(body, known)
        let expected = wildcards(wanted)
        var differences = untaken(wanted)
        if expected.hasPrefix("<") {
            let difference = try compareXML(declaringNamespaces(expected), Array(text.utf8))
            differences += difference.map { ["\($0)\n\(text)"] } ?? []
        } else if !matches(expected, trimmed(text)) {
            differences.append("expected the body\n\(expected)\ngot\n\(text)")
        }
        return differences
    }

    /// The names for which nothing was found to take: from here on they would match anything.
    private static func untaken(_ text: String) -> [Difference] {
        text.matches(of: placeholder).map { "nothing was found to take for {\($0.output.1)}" }
    }

    /// What could not be taken is compared as if anything might stand there, so that the rest is still told.
    private static func wildcards(_ text: String) -> String { text.replacing(placeholder, with: "*") }

    private static var placeholder: Regex<(Substring, Substring)> { /\{([a-z]+[0-9]*)\}/ }

    /// Remembers what stands in `text` wherever `pattern` has a `{name}` that is not known yet.
    private static func take(from text: String, by pattern: String, _ known: inout [String: String]) {
        while true {
            let open = substitute(pattern, known)
            guard let name = open.firstMatch(of: placeholder) else { return }
            let before = open[..<name.range.lowerBound].split(separator: "*", omittingEmptySubsequences: false).last
            var after = open[name.range.upperBound...].prefix { $0 != "*" && $0 != "{" }
            // Elements may stand in another order and on other lines: the tags around alone say where the text stands.
            if after.hasPrefix("</"), let close = after.firstIndex(of: ">") { after = after[...close] }
            guard let start = start(in: text, after: before ?? ""),
                let end = after.isEmpty ? text.endIndex : range(of: String(after), in: text[start...])?.lowerBound
            else { return }
            known[String(name.output.1)] = String(text[start..<end])
        }
    }

    /// Where what follows `before` begins: behind the longest run of its last tags that the text has, or all of it.
    private static func start(in text: String, after before: Substring) -> String.Index? {
        if before.isEmpty { return text.startIndex }
        guard let tags = before.firstMatch(of: /(?:<[^<>\/]+>)+[^<>]*$/)?.output else {
            return range(of: String(before), in: text[...])?.upperBound
        }
        let starts = tags.indices.filter { tags[$0] == "<" }
        return starts.lazy.compactMap { range(of: String(tags[$0...]), in: text[...])?.upperBound }.first
    }

    /// Where `part` stands, whatever prefixes its tags have.
    private static func range(of part: String, in text: Substring) -> Range<String.Index>? {
        if let range = text.range(of: part) { return range }
        guard part.hasPrefix("<") else { return nil }
        let names = part.split(separator: "<").map { tag in
            let slash = tag.hasPrefix("/") ? "/" : ""
            let name = tag.drop { $0 == "/" }.split(separator: ":", maxSplits: 1).last ?? ""
            return "<\(slash)(?:[A-Za-z0-9]+:)?" + NSRegularExpression.escapedPattern(for: String(name))
        }
        return text.range(of: names.joined(), options: .regularExpression)
    }

    /// Whether `text` is `pattern` with each `*` replaced by something.
    private static func matches(_ pattern: String, _ text: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return pattern == text }
        guard text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.range(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.count >= last.count && rest.hasSuffix(last)
    }
}
