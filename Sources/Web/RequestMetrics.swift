import HTTPTypes
import Hummingbird
import NIOCore
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
    }

    /// Methods by name; whatever else is sent is counted together, so that no client can grow the table.
    private static let methods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR",
        "MKCOL",
    ]

    private let totals = Mutex<[Key: Totals]>([:])

    func count(_ method: HTTPRequest.Method, _ status: Int, _ elapsed: Duration) {
        let name = Self.methods.contains(method.rawValue) ? method.rawValue : "other"
        totals.withLock { totals in
            totals[Key(method: name, status: status), default: Totals()].count += 1
            totals[Key(method: name, status: status), default: Totals()].seconds += elapsed / .seconds(1)
        }
    }

    func response() -> Response {
        var text = "# TYPE kalends_requests_total counter\n# TYPE kalends_request_seconds_total counter\n"
        let all = totals.withLock { $0 }
        for (key, value) in all.sorted(by: { ($0.key.method, $0.key.status) < ($1.key.method, $1.key.status) }) {
            let labels = "{method=\"\(key.method)\",status=\"\(key.status)\"}"
            text +=
                "kalends_requests_total\(labels) \(value.count)\nkalends_request_seconds_total\(labels) \(value.seconds)\n"
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }
}
