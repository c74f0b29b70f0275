import HTTPTypes
import OutboundHTTP
import Testing

@Suite("CurlTransport: answers")
struct CurlTransportAnswerTests {
    private let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))

    @Test
    func `status, fields in order and content arrive as sent`() async throws {
        let server = try RawServer { _ in
            [
                .write("HTTP/1.1 404 Not Found\r\nSet-Cookie: a=1\r\nset-cookie:b=2 \r\nContent-Length: 4\r\n\r\ngone"),
                .next,
            ]
        }
        defer { server.stop() }
        let reply = try await transport.send(OutboundRequest(url: server.url("/x?y=1")))
        #expect(reply.status == 404)
        #expect(reply.headers[values: .setCookie] == ["a=1", "b=2"])
        #expect(reply.body == [UInt8]("gone".utf8))
        #expect(server.requests.first?.hasPrefix("GET /x?y=1 HTTP/1.1\r\n") == true)
    }

    @Test
    func `a chunked answer is put together`() async throws {
        let server = try RawServer { _ in
            [.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), .next]
        }
        defer { server.stop() }
        let reply = try await transport.send(OutboundRequest(url: server.url()))
        #expect(reply.body == [UInt8]("abcde".utf8))
    }

    @Test
    func `a compressed answer is decompressed`() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(Self.gzippedHello.count)\r\n\r\n"
        let server = try RawServer { _ in [.write(head), .write(Self.gzippedHello), .next] }
        defer { server.stop() }
        let reply = try await transport.send(OutboundRequest(url: server.url()))
        #expect(reply.body == [UInt8]("hello".utf8))
        #expect(server.requests.first?.lowercased().contains("accept-encoding: ") == true)
    }

    @Test
    func `fields of an interim answer are not those of the final one`() async throws {
        let server = try RawServer { _ in
            [
                .write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                .next,
            ]
        }
        defer { server.stop() }
        let reply = try await transport.send(OutboundRequest(url: server.url()))
        #expect(reply.status == 200)
        #expect(reply.headers[try #require(HTTPField.Name("Link"))] == nil)
    }

    @Test
    func `a redirect is an answer and is not followed`() async throws {
        let server = try RawServer { _ in
            [.write("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), .next]
        }
        defer { server.stop() }
        let reply = try await transport.send(OutboundRequest(url: server.url()))
        #expect(reply.status == 302)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: ["PROPFIND", "REPORT", "PATCH", "PUT", "POST", "DELETE"])
    func `any method carries its content and only the fields given`(_ method: String) async throws {
        let server = try RawServer { _ in RawServer.Step.answer("204 No Content") }
        defer { server.stop() }
        let request = OutboundRequest(
            method: try #require(HTTPRequest.Method(method)),
            url: server.url("/cal/"),
            headers: [.authorization: "Bearer t", .ifMatch: "\"1\""],
            body: [UInt8]("<a/>\0b".utf8)
        )
        #expect(try await transport.send(request).status == 204)
        let received = try #require(server.requests.first)
        #expect(received.hasPrefix("\(method) /cal/ HTTP/1.1\r\n"))
        #expect(received.contains("\r\nAuthorization: Bearer t\r\n"))
        #expect(received.hasSuffix("\r\n\r\n<a/>\0b"))
        #expect(!received.lowercased().contains("content-type:"))
        #expect(!received.lowercased().contains("expect:"))
    }

    @Test
    func `an empty POST says so, an empty DELETE has no content`() async throws {
        let server = try RawServer { _ in RawServer.Step.answer() }
        defer { server.stop() }
        _ = try await transport.send(OutboundRequest(method: .post, url: server.url()))
        _ = try await transport.send(OutboundRequest(method: .delete, url: server.url()))
        #expect(server.requests[0].contains("\r\nContent-Length: 0\r\n"))
        #expect(!server.requests[1].lowercased().contains("content-length"))
    }

    @Test
    func `HEAD needs no content`() async throws {
        let server = try RawServer { _ in [.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), .next] }
        defer { server.stop() }
        let reply = try await transport.send(OutboundRequest(method: .head, url: server.url()))
        #expect(reply.status == 200)
        #expect(reply.body.isEmpty)
    }

    @Test
    func `a hundred requests at once each get their own answer`() async throws {
        let server = try RawServer { request in
            RawServer.Step.answer("200 OK", String(request.split(separator: " ")[1]))
        }
        defer { server.stop() }
        let transport = transport
        let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let reply = try await transport.send(OutboundRequest(url: server.url("/\(number)")))
                    return reply.body == [UInt8]("/\(number)".utf8)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: true, count: 100))
    }

    /// `hello`, as gzip -n writes it.
    private static let gzippedHello: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x86,
        0xA6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00,
    ]
}
