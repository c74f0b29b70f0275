import Accounts
import HTTPTypes
import Hummingbird
import ICalendar
import NIOCore
import Store
import Sync
import Synchronization

/// Counts of requests by method and status, and how long they took, as Prometheus text.
final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        var method: String
        var status: Int
    }

    private struct Totals {
        var count = 0
        var seconds = 0.0
        var buckets = Array(repeating: 0, count: RequestMetrics.bounds.count)

        mutating func add(_ elapsed: Double) {
            count += 1
            seconds += elapsed
            for (index, bound) in RequestMetrics.bounds.enumerated() where elapsed <= bound { buckets[index] += 1 }
        }
    }

    /// Methods by name; whatever else is sent is counted together, so that no client can grow the table.
    private static let methods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR",
        "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
    ]

    /// The bounds of the latencies' buckets, in seconds.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

    private let totals = Mutex<[Key: Totals]>([:])

    func count(_ method: HTTPRequest.Method, _ status: Int, _ elapsed: Duration) {
        let name = Self.methods.contains(method.rawValue) ? method.rawValue : "other"
        let seconds = elapsed / .seconds(1)
        totals.withLock { totals in
            totals[Key(method: name, status: status), default: Totals()].add(seconds)
        }
    }

    /// Everything there is to tell of a gateway.
    func response(of gateway: Gateway) async throws -> Response {
        var text = MetricsText()
        requests(&text)
        try await links(of: gateway, &text)
        try await tokens(of: gateway, &text)
        for call in gateway.upstreamCalls() {
            text.add(
                "kalends_upstream_requests_total",
                .counter,
                "Requests sent to providers, by what they answered.",
                Double(call.requests),
                [("host", call.host), ("status", call.outcome)]
            )
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text.text))
        )
    }

    private func requests(_ text: inout MetricsText) {
        let all = totals.withLock { $0 }.sorted { ($0.key.method, $0.key.status) < ($1.key.method, $1.key.status) }
        for (key, value) in all {
            let labels = [("method", key.method), ("status", String(key.status))]
            text.add("kalends_requests_total", .counter, "Requests answered.", Double(value.count), labels)
        }
        for (key, value) in all {
            let labels = [("method", key.method), ("status", String(key.status))]
            let name = "kalends_request_seconds"
            text.begin(name, .histogram, "How long answering took.")
            for (bound, count) in zip(Self.bounds, value.buckets) {
                text.line(name + "_bucket", Double(count), labels + [("le", String(bound))])
            }
            text.line(name + "_bucket", Double(value.count), labels + [("le", "+Inf")])
            text.line(name + "_sum", value.seconds, labels)
            text.line(name + "_count", Double(value.count), labels)
        }
    }

    /// How long the tokens live that providers gave us, and how many grants a person must soon renew.
    private func tokens(of gateway: Gateway, _ text: inout MetricsText) async throws {
        let now = gateway.now()
        var dying = 0
        for connection in try await gateway.credentials.allConnections() {
            // One that does not open is counted: nothing can be done with it any more.
            let report: GrantReport?
            do { report = try await gateway.grants?.report(of: connection) } catch {
                dying += 1
                continue
            }
            if connection.state == .reconnectRequired || report?.isAboutToEnd(at: now) == true { dying += 1 }
            guard let report else { continue }
            let labels = [("connection", String(connection.id.rawValue)), ("provider", connection.provider)]
            if let end = report.expiresAt {
                let left = Double(end - now)
                text.add("kalends_token_seconds_left", .gauge, "Until the access token at hand ends.", left, labels)
            }
            if let consented = report.consentedAt {
                let age = Double(now - consented)
                text.add("kalends_grant_age_seconds", .gauge, "Since the person consented.", age, labels)
            }
        }
        let help = "Grants that are dead, or end within two days."
        text.add("kalends_tokens_about_to_die", .gauge, help, Double(dying))
    }

    private func links(of gateway: Gateway, _ text: inout MetricsText) async throws {
        let statuses = try await gateway.links.allStatuses()
        for (state, count) in Dictionary(grouping: statuses, by: \.state.rawValue).mapValues(\.count).sorted(by: <) {
            text.add("kalends_links", .gauge, "Links by state.", Double(count), [("state", state)])
        }
        let connections = try await gateway.credentials.allConnections()
        let states = Dictionary(grouping: connections) { [$0.provider, $0.state.rawValue] }.mapValues(\.count)
        for (words, count) in states.sorted(by: { $0.key.joined() < $1.key.joined() }) {
            let labels = [("provider", words[0]), ("state", words[1])]
            text.add(
                "kalends_connections",
                .gauge,
                "Accounts; reconnect_required is a dead token.",
                Double(count),
                labels
            )
        }
        let figures = try await gateway.links.figures()
        for (outcome, count) in figures.passes.sorted(by: <) {
            text.add("kalends_passes", .gauge, "Passes remembered, by end.", Double(count), [("outcome", outcome)])
        }
        text.add("kalends_queue_items", .gauge, "Items that wait for another try.", Double(figures.queued))
        let age = figures.oldestQueued.map { gateway.now() - $0 } ?? 0
        text.add("kalends_queue_age_seconds", .gauge, "How long the oldest of them waits.", Double(age))
        text.add("kalends_conflicts_open", .gauge, "Conflicts that wait for a person.", Double(figures.openConflicts))
        text.add("kalends_held_deletions", .gauge, "Deletions that wait for a person.", Double(figures.held))
        let pending = statuses.reduce(0) { $0 + $1.pending }
        text.add("kalends_pending_items", .gauge, "Items not yet agreed on.", Double(pending))
        if let oldest = statuses.compactMap(\.lastSyncedAt).min() {
            let age = Double(gateway.now() - oldest)
            text.add("kalends_last_sync_age_seconds", .gauge, "Since the link longest not synced was.", age)
        }
    }
}

/// Prometheus' text format.
struct MetricsText {
    enum Kind: String { case counter, gauge, histogram }

    private(set) var text = ""
    private var begun: Set<String> = []

    /// Says what a metric is, once.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        guard begun.insert(name).inserted else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func add(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ value: Double,
        _ labels: [(String, String)] = []
    ) {
        begin(name, kind, help)
        line(name, value, labels)
    }

    mutating func line(_ name: String, _ value: Double, _ labels: [(String, String)]) {
        let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        let shown = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
        text += name + (pairs.isEmpty ? "" : "{\(pairs)}") + " \(shown)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
