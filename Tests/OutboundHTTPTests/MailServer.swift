import Foundation
import Synchronization

/// As much of an SMTP server as handing a mail in takes, on the loopback address.
final class MailServer: Sendable {
    private struct Seen {
        var lines: [String] = []
        var messages: [String] = []
    }

    let port: UInt16
    private let listener: Int32
    private let seen = Mutex(Seen())

    /// The commands as they came.
    var lines: [String] { seen.withLock { $0.lines } }

    /// The mails as they were handed in.
    var messages: [String] { seen.withLock { $0.messages } }

    /// Starts listening; a command that begins with `refusing` is answered 550.
    init(offers extensions: String? = nil, refusing refused: String? = nil) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread { [self] in
            while case let connection = Foundation.accept(listener, nil, nil), connection >= 0 {
                serve(connection, extensions, refused)
            }
            close(listener)
        }.start()
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve(_ connection: Int32, _ extensions: String?, _ refused: String?) {
        defer { close(connection) }
        guard let stream = fdopen(dup(connection), "r") else { return }
        defer { fclose(stream) }
        func say(_ line: String) {
            _ = Foundation.send(connection, line + "\r\n", line.utf8.count + 2, Int32(MSG_NOSIGNAL))
        }
        say("220 here")
        var text: String?
        var buffer = [CChar](repeating: 0, count: 4096)
        while fgets(&buffer, Int32(buffer.count), stream) != nil {
            let line = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if let written = text {
                text = line == ".\r\n" ? nil : written + line
                guard text == nil else { continue }
                seen.withLock { $0.messages.append(written) }
                say("250 taken")
                continue
            }
            let command = line.trimmingCharacters(in: .newlines)
            seen.withLock { $0.lines.append(command) }
            if let refused, command.hasPrefix(refused) {
                say("550 not here")
            } else if command.hasPrefix("EHLO") {
                if let extensions { say("250-here\r\n250 \(extensions)") } else { say("250 here") }
            } else if command == "DATA" {
                text = ""
                say("354 go on")
            } else if command == "AUTH PLAIN" {
                say("334 ")
            } else if command == "QUIT" {
                return say("221 bye")
            } else {
                say(seen.withLock { $0.lines.suffix(2).first } == "AUTH PLAIN" ? "235 welcome" : "250 ok")
            }
        }
    }
}
