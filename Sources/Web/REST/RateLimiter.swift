import HTTPTypes
import ICalendar
import Store
import Synchronization

/// How many requests a user may still send in this minute.
struct Ration: Sendable, Hashable {
    var limit: Int
    var rest: Int
    /// Seconds until there are more.
    var reset: Int64
    var isGranted: Bool

    /// The fields that tell a client (draft-ietf-httpapi-ratelimit-headers, both ways they were ever written).
    var fields: HTTPFields {
        var fields = HTTPFields()
        let pairs = [
            "RateLimit-Policy": "\"default\";q=\(limit);w=60", "RateLimit": "\"default\";r=\(rest);t=\(reset)",
            "RateLimit-Limit": String(limit), "RateLimit-Remaining": String(rest), "RateLimit-Reset": String(reset),
        ]
        for (name, value) in pairs.sorted(by: { $0.key < $1.key }) {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }
}

/// Counts requests by user and minute, so that a program gone wild leaves the others their share.
final class RateLimiter: Sendable {
    private struct Window {
        var begun: Instant
        var count: Int
    }

    private static let seconds: Int64 = 60
    private let limit: Int
    private let windows = Mutex<[PrincipalID: Window]>([:])

    init(perMinute limit: Int) { self.limit = limit }

    func count(_ principal: PrincipalID, at now: Instant) -> Ration {
        windows.withLock { windows in
            var window = windows[principal] ?? Window(begun: now, count: 0)
            let age = now - window.begun
            if age >= Self.seconds || age < 0 { window = Window(begun: now, count: 0) }
            let isGranted = window.count < limit
            if isGranted { window.count += 1 }
            windows[principal] = window
            return Ration(
                limit: limit,
                rest: limit - window.count,
                reset: Self.seconds - (now - window.begun),
                isGranted: isGranted
            )
        }
    }
}

extension RESTProblem {
    /// Refuses what is beyond the ration of this minute (RFC 6585 §4).
    static func tooMany(_ ration: Ration) -> RESTProblem {
        var problem = RESTProblem(
            .tooManyRequests,
            "rate_limited",
            "There were more than \(ration.limit) requests in a minute.",
            "Try again in \(ration.reset) seconds."
        )
        problem.headers = ration.fields
        problem.headers[.retryAfter] = String(ration.reset)
        return problem
    }
}
