import Accounts
import Store
import Synchronization
import Testing

@testable import Sync
@testable import Web

@Suite("REST: the stream")
struct StreamTests {
    @Test func `what happens is told as it happens, and only to whom it concerns`() async throws {
        try await TestGateway.run { test in
            let begun = Counter()
            let alice = try await test.gateway.accounts.user(named: "alice")
            let bob = try await test.gateway.accounts.user(named: "bob")
            async let first = listen(test, "alice", until: "for alice", begun)
            async let second = listen(test, "bob", until: "for bob, too", begun)
            try await eventually("both listen") { begun.value == 2 }
            for (principal, sentence) in [(bob, "for bob"), (alice, "for alice"), (bob, "for bob, too")] {
                let link = LinkID(rawValue: 1)
                let problem = LinkProblem(code: "x", message: sentence, remedy: "Look.")
                await test.gateway.scheduler.emit(
                    SyncUpdate(principal: principal.id, link: link, kind: .toast(problem))
                )
            }
            let (hers, his) = try await (first, second)
            #expect(hers.contains("text/event-stream"))
            let told = "{\"link\":1,\"message\":\"for alice\",\"remedy\":\"Look.\"}"
            #expect(hers.contains("event: toast\ndata: \(told)\n\n"))
            #expect(!hers.contains("for bob"))
            #expect(!his.contains("for alice"))
        }
    }

    @Test func `a user has few streams, and gets one back when another ends`() async throws {
        try await TestGateway.run(configure: { $0.heartbeat = .milliseconds(50) }) { test in
            var open: [RawConnection] = []
            for number in 1...StreamSeats.perUser {
                let connection = try RawConnection(port: test.port)
                _ = try await connection.exchange(request(test, "alice")) { $0.contains("welcome") }
                open.append(connection)
                #expect(open.count == number)
            }
            #expect(try await test.call("GET", "/stream").status == 429)
            #expect(try await test.send("HEAD", "/api/v1/stream", as: "bob").status == 200)
            open = []
            try await eventually("a seat is free again") {
                let talk = try await RawConnection(port: test.port).exchange(request(test, "alice")) { !$0.isEmpty }
                return String(decoding: talk.received, as: UTF8.self).hasPrefix("HTTP/1.1 200")
            }
        }
    }

    private func request(_ test: TestGateway, _ user: String) -> [UInt8] {
        Array(
            "GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: \(test.basic(user))\r\n\r\n".utf8
        )
    }

    private func listen(
        _ test: TestGateway,
        _ user: String,
        until end: String,
        _ begun: Counter
    ) async throws -> String {
        let isFirst = Counter()
        let talk = try await RawConnection(port: test.port).exchange(request(test, user)) { octets in
            if octets.contains("welcome"), isFirst.value == 0 {
                isFirst.add()
                begun.add()
            }
            return octets.contains(end)
        }
        return String(decoding: talk.received, as: UTF8.self)
    }
}

/// Counts across tasks.
private final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    func add() { number.withLock { $0 += 1 } }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool { firstRange(of: Array(text.utf8)) != nil }
}
