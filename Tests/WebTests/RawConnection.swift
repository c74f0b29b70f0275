import Dispatch
import Glibc

/// A bare connection to a server on this machine: whatever octets a client might send, and all that comes back.
final class RawConnection: Sendable {
    /// A connection that could not be made, or a server that fell silent.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// What went over the wire in one talk.
    struct Talk: Sendable {
        var sent = 0
        var received: [UInt8] = []
    }

    /// Longer than any answer takes beside a thousand other tests on one busy core; who is silent longer fails the test.
    private static let patience: Int32 = 120_000

    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        let outcome = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard outcome == 0 else { throw Failure(description: "no connection to port \(port): error \(errno)") }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Sends octets while reading what comes, until that is enough or the server closes.
    func exchange(
        _ octets: [UInt8],
        until isEnough: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }
    ) async throws -> Talk {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try self.talk(octets, isEnough) }) }
        }
    }

    private func talk(_ octets: [UInt8], _ isEnough: ([UInt8]) -> Bool) throws -> Talk {
        var talk = Talk()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isEnough(talk.received) {
            let wants = talk.sent < octets.count ? POLLIN | POLLOUT : POLLIN
            var state = pollfd(fd: descriptor, events: Int16(wants), revents: 0)
            guard poll(&state, 1, Self.patience) > 0 else { throw Failure(description: "the server fell silent") }
            if state.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count == 0 || (count < 0 && errno != EAGAIN) { return talk }
                if count > 0 { talk.received += buffer.prefix(count) }
            } else {
                let rest = octets[talk.sent...]
                let count = rest.withUnsafeBytes {
                    send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count > 0 { talk.sent += count }
            }
        }
        return talk
    }
}

/// An answer, as it stood on the wire.
struct WireReply: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }

    /// Every final answer in what a connection brought, in order.
    static func all(in octets: [UInt8], areBodiless: Bool = false) -> [WireReply] {
        var replies: [WireReply] = []
        var rest = octets[...]
        while let reply = next(&rest, areBodiless) {
            if reply.status >= 200 { replies.append(reply) }
        }
        return replies
    }

    private static func next(_ octets: inout ArraySlice<UInt8>, _ isBodiless: Bool) -> WireReply? {
        guard let end = octets.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = octets[..<end.lowerBound].split(separator: UInt8(ascii: "\n")).map { line in
            String(decoding: line.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        }
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1"), let status = Int(words[1]) else { return nil }
        let headers = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
        var reply = WireReply(status: status, headers: headers, body: [])
        octets = octets[end.upperBound...]
        if isBodiless || status < 200 || status == 204 || status == 304 { return reply }
        if reply["Transfer-Encoding"] == "chunked" {
            reply.body = unchunked(&octets)
        } else {
            let length = reply["Content-Length"].flatMap { Int($0) } ?? 0
            reply.body = Array(octets.prefix(length))
            octets = octets.dropFirst(length)
        }
        return reply
    }

    private static func unchunked(_ octets: inout ArraySlice<UInt8>) -> [UInt8] {
        var body: [UInt8] = []
        while let end = octets.firstRange(of: [0x0D, 0x0A]) {
            let size = Int(String(decoding: octets[..<end.lowerBound], as: UTF8.self), radix: 16) ?? 0
            octets = octets[end.upperBound...]
            body += octets.prefix(size)
            octets = octets.dropFirst(size + 2)
            if size == 0 { break }
        }
        return body
    }
}
