@testable import BridgeGoogle
import Bridging
import HTTPTypes
import OutboundHTTP
import Synchronization
import TestSupport

/// A recorded exchange with Google: what to do, each request with its answer, and what comes of it.
///
/// A file has one line `do: …`, then `>>>` requests (method and address below `/calendar/v3/`, fields that matter, body)
/// with `<<<` answers (status and fields, or how the transport failed; then the body), and one last line `=== outcome`.
struct GoogleConversation {
    struct Step {
        var request: [String] = []
        var answer: [String] = []
    }

    let action: String
    let steps: [Step]
    let outcome: String

    init(_ fixture: Fixture) {
        var action = ""
        var steps: [Step] = []
        var outcome = ""
        var isAnswer = false
        for line in fixture.content.split(separator: "\n").map(String.init) {
            if let rest = line.after("do: ") {
                action = rest
            } else if let rest = line.after(">>> ") {
                steps.append(Step(request: [rest]))
                isAnswer = false
            } else if let rest = line.after("<<< ") {
                steps[steps.count - 1].answer = [rest]
                isAnswer = true
            } else if let rest = line.after("=== ") {
                outcome = rest
            } else if isAnswer {
                steps[steps.count - 1].answer.append(line)
            } else {
                steps[steps.count - 1].request.append(line)
            }
        }
        (self.action, self.steps, self.outcome) = (action, steps, outcome)
    }
}

extension String {
    /// What follows a beginning; nil where it is another.
    func after(_ beginning: String) -> String? { hasPrefix(beginning) ? String(dropFirst(beginning.count)) : nil }
}

/// Answers requests from a script, and remembers them.
final class ScriptedTransport: HTTPTransport {
    private let answers: Mutex<[[String]]>
    private let sent = Mutex<[[String]]>([])

    init(_ conversation: GoogleConversation) { answers = Mutex(conversation.steps.map(\.answer)) }

    /// The requests so far, in the form of the script.
    var requests: [[String]] { sent.withLock { $0 } }

    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        sent.withLock { $0.append(Self.lines(request)) }
        let answer = answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let answer, let first = answer.first else { throw .unreachable("the script has no more answers") }
        let words = first.split(separator: " ")
        switch words.first {
        case "cut": throw .truncated
        case "silence": throw .timedOut
        default: break
        }
        var fields = HTTPFields()
        if let seconds = words.last.flatMap({ String($0).after("Retry-After=") }) { fields[.retryAfter] = seconds }
        if let type = first.split(separator: "Content-Type=").dropFirst().first { fields[.contentType] = String(type) }
        // A line with a dot stands for an empty one.
        let body = answer.dropFirst().map { $0 == "." ? "" : $0 }.joined(separator: "\r\n")
        return OutboundReply(status: Int(words[0]) ?? 0, headers: fields, body: Array(body.utf8))
    }

    private static func lines(_ request: OutboundRequest) -> [String] {
        let address = request.url.replacing("https://g.test/calendar/v3/", with: "")
            .replacing("&prettyPrint=false", with: "").replacing("?prettyPrint=false", with: "")
        var lines = [request.method.rawValue + " " + address]
        if let revision = request.headers[.ifMatch] { lines.append("If-Match: " + revision) }
        if request.headers[.authorization] != "Bearer first" { lines.append("Token: second") }
        let body = String(decoding: request.body, as: UTF8.self).replacing("&prettyPrint=false", with: "")
        // Parts of a batch come line by line.
        return lines + body.split(separator: "\r\n").map(String.init)
    }
}
