import CCurl
import HTTPTypes

/// One exchange on one easy handle; a class because libcurl's callbacks need its address.
final class Transfer {
    let easy: UnsafeMutableRawPointer
    var ticket: Ticket { submission.ticket }
    var continuation: CheckedContinuation<Result<OutboundReply, OutboundError>, Never> { submission.continuation }

    private let submission: Submission
    private var requestFields: UnsafeMutablePointer<curl_slist>?
    private var headers = HTTPFields()
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var isSent = false

    /// Binds a request to an easy handle fresh from `curl_easy_init` or `curl_easy_reset`.
    init(_ submission: Submission, on easy: UnsafeMutableRawPointer) {
        self.submission = submission
        self.easy = easy
    }

    deinit { curl_slist_free_all(requestFields) }

    var reply: OutboundReply { OutboundReply(status: status, headers: headers, body: body) }

    private var status: Int { kalends_curl_status(easy) }

    // MARK: Options

    /// Sets every option of the request; the first that libcurl refuses is returned.
    func configure(_ configuration: CurlTransport.Configuration) -> CURLcode {
        var options = Options(easy)
        options.set(CURLOPT_URL, submission.request.url)
        options.set(CURLOPT_PROTOCOLS_STR, configuration.allowsPlainHTTP ? "http,https" : "https")
        // A redirect could lead anywhere, into the own network too.
        options.set(CURLOPT_FOLLOWLOCATION, 0)
        // A timeout must not raise SIGALRM in a process of many threads.
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // Empty means: whatever libcurl can decompress.
        options.set(CURLOPT_ACCEPT_ENCODING, "")
        options.set(CURLOPT_USERAGENT, configuration.userAgent)
        options.set(CURLOPT_TIMEOUT_MS, submission.request.timeout.curlMilliseconds)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.curlMilliseconds)
        // A machine that runs behind a proxy still reaches itself directly.
        if isLoopback(submission.request.url) { options.set(CURLOPT_PROXY, "") }
        setMethodAndBody(&options)
        setFields(&options)
        setReceivers(&options)
        if !submission.request.method.isIdempotent { forbidRepetition(&options) }
        return options.firstFailure
    }

    private func setMethodAndBody(_ options: inout Options) {
        let request = submission.request
        if request.method == .head {
            options.set(CURLOPT_NOBODY, 1)
            return
        }
        // These carry `Content-Length: 0` when empty (RFC 9110 §8.6); servers answer 411 otherwise.
        let expectsContent = request.method == .post || request.method == .put || request.method == .patch
        if expectsContent || !request.body.isEmpty {
            options.set(CURLOPT_POST, 1)
            options.setContent(request.body)
        }
        options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }

    private func setFields(_ options: inout Options) {
        let headers = submission.request.headers
        for field in headers {
            // libcurl's notation for a field without value; "Name:" would remove it.
            let line = field.value.isEmpty ? "\(field.name.rawName);" : "\(field.name.rawName): \(field.value)"
            append(line, &options)
        }
        // No waiting for "100 Continue", and no media type the caller did not name.
        append("Expect:", &options)
        if headers[.contentType] == nil { append("Content-Type:", &options) }
        options.set(CURLOPT_HTTPHEADER, requestFields)
    }

    private func append(_ line: String, _ options: inout Options) {
        guard let longer = curl_slist_append(requestFields, line) else {
            options.fail(CURLE_OUT_OF_MEMORY)
            return
        }
        requestFields = longer
    }

    private func setReceivers(_ options: inout Options) {
        // The table of the loop holds this object as long as libcurl may call.
        let context = Unmanaged.passUnretained(self).toOpaque()
        options.set(CURLOPT_WRITEFUNCTION, CURLOPT_WRITEDATA, context) { octets, size, count, context in
            guard let octets, let context else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.receive(UnsafeRawBufferPointer(start: octets, count: size * count))
        }
        options.set(CURLOPT_HEADERFUNCTION, CURLOPT_HEADERDATA, context) { octets, size, count, context in
            guard let octets, let context else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            return transfer.receiveLine(UnsafeRawBufferPointer(start: octets, count: size * count))
        }
    }

    /// Keeps libcurl from sending a request once more, by itself, when a kept connection ends before the first octet of an
    /// answer: the server may have acted on it (RFC 9110 §9.2.2).
    private func forbidRepetition(_ options: inout Options) {
        options.setPermission(Unmanaged.passUnretained(self).toOpaque()) { context, _, _, _, _ in
            guard let context else { return CURL_PREREQFUNC_ABORT }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            defer { transfer.isSent = true }
            return transfer.isSent ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK
        }
    }

    // MARK: What arrives

    /// Takes content; anything but the count given makes libcurl abort with code 23.
    private func receive(_ octets: UnsafeRawBufferPointer) -> Int {
        guard body.count + octets.count <= submission.request.maximumReplyOctets else {
            isTooLarge = true
            return 0
        }
        body.append(contentsOf: octets)
        return octets.count
    }

    /// Takes one line of the head; a status line begins a new one (100 Continue, a proxy's answer).
    private func receiveLine(_ line: UnsafeRawBufferPointer) -> Int {
        if line.starts(with: "HTTP/".utf8) {
            headers = HTTPFields()
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
        {
            let value = line[(colon + 1)...].trimmed
            headers.append(HTTPField(name: name, value: String(decoding: value, as: UTF8.self)))
        }
        return line.count
    }

    // MARK: Failure

    /// What a result code of libcurl means to the caller.
    func failure(_ code: CURLcode) -> OutboundError {
        let reason = String(cString: curl_easy_strerror(code))
        return switch code {
        case CURLE_WRITE_ERROR where isTooLarge: .tooLarge(limit: submission.request.maximumReplyOctets)
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_ABORTED_BY_CALLBACK: .unreachable("The connection ended without an answer")
        case CURLE_PARTIAL_FILE, CURLE_BAD_CONTENT_ENCODING: .truncated
        // The connection broke: within an answer it is cut short, before it there is none.
        case CURLE_RECV_ERROR where status >= 200, CURLE_HTTP2_STREAM where status >= 200,
            CURLE_HTTP2 where status >= 200:
            .truncated
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .addressNotAllowed(reason)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .tls(reason)
        default: .unreachable(reason)
        }
    }
}

extension HTTPRequest.Method {
    /// Whether a request may be sent twice to the same effect as once (RFC 9110 §9.2.2).
    fileprivate var isIdempotent: Bool { self != .post && self != .patch }
}
