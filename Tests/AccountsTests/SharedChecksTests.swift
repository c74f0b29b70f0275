import Synchronization
import Testing

@testable import Accounts

private final class Tally: Sendable {
    let count = Mutex(0)
}

@Suite("Checks of credentials that are under way")
struct SharedChecksTests {
    private let key = SharedChecks.Key(pair: [1], generation: 0)

    @Test(.timeLimit(.minutes(15)))
    func `who presents the same credentials meanwhile gets the same outcome, of one check`() async throws {
        let shared = SharedChecks()
        let checks = Tally()
        let outcomes = try await withThrowingTaskGroup(of: Authenticator.BasicOutcome.self) { group in
            for _ in 0..<8 {
                group.addTask { [key] in
                    try await shared.outcome(of: key) {
                        checks.count.withLock { $0 += 1 }
                        while shared.callers(of: key) < 8 { await Task.yield() }
                        return .throttled(retryAfter: 7)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes == Array(repeating: .throttled(retryAfter: 7), count: 8))
        #expect(checks.count.withLock { $0 } == 1)
    }

    @Test func `other credentials, a later time and a changed password are checked anew`() async throws {
        let shared = SharedChecks()
        let first = try await shared.outcome(of: key) {
            let other = try await shared.outcome(of: SharedChecks.Key(pair: [2], generation: 0)) { .refused }
            let changed = try await shared.outcome(of: SharedChecks.Key(pair: [1], generation: 1)) { .refused }
            return other == .refused && changed == .refused ? .throttled(retryAfter: 1) : .refused
        }
        #expect(first == .throttled(retryAfter: 1))
        #expect(try await shared.outcome(of: key) { .throttled(retryAfter: 2) } == .throttled(retryAfter: 2))
    }

    @Test func `a check that fails is no outcome for the next`() async throws {
        let shared = SharedChecks()
        await #expect(throws: PasswordHasherOverloaded.self) {
            try await shared.outcome(of: key) { throw PasswordHasherOverloaded() }
        }
        let next = try await shared.outcome(of: key) { .refused }
        #expect(next == .refused)
    }
}
