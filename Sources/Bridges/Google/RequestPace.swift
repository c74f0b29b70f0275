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
        /// So many calls in one batch were answered soon enough.
        var batchSize = RequestPace.firstBatch

        /// What the bucket holds, were it refilled now.
        func filled(_ pace: RequestPace, at now: ContinuousClock.Instant) -> Double {
            min(pace.burst, tokens + max(0, (now - filledAt) / .seconds(1)) * pace.perSecond)
        }
    }

    /// Whose quota it is.
    enum Owner: Sendable, Hashable {
        /// An account, whatever connection and token it comes by.
        case account(String)
        /// Whoever has this token, where nobody knows what the account is called.
        case holder(AccessToken)
    }

    /// An access token lives an hour: buckets of former ones are forgotten beyond so many.
    private static let maximumBuckets = 1024

    /// How much of a burst is kept for what somebody waits for.
    private static let keptShare = 0.2

    // MARK: Batches

    /// A first batch is small: nobody says how long Google takes for the calls of one.
    private static let firstBatch = 10

    /// Whoever edits while a batch is under way waits for its end: longer than the first is too long, and where it takes less
    /// than the second there is room for more.
    private static let longestBatch = Duration.seconds(1)
    private static let shortBatch = Duration.milliseconds(500)

    private let burst: Double
    private let perSecond: Double
    private let buckets = Mutex<[Owner: Bucket]>([:])

    /// A pace nothing exceeds, for tests of other things.
    static let unlimited = RequestPace(perMinute: 60_000_000)

    init(perMinute: Int) {
        // A burst and a minute's refill together stay within the limit.
        burst = max(1, Double(perMinute) / 6)
        perSecond = max(1, Double(perMinute) - burst) / 60
    }

    /// Waits until a request that counts as so many calls may go; throws only when the task is cancelled.
    func wait(for owner: Owner, _ calls: Int = 1) async throws {
        let seconds = reserve(owner, calls, isInteractive: RequestPriority.isInteractive, at: .now)
        if seconds > 0 { try await Task.sleep(for: .seconds(seconds)) }
    }

    /// Takes calls off the budget; answers the seconds until they may go.
    func reserve(
        _ owner: Owner,
        _ calls: Int = 1,
        isInteractive: Bool = false,
        at now: ContinuousClock.Instant
    ) -> Double {
        withBucket(of: owner, at: now) { bucket in
            bucket.tokens = bucket.filled(self, at: now) - Double(calls)
            bucket.filledAt = max(now, bucket.filledAt)
            let kept = isInteractive ? 0 : burst * Self.keptShare
            return max(0, (kept - bucket.tokens) / perSecond)
        }
    }

    /// How many calls may go in one batch now without waiting; one where none may.
    func batchSize(for owner: Owner, at now: ContinuousClock.Instant) -> Int {
        withBucket(of: owner, at: now) { bucket in
            let room = bucket.filled(self, at: now) - burst * Self.keptShare
            return max(1, min(bucket.batchSize, Int(max(0, room))))
        }
    }

    /// Notes how long a batch took: the next ones are to take no longer than somebody likes to wait.
    func noteBatch(of calls: Int, for owner: Owner, took duration: Duration) {
        withBucket(of: owner, at: .now) { bucket in
            if duration > Self.longestBatch {
                bucket.batchSize = max(2, Int(Double(calls) * (Self.longestBatch / duration)))
            } else if duration < Self.shortBatch, calls >= bucket.batchSize {
                bucket.batchSize = min(Batch.maximumCalls, 2 * bucket.batchSize)
            }
        }
    }

    private func withBucket<Result>(
        of owner: Owner,
        at now: ContinuousClock.Instant,
        _ body: (inout Bucket) -> Result
    ) -> Result {
        buckets.withLock { buckets in
            if buckets[owner] == nil, buckets.count >= Self.maximumBuckets { buckets = [:] }
            return body(&buckets[owner, default: Bucket(tokens: burst, filledAt: now)])
        }
    }
}
