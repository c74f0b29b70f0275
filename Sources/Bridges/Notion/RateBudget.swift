import Bridging
import ICalendar

/// Keeps each connection within what Notion allows it: 180 requests in 60 seconds.
///
/// A bucket of tokens: a small burst at once, then an even pace, so that no window of a minute sees more than the limit.
actor RateBudget {
    /// What to do before a request.
    enum Reservation: Sendable, Hashable {
        /// Send after so many seconds.
        case go(after: Int)
        /// Notion asked for a pause that is too long to sit out here.
        case paused(seconds: Int)
    }

    private struct Bucket {
        var tokens: Double
        var filledAt: Instant
        var pausedAt: Instant?
        var pausedUntil: Instant?
    }

    /// The longest pause asked for by Notion that is sat out; a longer one ends the pass, so that it shows.
    static let patience: Int64 = 5

    /// How much of a minute's requests may be sent at once; only the rest of them is the pace of a long pass.
    static let burstShare = 1.0 / 15

    /// How much of a burst is kept for what somebody waits for.
    private static let keptShare = 1.0 / 3

    /// How many connections are remembered before those at rest are forgotten.
    private static let maximumBuckets = 256

    private let burst: Double
    private let perSecond: Double
    private let now: @Sendable () -> Instant
    private var buckets: [AccessToken: Bucket] = [:]

    init(requestsPerMinute: Int, now: @escaping @Sendable () -> Instant) {
        // A burst and a minute's refill together must not exceed the limit.
        burst = max(1, Double(requestsPerMinute) * Self.burstShare)
        perSecond = max(1, Double(requestsPerMinute) - burst) / 60
        self.now = now
    }

    /// Takes one request off the budget; what runs in the background leaves the last of a burst to what somebody waits for.
    func reserve(_ connection: AccessToken, isInteractive: Bool = false) -> Reservation {
        let now = now()
        var bucket = buckets[connection] ?? Bucket(tokens: burst, filledAt: now)
        var pause: Int64 = 0
        // A clock that was put back would make any pause a long one.
        if let until = bucket.pausedUntil, let since = bucket.pausedAt, since <= now, until > now {
            pause = until - now
            guard pause <= Self.patience else { return .paused(seconds: Int(pause)) }
        }
        let elapsed = Double(max(0, now - bucket.filledAt))
        bucket.tokens = min(burst, bucket.tokens + elapsed * perSecond) - 1
        bucket.filledAt = now
        forgetIdle(now)
        buckets[connection] = bucket
        let kept = isInteractive ? 0 : burst * Self.keptShare
        let wait = bucket.tokens >= kept ? 0 : Int(((kept - bucket.tokens) / perSecond).rounded(.up))
        return .go(after: max(wait, Int(pause)))
    }

    /// Remembers that Notion asked for a pause.
    func pause(_ connection: AccessToken, seconds: Int) {
        let now = now()
        buckets[connection, default: Bucket(tokens: burst, filledAt: now)].pausedAt = now
        buckets[connection]?.pausedUntil = now + Int64(max(0, seconds))
    }

    private func forgetIdle(_ now: Instant) {
        guard buckets.count >= Self.maximumBuckets else { return }
        buckets = buckets.filter { now - $0.value.filledAt < 60 || ($0.value.pausedUntil ?? now) > now }
    }
}
