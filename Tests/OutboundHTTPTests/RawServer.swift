import Foundation
import Synchronization

/// A server of a few lines on the loopback address, that answers with exactly the octets a test gives it.
///
/// One thread accepts, one thread serves each connection; both end with ``stop()``.
final class RawServer: Sendable {
    /// What is done with a connection once its request has arrived.
    enum Step: Sendable {
        /// Writes these octets.
        case write([UInt8])
        /// Waits until the client hangs up.
        case waitForHangUp
        /// Resets the connection instead of ending it in order.
        case reset
        /// Serves the next request on the same connection.
        case next
    }

    let port: UInt16
    private let listener: Int32
    private let received = Mutex([String]())

    /// Starts listening on a free port; `answer` is asked for each request.
    ///
    /// A `greeting` is sent before any request, and ends the connection.
    init(greeting: String? = nil, answer: @escaping @Sendable (_ request: String) -> [Step] = { _ in [] }) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 256) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread { [self] in accept(greeting, answer) }.start()
    }

    /// An address at this server.
    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// The requests as they arrived.
    var requests: [String] { received.withLock { $0 } }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func accept(_ greeting: String?, _ answer: @escaping @Sendable (String) -> [Step]) {
        while true {
            let connection = Foundation.accept(listener, nil, nil)
            guard connection >= 0 else { break }
            Thread { [self] in
                if let greeting {
                    _ = perform([.write(greeting)], on: connection)
                    close(connection)
                } else {
                    serve(connection, answer)
                }
            }.start()
        }
        close(listener)
    }

    private func serve(_ connection: Int32, _ answer: (String) -> [Step]) {
        defer { close(connection) }
        while let request = readRequest(connection) {
            received.withLock { $0.append(request) }
            guard perform(answer(request), on: connection) else { return }
        }
    }

    /// Carries out the steps; true when the connection goes on to its next request.
    private func perform(_ steps: [Step], on connection: Int32) -> Bool {
        for step in steps {
            switch step {
            case .write(let octets): send(octets, connection)
            case .waitForHangUp:
                var octet: UInt8 = 0
                while recv(connection, &octet, 1, 0) > 0 {}
            case .reset:
                var option = linger(l_onoff: 1, l_linger: 0)
                setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
                return false
            case .next: return true
            }
        }
        return false
    }

    private func send(_ octets: [UInt8], _ connection: Int32) {
        var sent = 0
        while sent < octets.count {
            let count = octets[sent...].withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Reads a head and the content its `Content-Length` announces.
    private func readRequest(_ connection: Int32) -> String? {
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: octets, as: UTF8.self)
            if let head = text.range(of: "\r\n\r\n") {
                let announced = text[..<head.lowerBound].lowercased().components(separatedBy: "content-length: ")
                let length = announced.count > 1 ? Int(announced[1].prefix { $0.isNumber }) ?? 0 : 0
                if text[head.upperBound...].utf8.count >= length { return text }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            octets += buffer[..<count]
        }
    }
}

extension RawServer.Step {
    /// Writes a text.
    static func write(_ text: String) -> RawServer.Step { .write([UInt8](text.utf8)) }

    /// A whole small answer after which the connection goes on.
    static func answer(_ status: String = "200 OK", _ body: String = "") -> [RawServer.Step] {
        [.write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"), .next]
    }
}
