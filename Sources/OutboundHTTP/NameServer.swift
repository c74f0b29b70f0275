import Dispatch
import Foundation

/// A server behind a service name (RFC 2782).
public struct ServiceRecord: Sendable, Hashable {
    public var target: String
    public var port: Int
    public var priority: Int
    public var weight: Int
}

/// Asks a name server for what `getaddrinfo` does not: SRV and TXT records (RFC 1035, RFC 2782).
public struct NameServer: Sendable {
    /// Why there is no answer; one sentence.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        public var description: String
    }

    private let address: String
    private let port: UInt16
    private let timeout: Duration

    /// Names a server by its numeric IPv4 or IPv6 address.
    public init(address: String, port: UInt16 = 53, timeout: Duration = .seconds(3)) {
        self.address = address
        self.port = port
        self.timeout = timeout
    }

    /// The first server that the machine itself asks; nil where it names none.
    public static func ofThisMachine(configuration: String = "/etc/resolv.conf") -> NameServer? {
        guard let text = try? String(contentsOfFile: configuration, encoding: .utf8) else { return nil }
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if words.count >= 2, words[0] == "nameserver" { return NameServer(address: String(words[1])) }
        }
        return nil
    }

    /// The servers of a service, those to be tried first in front; none where the name has no such record.
    public func services(of name: String) async throws(Failure) -> [ServiceRecord] {
        let records = try await ask(name, .service)
        return records.compactMap { record in
            guard case .service(let service) = record else { return nil }
            return service
        }
        .sorted { ($0.priority, -$0.weight) < ($1.priority, -$1.weight) }
    }

    /// The texts of a name.
    public func texts(of name: String) async throws(Failure) -> [String] {
        try await ask(name, .text).compactMap { record in
            guard case .text(let text) = record else { return nil }
            return text
        }
    }

    private func ask(_ name: String, _ kind: NameMessage.Kind) async throws(Failure) -> [NameMessage.Record] {
        guard let question = NameMessage.question(name, kind, id: UInt16.random(in: 0...UInt16.max)) else {
            throw Failure(description: "\(name) cannot be asked for")
        }
        let server = self
        // The socket blocks; it gets a thread that may.
        let outcome = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<[UInt8], Failure>, Never>) in
            DispatchQueue.global().async { continuation.resume(returning: server.exchange(question)) }
        }
        guard let records = NameMessage.records(try outcome.get(), answering: question, kind) else {
            throw Failure(description: "the name server \(address) gave no answer that can be read")
        }
        return records
    }

    /// Sends one datagram and waits for the one that answers it.
    private func exchange(_ question: [UInt8]) -> Result<[UInt8], Failure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, String(port), &hints, &found) == 0, let target = found?.pointee else {
            return .failure(Failure(description: "\(address) is no address of a name server"))
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(target.ai_family, target.ai_socktype, target.ai_protocol)
        guard descriptor >= 0 else { return .failure(Failure(description: "there is no socket to be had")) }
        defer { close(descriptor) }
        let (seconds, attoseconds) = timeout.components
        var patience = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let silence = Failure(description: "the name server \(address) does not answer")
        // Connected: datagrams from elsewhere are not taken.
        guard connect(descriptor, target.ai_addr, target.ai_addrlen) == 0,
            send(descriptor, question, question.count, 0) == question.count
        else { return .failure(silence) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? .success(Array(buffer[..<count])) : .failure(silence)
    }
}
