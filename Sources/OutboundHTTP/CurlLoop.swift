import CCurl
import Synchronization

/// Names one request, so that it can be cancelled before, during and after its life on the loop's thread.
final class Ticket: Sendable {
    private let cancelled = Atomic(false)

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }
}

/// A request on its way to the loop's thread.
struct Submission: Sendable {
    let request: OutboundRequest
    let ticket: Ticket
    let continuation: CheckedContinuation<Result<OutboundReply, OutboundError>, Never>
}

/// A libcurl multi handle and the loop that drives it, on the one thread that calls ``run()``.
// Safe because `multi` is used outside that thread by `curl_multi_wakeup` alone, which is thread-safe, and only under
// the inbox's lock while `isClosed` is false; `run` sets it, under the lock, before it frees the handle.
final class CurlLoop: @unchecked Sendable {  // Safe because of the one thread, as said above.
    /// What other threads leave for the loop.
    private struct Inbox {
        var submissions: [Submission] = []
        var cancellations: [Ticket] = []
        var isStopping = false
        var isClosed = false
        var whenStopped: [CheckedContinuation<Void, Never>] = []
    }

    /// The longest sleep without news; libcurl's own timers and the wake-up call cut it short.
    private static let longestSleepMilliseconds: Int32 = 1000

    private let multi: UnsafeMutableRawPointer
    private let configuration: CurlTransport.Configuration
    private let inbox = Mutex(Inbox())

    init(configuration: CurlTransport.Configuration) {
        precondition(Self.isLibraryReady, "libcurl could not be initialised: out of memory")
        guard let multi = curl_multi_init() else { preconditionFailure("no multi handle: out of memory") }
        self.multi = multi
        self.configuration = configuration
        let connections = max(1, configuration.maximumConnectionsPerHost)
        _ = kalends_curl_multi_set_long(multi, CURLMOPT_PIPELINING, kalends_curl_multiplex)
        _ = kalends_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections)
        // A few servers at their limit: Google, Notion, feeds.
        _ = kalends_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, connections * 4)
    }

    /// `curl_global_init`, which must happen once, before everything else.
    private static let isLibraryReady = curl_global_init(kalends_curl_global_default) == CURLE_OK

    // MARK: From any thread

    func submit(_ submission: Submission) {
        let isAccepted = inbox.withLock { inbox in
            guard !inbox.isStopping else { return false }
            inbox.submissions.append(submission)
            curl_multi_wakeup(multi)
            return true
        }
        if !isAccepted { submission.continuation.resume(returning: .failure(.cancelled)) }
    }

    /// Ends a request wherever it is: the mark catches one that is yet to come, the inbox one that is under way.
    func cancel(_ ticket: Ticket) {
        ticket.cancel()
        inbox.withLock { inbox in
            guard !inbox.isStopping else { return }
            inbox.cancellations.append(ticket)
            curl_multi_wakeup(multi)
        }
    }

    func stop(whenStopped continuation: CheckedContinuation<Void, Never>?) {
        let isClosed = inbox.withLock { inbox in
            guard !inbox.isClosed else { return true }
            inbox.isStopping = true
            if let continuation { inbox.whenStopped.append(continuation) }
            curl_multi_wakeup(multi)
            return false
        }
        if isClosed { continuation?.resume() }
    }

    // MARK: On the loop's thread

    /// Serves requests until ``stop(whenStopped:)``; blocks its thread.
    func run() {
        var transfers = Transfers(multi: multi, configuration: configuration)
        while true {
            let news = inbox.withLock { inbox in
                let news = inbox
                inbox.submissions = []
                inbox.cancellations = []
                return news
            }
            for submission in news.submissions { transfers.start(submission) }
            for ticket in news.cancellations { transfers.cancel(ticket) }
            if news.isStopping { break }

            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            transfers.finishCompleted()
            curl_multi_poll(multi, nil, 0, Self.longestSleepMilliseconds, nil)
        }
        transfers.close()
        let waiting = inbox.withLock { inbox in
            inbox.isClosed = true
            return inbox.whenStopped
        }
        curl_multi_cleanup(multi)
        for continuation in waiting { continuation.resume() }
    }
}
