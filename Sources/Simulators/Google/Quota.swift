import ICalendar

/// The limit of requests per person: a bucket that refills evenly.
public struct Quota: Sendable, Hashable {
    /// Requests a minute, nil for no limit; Google's own number is 600.
    public var perMinute: Int?

    /// How many requests may come at once.
    public var burst: Int

    /// The word of the refusal: `rateLimitExceeded` or `userRateLimitExceeded`.
    public var reason: String

    /// 403 or 429.
    public var status: Int

    /// Describes a limit.
    public init(perMinute: Int?, burst: Int = 60, reason: String = "rateLimitExceeded", status: Int = 403) {
        self.perMinute = perMinute
        self.burst = burst
        self.reason = reason
        self.status = status
    }

    /// No limit at all.
    public static let unlimited = Quota(perMinute: nil)
}

/// What is left of a quota, per person.
struct QuotaMeter: Sendable {
    var quota: Quota
    private var buckets: [String: (tokens: Double, at: Instant)] = [:]

    init(_ quota: Quota) { self.quota = quota }

    /// Counts one request of a person.
    ///
    /// - Throws: the refusal, once the bucket is empty.
    mutating func count(_ email: String, at now: Instant) throws(APIError) {
        guard let perMinute = quota.perMinute else { return }
        let full = Double(quota.burst)
        let bucket = buckets[email] ?? (full, now)
        let refill = Double(max(0, now - bucket.at)) * Double(perMinute) / 60
        let tokens = min(full, bucket.tokens + refill)
        guard tokens >= 1 else {
            buckets[email] = (tokens, now)
            throw .usageLimit(quota.reason, code: quota.status)
        }
        buckets[email] = (tokens - 1, now)
    }
}
