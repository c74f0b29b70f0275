public import ICalendar

/// A simulated Google: accounts, OAuth, the Calendar API, push, and a person behind the web interface.
///
/// An HTTP server for tests, random histories and the demo. Its state is one value; the actor only lets requests in
/// one at a time and keeps slow answers from holding up others.
public actor GoogleSimulator {
    /// What a simulator is made of.
    public struct Configuration: Sendable {
        /// How long every API answer takes at least.
        public var latency: Duration
        /// Makes identifiers, tokens and faults repeatable.
        public var seed: UInt64
        /// The clock, to which the offset of the control interface is added.
        public var now: @Sendable () -> Instant
        /// The applications that may ask for consent.
        public var applications: [OAuthApplication]
        /// Whether the authorization page redirects at once, without showing the consent.
        public var autoApprove: Bool
        /// Seconds an access token lives.
        public var tokenSeconds: Int64
        public var quota: Quota
        /// Calls a webhook; answers its status, or nil if there was none.
        public var notify: @Sendable (PushNotification) async -> Int?

        /// Describes a simulator.
        public init(
            latency: Duration = .zero,
            seed: UInt64 = 1,
            now: @escaping @Sendable () -> Instant,
            applications: [OAuthApplication] = [.simulated],
            autoApprove: Bool = false,
            tokenSeconds: Int64 = 3599,
            quota: Quota = .unlimited,
            notify: @escaping @Sendable (PushNotification) async -> Int? = { _ in nil }
        ) {
            self.latency = latency
            self.seed = seed
            self.now = now
            self.applications = applications
            self.autoApprove = autoApprove
            self.tokenSeconds = tokenSeconds
            self.quota = quota
            self.notify = notify
        }
    }

    let configuration: Configuration
    var state: GoogleCalendarState
    var meter: QuotaMeter
    var faults: FaultPlan
    var latency: Duration
    /// What each call of a batch adds to the latency of its answer.
    var batchedCallLatency = Duration.zero
    var autoApprove: Bool
    var clockOffset: Int64 = 0
    var log: [LoggedRequest] = []
    var counters: [String: Int] = [:]
    var notificationFaults = NotificationFaults()
    var notifications: [PushNotification] = []
    var server: Task<Void, any Error>?
    var sender: Task<Void, Never>?

    /// Notifications on their way to the sender.
    let queue: AsyncStream<PushNotification>
    let queueEnd: AsyncStream<PushNotification>.Continuation

    /// Makes a simulator without any account.
    public init(configuration: Configuration) {
        self.configuration = configuration
        state = GoogleCalendarState(now: configuration.now(), seed: configuration.seed)
        meter = QuotaMeter(configuration.quota)
        faults = FaultPlan(random: SeededGenerator(seed: configuration.seed &+ 1))
        latency = configuration.latency
        autoApprove = configuration.autoApprove
        (queue, queueEnd) = AsyncStream.makeStream()
        state.grants.tokenSeconds = configuration.tokenSeconds
        for application in configuration.applications { state.grants.applications[application.id] = application }
    }

    /// Answers one request, whatever it came over: waits, meets its fault, and is written into the log.
    public func respond(to request: APIRequest) async -> APIReply {
        let isControl = request.path.hasPrefix("/control")
        let effect = isControl ? nil : faults.effect(on: request)
        var delay = isControl ? .zero : latency
        delay += batchedCallLatency * Self.callCount(of: request)
        if case .slow(let milliseconds) = effect { delay += .milliseconds(milliseconds) }
        if delay > .zero {
            // A cancelled wait is the server's shutdown: the answer will not be sent.
            try? await Task.sleep(for: delay)
        }
        state.now = configuration.now() + clockOffset
        guard !isControl else { return control(request) }
        let reply = answer(request, effect)
        record(request, reply, effect)
        deliverNotifications()
        return reply
    }

    func answer(_ request: APIRequest, _ effect: Fault.Effect?) -> APIReply {
        switch effect {
        case nil, .slow: return route(request)
        case .failBefore(let status): return APIReply(APIError.backend(status))
        case .failAfter(let status):
            _ = route(request)
            return APIReply(APIError.backend(status))
        case .cutBefore: return .delivered(.cut, .empty(200))
        case .cutAfter: return .delivered(.cut, route(request))
        case .truncate: return .delivered(.truncated, route(request))
        case .throttle(let status, let reason, let retryAfter):
            var reply = APIReply(APIError.usageLimit(reason, code: status))
            reply.headers["retry-after"] = retryAfter.map(String.init)
            return reply
        case .garbage:
            _ = route(request)
            return APIReply(200, type: "application/json", body: [0x7B, 0x22, 0xFF, 0xFE, 0x00, 0x3C])
        case .html(let status): return .html(status, "<html><body><h1>\(status)</h1>The proxy is unwell.</body></html>")
        case .revokeGrant:
            if let (_, grant) = try? state.caller(authorization: request.headers["authorization"]) {
                state.revoke(grant)
            }
            return route(request)
        }
    }

    /// Finds out what part of Google is asked.
    func route(_ request: APIRequest) -> APIReply {
        guard let segments = request.segments else { return APIReply(APIError.badRequest()) }
        switch segments.first {
        case "calendar" where segments.count > 1 && segments[1] == "v3": return callAPI(request)
        case "batch": return batch(request)
        case "o", "token", "revoke", "oauth2": return oauth(request, segments)
        case _: return APIReply(APIError.notFound)
        }
    }

    /// One call of the Calendar API: who, how often, what for, and then the call itself.
    func callAPI(_ request: APIRequest) -> APIReply {
        do throws(APIError) {
            let (caller, grant) = try state.caller(authorization: request.headers["authorization"])
            try meter.count(caller.email, at: state.now)
            guard let segments = request.segments?.dropFirst(2),
                let operation = Operation(request.method, Array(segments))
            else { throw APIError.notFound }
            counters[operation.name, default: 0] += 1
            guard !operation.scopes.isDisjoint(with: caller.scopes) else { throw APIError.insufficientScope }
            var reply = try state.respond(to: operation, request, by: caller, under: grant)
            if let mask = request.parameters["fields"] {
                guard let mask = FieldMask(mask) else { throw APIError.invalidParameter("fields", mask) }
                reply.body = reply.body.map(mask.applied)
            }
            return APIReply(reply)
        } catch {
            return APIReply(error)
        }
    }
}

extension OAuthApplication {
    /// The application that every simulator knows unless it is told otherwise.
    public static let simulated = OAuthApplication(
        id: "kalends.apps.simulated.example",
        secret: "simulated-secret"
    )
}

extension APIReply {
    fileprivate static func delivered(_ delivery: Delivery, _ reply: APIReply) -> APIReply {
        var reply = reply
        reply.delivery = delivery
        return reply
    }
}
