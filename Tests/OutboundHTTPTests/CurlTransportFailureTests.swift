import HTTPTypes
import OutboundHTTP
import Synchronization
import Testing

@Suite("CurlTransport: failures")
struct CurlTransportFailureTests {
    private let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))

    @Test
    func `a server that does not answer in time is timedOut`() async throws {
        let server = try RawServer { _ in [.waitForHangUp] }
        defer { server.stop() }
        await #expect(throws: OutboundError.timedOut) {
            try await transport.send(OutboundRequest(url: server.url(), timeout: .milliseconds(50)))
        }
    }

    @Test(arguments: [
        "Content-Length: 100\r\n\r\nonly this",
        "Transfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        "Transfer-Encoding: chunked\r\n\r\n99\r\nonly this",
    ])
    func `content that ends early is truncated, not an answer`(_ rest: String) async throws {
        let server = try RawServer { _ in [.write("HTTP/1.1 200 OK\r\n" + rest)] }
        defer { server.stop() }
        await #expect(throws: OutboundError.truncated) {
            try await transport.send(OutboundRequest(url: server.url()))
        }
    }

    @Test
    func `a connection that is reset within the content is truncated`() async throws {
        let server = try RawServer { _ in [.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly"), .reset] }
        defer { server.stop() }
        await #expect(throws: OutboundError.truncated) {
            try await transport.send(OutboundRequest(url: server.url()))
        }
    }

    @Test
    func `a connection that ends without an answer is unreachable`() async throws {
        let server = try RawServer { _ in [] }
        defer { server.stop() }
        let error = await #expect(throws: OutboundError.self) {
            try await transport.send(OutboundRequest(url: server.url()))
        }
        #expect(error?.isUnreachable == true)
    }

    @Test(arguments: ["POST", "PATCH", "GET", "DELETE"])
    func `on a kept connection that ends without an answer, only what may be repeated is sent again`(
        _ method: String
    ) async throws {
        let server = try RawServer { request in request.contains("/broken") ? [] : RawServer.Step.answer() }
        defer { server.stop() }
        _ = try await transport.send(OutboundRequest(url: server.url()))
        let request = OutboundRequest(method: try #require(.init(method)), url: server.url("/broken"))
        let error = await #expect(throws: OutboundError.self) { try await transport.send(request) }
        #expect(error?.isUnreachable == true)
        #expect(server.requests.count { $0.contains("/broken") } == (["POST", "PATCH"].contains(method) ? 1 : 2))
    }

    @Test
    func `content beyond the limit is tooLarge, up to the limit it is taken`() async throws {
        let server = try RawServer { _ in RawServer.Step.answer("200 OK", String(repeating: "x", count: 1000)) }
        defer { server.stop() }
        let reply = try await transport.send(OutboundRequest(url: server.url(), maximumReplyOctets: 1000))
        #expect(reply.body.count == 1000)
        await #expect(throws: OutboundError.tooLarge(limit: 999)) {
            try await transport.send(OutboundRequest(url: server.url(), maximumReplyOctets: 999))
        }
    }

    @Test
    func `a refused connection is unreachable`() async throws {
        let server = try RawServer { _ in [] }
        let url = server.url()
        server.stop()
        let error = await #expect(throws: OutboundError.self) {
            try await transport.send(OutboundRequest(url: url))
        }
        #expect(error?.isUnreachable == true)
    }

    @Test(arguments: [
        "file:///etc/hostname", "ftp://127.0.0.1/", "127.0.0.1", "", "http://a b/", "http://127.0.0.1/\u{7F}",
    ])
    func `other schemes and malformed addresses are not allowed`(_ url: String) async throws {
        let error = await #expect(throws: OutboundError.self) {
            try await transport.send(OutboundRequest(url: url))
        }
        #expect(error?.isAddressNotAllowed == true)
    }

    @Test
    func `plain http is refused unless it was allowed`() async throws {
        let error = await #expect(throws: OutboundError.self) {
            try await CurlTransport().send(OutboundRequest(url: "http://127.0.0.1:1/"))
        }
        #expect(error?.isAddressNotAllowed == true)
    }

    @Test
    func `a server without TLS is no secure connection`() async throws {
        let server = try RawServer(greeting: "HTTP/1.1 400 Bad Request\r\n\r\n")
        defer { server.stop() }
        let error = await #expect(throws: OutboundError.self) {
            try await CurlTransport().send(OutboundRequest(url: "https://127.0.0.1:\(server.port)/"))
        }
        #expect(error?.isTLS == true)
    }
}

@Suite("CurlTransport: cancellation and end")
struct CurlTransportCancellationTests {
    private let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))

    @Test
    func `a request under way ends when its task is cancelled`() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let server = try RawServer { _ in
            arrived.yield()
            return [.waitForHangUp]
        }
        defer { server.stop() }
        let transport = transport
        let task = Task { try await transport.send(OutboundRequest(url: server.url())) }
        for await _ in arrivals { break }
        task.cancel()
        await #expect(throws: OutboundError.cancelled) { try await task.value }
    }

    @Test
    func `a request whose task was cancelled before it began is never sent`() async throws {
        let server = try RawServer { _ in RawServer.Step.answer() }
        defer { server.stop() }
        let transport = transport
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await transport.send(OutboundRequest(url: server.url()))
        }
        await #expect(throws: OutboundError.cancelled) { try await task.value }
        _ = try await transport.send(OutboundRequest(url: server.url("/second")))
        #expect(server.requests.count == 1)
    }

    @Test
    func `shutting down cancels what is pending and what comes later`() async throws {
        let (arrivals, arrived) = AsyncStream<Void>.makeStream()
        let server = try RawServer { _ in
            arrived.yield()
            return [.waitForHangUp]
        }
        defer { server.stop() }
        let transport = transport
        let task = Task { try await transport.send(OutboundRequest(url: server.url())) }
        for await _ in arrivals { break }
        await transport.shutDown()
        await #expect(throws: OutboundError.cancelled) { try await task.value }
        await #expect(throws: OutboundError.cancelled) { try await transport.send(OutboundRequest(url: server.url())) }
        await transport.shutDown()
    }
}

extension OutboundError {
    fileprivate var isUnreachable: Bool { if case .unreachable = self { true } else { false } }
    fileprivate var isAddressNotAllowed: Bool { if case .addressNotAllowed = self { true } else { false } }
    fileprivate var isTLS: Bool { if case .tls = self { true } else { false } }
}
