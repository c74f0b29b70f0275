import Foundation
import Testing

@testable import OutboundHTTP

@Suite("RFC 2782 SRV and TXT records")
struct NameServerTests {
    /// An answer to `question` with records of (type, data), each with a name that points back to the question's.
    private static func answer(_ question: [UInt8], _ records: [(UInt8, [UInt8])], code: UInt8 = 0) -> [UInt8] {
        var octets = question
        octets[2] = 0x81
        octets[3] = 0x80 | code
        octets[7] = UInt8(records.count)
        for (type, data) in records {
            octets += [0xC0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)] + data
        }
        return octets
    }

    private static let host: [UInt8] =
        [3] + Array("cal".utf8) + [7] + Array("example".utf8) + [3] + Array("org".utf8) + [0]

    @Test func `the server to be tried first comes first`() async throws {
        let server = try DatagramServer { question in
            Self.answer(
                question,
                [
                    (33, [0, 20, 0, 5, 0x1F, 0x48] + Self.host), (5, Self.host),
                    (33, [0, 10, 0, 0, 1, 0xBB] + Self.host),
                ]
            )
        }
        let asked = NameServer(address: "127.0.0.1", port: server.port)
        let services = try await asked.services(of: "_caldavs._tcp.example.org")
        #expect(services.map(\.port) == [443, 8008])
        #expect(services.first?.target == "cal.example.org")
    }

    @Test func `a text in pieces is one text`() async throws {
        let server = try DatagramServer { question in
            Self.answer(question, [(16, [5] + Array("path=".utf8) + [5] + Array("/dav/".utf8))])
        }
        let asked = NameServer(address: "127.0.0.1", port: server.port)
        #expect(try await asked.texts(of: "_caldavs._tcp.example.org") == ["path=/dav/"])
    }

    @Test func `a name that is not there has no records, which is no failure`() async throws {
        let server = try DatagramServer { Self.answer($0, [], code: 3) }
        let asked = NameServer(address: "127.0.0.1", port: server.port)
        #expect(try await asked.services(of: "_caldavs._tcp.example.org").isEmpty)
    }

    @Test func `silence and nonsense are failures`() async throws {
        for reply in [nil, [], [1, 2, 3], Array(repeating: 0xC0, count: 40)] as [[UInt8]?] {
            let server = try DatagramServer { _ in reply }
            let asked = NameServer(address: "127.0.0.1", port: server.port, timeout: .milliseconds(200))
            await #expect(throws: NameServer.Failure.self) { try await asked.services(of: "a.example") }
        }
    }

    @Test(arguments: ["", ".", String(repeating: "x", count: 64), "a b", String(repeating: "abc.", count: 64)])
    func `what is no name is not asked for`(_ name: String) {
        #expect(NameMessage.question(name, .service, id: 1) == nil)
    }

    @Test func `no cut and no changed octet of an answer does harm`() throws {
        let question = try #require(NameMessage.question("_caldavs._tcp.example.org", .service, id: 7))
        let whole = Self.answer(question, [(33, [0, 20, 0, 5, 0x1F, 0x48] + Self.host)])
        for length in whole.indices { _ = NameMessage.records(Array(whole[..<length]), answering: question, .service) }
        for place in whole.indices {
            for value in [0, 0x3F, 0xC0, 0xFF] as [UInt8] {
                var changed = whole
                changed[place] = value
                _ = NameMessage.records(changed, answering: question, .service)
            }
        }
        #expect(NameMessage.records(whole, answering: question, .service)?.count == 1)
    }
}

/// Answers datagrams on the loopback address; ends with its last reference.
private final class DatagramServer: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init(_ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
        Thread {
            var buffer = [UInt8](repeating: 0, count: 1024)
            var sender = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            while true {
                let count = withUnsafeMutablePointer(to: &sender) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(descriptor, &buffer, buffer.count, 0, $0, &size)
                    }
                }
                guard count > 0 else { break }
                guard let reply = answer(Array(buffer[..<count])) else { continue }
                _ = withUnsafePointer(to: &sender) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(descriptor, reply, reply.count, 0, $0, size)
                    }
                }
            }
            close(descriptor)
        }.start()
    }

    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
