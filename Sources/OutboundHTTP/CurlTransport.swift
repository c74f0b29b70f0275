import Foundation

/// The network: HTTP/1.1 and HTTP/2 through libcurl, on one thread of its own.
///
/// One repetition cannot be switched off: a kept connection that the server ended before the first octet of an answer is
/// replaced, and the request sent again (RFC 9112 §9.3.1).
public final class CurlTransport: HTTPTransport {
    /// What holds for every request of a transport.
    public struct Configuration: Sendable, Hashable {
        /// Whether `http:` addresses may be used, as simulated upstreams need it.
        public var allowsPlainHTTP: Bool

        /// How many connections one server sees; further requests wait, or share an HTTP/2 connection.
        public var maximumConnectionsPerHost: Int

        /// The `User-Agent` of requests that bring none.
        public var userAgent: String

        /// How long name lookup, connection and TLS may take together.
        public var connectTimeout: Duration

        /// Describes a transport; by default for https only.
        public init(
            allowsPlainHTTP: Bool = false,
            maximumConnectionsPerHost: Int = 8,
            userAgent: String = "Kalends",
            connectTimeout: Duration = .seconds(15)
        ) {
            self.allowsPlainHTTP = allowsPlainHTTP
            self.maximumConnectionsPerHost = maximumConnectionsPerHost
            self.userAgent = userAgent
            self.connectTimeout = connectTimeout
        }
    }

    private let configuration: Configuration
    private let loop: CurlLoop

    /// Starts the thread; it ends with ``shutDown()``, or with the last reference to the transport.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        let loop = CurlLoop(configuration: configuration)
        self.loop = loop
        let thread = Thread { loop.run() }
        thread.name = "kalends-curl"
        thread.start()
    }

    deinit { loop.stop(whenStopped: nil) }

    public func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        try checkScheme(of: request.url)
        let ticket = Ticket()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.submit(Submission(request: request, ticket: ticket, continuation: continuation))
            }
        } onCancel: {
            loop.cancel(ticket)
        }
        return try outcome.get()
    }

    /// Ends the thread and the connections; pending and later requests fail with ``OutboundError/cancelled``.
    public func shutDown() async {
        await withCheckedContinuation { continuation in
            loop.stop(whenStopped: continuation)
        }
    }

    private func checkScheme(of url: String) throws(OutboundError) {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard scheme == "https" || (scheme == "http" && configuration.allowsPlainHTTP) else {
            throw OutboundError.addressNotAllowed("only https is used here, not \"\(scheme.prefix(16))\"")
        }
        // NUL would end the C string early, so that another address is used than the one that was checked.
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw OutboundError.addressNotAllowed("it contains blanks, control characters or unencoded letters")
        }
    }
}
