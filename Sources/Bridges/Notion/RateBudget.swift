import Bridging

/// Keeps each connection within what Notion allows it: 180 requests in 60 seconds.
///
/// A bucket of tokens: a small burst at once, then an even pace, so that no window of a minute sees more than the limit.
/// Nothing is taken from it ahead of time. Who has to wait stands in a line and asks again: thus what somebody waits for
/// passes everything that runs in the background, and finds the part of the burst that is kept for it.
actor RateBudget {
    /// What to do before a request.
    enum Turn: Sendable, Hashable {
        /// Send it: it is counted.
        case now
        /// Ask again after that time, with the ticket.
        case wait(Duration, Ticket)
        /// Notion asked for a pause that is too long to sit out here.
        case paused(seconds: Int)
    }

    /// A place in a line.
    struct Ticket: Sendable, Hashable {
        fileprivate let number: Int
    }

    /// Out of whose budget a request goes: a connection keeps its own through all its tokens, and several connections with
    /// one token share it.
    struct Payer: Sendable, Hashable {
        var connection: String?
        var token: AccessToken

        init(connection: String? = nil, _ token: AccessToken) {
            self.connection = connection
            self.token = token
        }
    }

    private struct Bucket {
        var tokens: Double
        var filledAt: Duration
        var pausedUntil: Duration?
        /// Who waits, those first who came first.
        var interactive: [Ticket] = []
        var background: [Ticket] = []

        mutating func remove(_ ticket: Ticket?) {
            interactive.removeAll { $0 == ticket }
            background.removeAll { $0 == ticket }
        }
    }

    /// The longest pause asked for by Notion that is sat out; a longer one ends the pass, so that it shows.
    static let patience = Duration.seconds(5)

    /// How much of a minute's requests may be sent at once; only the rest of them is the pace of a long pass.
    static let burstShare = 1.0 / 15

    /// How much of a burst is kept for what somebody waits for: a few edits, each of which is read, compared and written.
    private static let keptShare = 2.0 / 3

    /// One request in a minute is not sent: what follows another on its way may arrive a little closer to it.
    private static let margin = 1.0

    /// How many connections are remembered before those at rest are forgotten.
    private static let maximumBuckets = 256

    private static let maximumTokens = 4 * maximumBuckets

    private let burst: Double
    private let kept: Double
    private let perSecond: Double
    private let elapsed: @Sendable () -> Duration
    private var buckets: [Int: Bucket] = [:]
    /// The bucket of each connection and of each token.
    private var bucketsOfConnections: [String: Int] = [:]
    private var bucketsOfTokens: [AccessToken: Int] = [:]
    private var lastBucket = 0
    private var lastTicket = 0

    /// `elapsed` tells the time since some moment, and never goes back.
    init(requestsPerMinute: Int, elapsed: @escaping @Sendable () -> Duration) {
        // A burst and a minute's refill together must not exceed the limit.
        burst = max(1, Double(requestsPerMinute) * Self.burstShare)
        kept = min(burst * Self.keptShare, burst - 1)
        perSecond = max(1, Double(requestsPerMinute) - burst - Self.margin) / 60
        self.elapsed = elapsed
    }

    /// Takes one request off the budget, or tells when to ask again; whoever does not ask again must ``leave(_:_:)``.
    func turn(_ payer: Payer, isInteractive: Bool = false, _ known: Ticket? = nil) -> Turn {
        let now = elapsed()
        forgetIdle(now)
        let number = bucket(of: payer)
        var bucket = buckets[number] ?? Bucket(tokens: burst, filledAt: now)
        bucket.tokens = min(burst, bucket.tokens + (now - bucket.filledAt).inSeconds * perSecond)
        bucket.filledAt = now
        defer { buckets[number] = bucket }
        let pause = max(.zero, (bucket.pausedUntil ?? now) - now)
        guard pause <= Self.patience else {
            bucket.remove(known)
            return .paused(seconds: Int(pause.inSeconds.rounded(.up)))
        }
        let line = isInteractive ? bucket.interactive : bucket.background
        let ahead = known.flatMap(line.firstIndex) ?? line.count
        let needed = Double(ahead + 1) + (isInteractive ? 0 : kept + Double(bucket.interactive.count))
        if bucket.tokens >= needed, pause == .zero {
            bucket.tokens -= 1
            bucket.remove(known)
            return .now
        }
        let ticket = known ?? nextTicket()
        if known == nil, isInteractive { bucket.interactive.append(ticket) }
        if known == nil, !isInteractive { bucket.background.append(ticket) }
        let wait = Duration.milliseconds(Int(((needed - bucket.tokens) / perSecond * 1000).rounded(.up)))
        return .wait(max(wait, pause, .milliseconds(1)), ticket)
    }

    /// Gives up a place in the line.
    func leave(_ payer: Payer, _ ticket: Ticket) { buckets[bucket(of: payer)]?.remove(ticket) }

    /// Remembers that Notion asked for a pause.
    func pause(_ payer: Payer, seconds: Int) {
        let now = elapsed()
        let until = now + .seconds(max(0, seconds))
        buckets[bucket(of: payer), default: Bucket(tokens: burst, filledAt: now)].pausedUntil = until
    }

    /// The number of the bucket that pays; a new one for whom nobody knows.
    private func bucket(of payer: Payer) -> Int {
        let known = bucketsOfTokens[payer.token] ?? payer.connection.flatMap { bucketsOfConnections[$0] }
        if known == nil { lastBucket += 1 }
        // Tokens come and go; a connection is known without them.
        if bucketsOfTokens.count >= Self.maximumTokens { bucketsOfTokens = [:] }
        let number = known ?? lastBucket
        bucketsOfTokens[payer.token] = number
        if let connection = payer.connection { bucketsOfConnections[connection] = number }
        return number
    }

    private func nextTicket() -> Ticket {
        lastTicket += 1
        return Ticket(number: lastTicket)
    }

    private func forgetIdle(_ now: Duration) {
        guard buckets.count >= Self.maximumBuckets else { return }
        buckets = buckets.filter { _, bucket in
            now - bucket.filledAt < .seconds(60) || (bucket.pausedUntil ?? now) > now
                || !bucket.interactive.isEmpty || !bucket.background.isEmpty
        }
        bucketsOfTokens = bucketsOfTokens.filter { buckets[$0.value] != nil }
        bucketsOfConnections = bucketsOfConnections.filter { buckets[$0.value] != nil }
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1_000_000_000_000_000_000
    }
}
