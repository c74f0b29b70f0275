import CCurl

/// The exchanges under way and the idle easy handles; belongs to the loop's thread.
struct Transfers: ~Copyable {
    /// Idle handles kept for reuse; more at once are rare, and freed.
    private static let maximumIdleHandles = 64

    private let multi: UnsafeMutableRawPointer
    private let configuration: CurlTransport.Configuration
    private var underWay: [UnsafeMutableRawPointer: Transfer] = [:]
    private var idle: [UnsafeMutableRawPointer] = []

    init(multi: UnsafeMutableRawPointer, configuration: CurlTransport.Configuration) {
        self.multi = multi
        self.configuration = configuration
    }

    /// Hands a request to libcurl, or ends it at once.
    mutating func start(_ submission: Submission) {
        guard !submission.ticket.isCancelled else {
            return submission.continuation.resume(returning: .failure(.cancelled))
        }
        guard let easy = idle.popLast() ?? curl_easy_init() else {
            return submission.continuation.resume(returning: .failure(.unreachable("out of memory")))
        }
        let transfer = Transfer(submission, on: easy)
        underWay[easy] = transfer
        let code = transfer.configure(configuration)
        guard code == CURLE_OK else { return finish(transfer, .failure(transfer.failure(code))) }
        let refusal = curl_multi_add_handle(multi, easy)
        guard refusal == CURLM_OK else {
            return finish(transfer, .failure(.unreachable(String(cString: curl_multi_strerror(refusal)))))
        }
    }

    /// Ends a request that is under way; one that has ended stays as it ended.
    mutating func cancel(_ ticket: Ticket) {
        guard let transfer = underWay.values.first(where: { $0.ticket === ticket }) else { return }
        finish(transfer, .failure(.cancelled))
    }

    /// Answers everything libcurl says is done.
    mutating func finishCompleted() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            // The message dies with curl_multi_remove_handle: read it first.
            let easy = message.pointee.easy_handle
            let code = kalends_curl_message_result(message)
            guard message.pointee.msg == CURLMSG_DONE, let easy, let transfer = underWay[easy] else { continue }
            finish(transfer, code == CURLE_OK ? .success(transfer.reply) : .failure(transfer.failure(code)))
        }
    }

    /// Cancels what is left and frees every handle.
    consuming func close() {
        for transfer in underWay.values { finish(transfer, .failure(.cancelled)) }
        for easy in idle { curl_easy_cleanup(easy) }
    }

    private mutating func finish(_ transfer: Transfer, _ outcome: Result<OutboundReply, OutboundError>) {
        let easy = transfer.easy
        underWay[easy] = nil
        curl_multi_remove_handle(multi, easy)
        if idle.count < Self.maximumIdleHandles {
            curl_easy_reset(easy)
            idle.append(easy)
        } else {
            curl_easy_cleanup(easy)
        }
        transfer.continuation.resume(returning: outcome)
    }
}
