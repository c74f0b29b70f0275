public import ICalendar

/// A request as the simulator remembers it.
public struct LoggedRequest: Sendable {
    /// Grows by one with every request.
    public let number: Int
    public let at: Instant
    public let method: String
    public let path: String
    public let query: String
    /// The address of the token's account, if the token was good.
    public let account: String?
    public let status: Int
    /// Whether the answer reached the client.
    public let delivery: APIReply.Delivery
    /// What the request met, as text; nil if nothing.
    public let fault: String?
    public let headers: [String: String]
    public let body: String

    var resource: JSON {
        .compact([
            "number": .integer(Int64(number)), "at": .string(at.rfc3339), "method": .string(method),
            "path": .string(path), "query": .string(query), "account": .text(account),
            "status": .integer(Int64(status)), "delivery": .string(delivery.rawValue), "fault": .text(fault),
            "headers": .object(headers.mapValues(JSON.string)), "body": .string(body),
        ])
    }
}

/// What happens to notifications on their way.
public struct NotificationFaults: Sendable, Hashable {
    /// How likely one is lost, from 0 to 1.
    public var dropRate: Double
    /// How likely one comes twice, from 0 to 1.
    public var duplicateRate: Double

    /// Describes what happens to notifications.
    public init(dropRate: Double = 0, duplicateRate: Double = 0) {
        self.dropRate = dropRate
        self.duplicateRate = duplicateRate
    }
}

extension GoogleSimulator {
    /// More requests than a test makes; the oldest are forgotten.
    private static let maximumLog = 20_000

    /// Writes a request and its answer into the log; the secret of an `Authorization` header stays out of it.
    func record(_ request: APIRequest, _ reply: APIReply, _ effect: Fault.Effect?) {
        let caller = try? state.caller(authorization: request.headers["authorization"])
        counters["requests", default: 0] += 1
        log.append(
            LoggedRequest(
                number: counters["requests", default: 0],
                at: state.now,
                method: request.method,
                path: request.path,
                query: request.query,
                account: caller?.0.email,
                status: reply.status,
                delivery: reply.delivery,
                fault: effect.map { String(describing: $0) },
                headers: request.headers.filter { $0.key != "authorization" },
                body: String(decoding: request.body, as: UTF8.self)
            )
        )
        // Forgetting many at a time keeps this cheap.
        if log.count > 2 * Self.maximumLog { log.removeFirst(Self.maximumLog) }
    }

    /// Hands waiting notifications to the sender; some are lost and some come twice, if so wished.
    func deliverNotifications() {
        let waiting = state.pendingNotifications
        state.pendingNotifications = []
        for notification in waiting {
            notifications.append(notification)
            guard Double.random(in: 0..<1, using: &faults.random) >= notificationFaults.dropRate else { continue }
            queueEnd.yield(notification)
            if Double.random(in: 0..<1, using: &faults.random) < notificationFaults.duplicateRate {
                queueEnd.yield(notification)
            }
        }
    }

    private static let notificationAttempts = 4
    private static let retriedStatuses = [500, 502, 503, 504]

    /// Calls webhooks, one after the other, until the task is cancelled; a receiver's 5xx is tried again.
    func sendNotifications() async {
        for await notification in queue {
            var pause = Duration.milliseconds(200)
            for attempt in 1...Self.notificationAttempts {
                let status = await configuration.notify(notification)
                guard let status, Self.retriedStatuses.contains(status), attempt < Self.notificationAttempts else {
                    break
                }
                // A cancelled wait ends the loop at its next turn.
                try? await Task.sleep(for: pause)
                pause *= 2
            }
        }
    }
}
