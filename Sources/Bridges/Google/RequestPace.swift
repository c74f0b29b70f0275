import Bridging
import Synchronization

/// Keeps each account within what Google allows it, so that a thousand edits go at the quota's pace and none is refused.
///
/// A bucket of tokens: a burst goes at once, then requests go evenly. The last of it is left to what somebody waits for. A
/// class because all bridges of a provider share it.
final class RequestPace: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: ContinuousClock.Instant
    }

    /// An access token lives an hour: buckets of former ones are forgotten beyond so many.
    private static let maximumBuckets = 1024

    /// How much of a burst is kept for what somebody waits for.
    private static let keptShare = 0.2

    private let burst: Double
    private let perSecond: Double
    private let buckets = Mutex<[AccessToken: Bucket]>([:])

    /// A pace nothing exceeds, for tests of other things.
    static let unlimited = RequestPace(perMinute: 60_000_000)

    init(perMinute: Int) {
        // A burst and a minute's refill together stay within the limit.
        burst = max(1, Double(perMinute) / 6)
        perSecond = max(1, Double(perMinute) - burst) / 60
    }

    /// Waits until a request may go; throws only when the task is cancelled.
    func wait(for token: AccessToken) async throws {
        let seconds = reserve(token, isInteractive: RequestPriority.isInteractive, at: .now)
        if seconds > 0 { try await Task.sleep(for: .seconds(seconds)) }
    }

    /// Takes a request off the budget; answers the seconds until it may go.
    func reserve(_ token: AccessToken, isInteractive: Bool = false, at now: ContinuousClock.Instant) -> Double {
        buckets.withLock { buckets in
            if buckets[token] == nil, buckets.count >= Self.maximumBuckets { buckets = [:] }
            var bucket = buckets[token] ?? Bucket(tokens: burst, filledAt: now)
            let elapsed = max(0, (now - bucket.filledAt) / .seconds(1))
            bucket.tokens = min(burst, bucket.tokens + elapsed * perSecond) - 1
            bucket.filledAt = max(now, bucket.filledAt)
            buckets[token] = bucket
            let kept = isInteractive ? 0 : burst * Self.keptShare
            return max(0, (kept - bucket.tokens) / perSecond)
        }
    }
}
