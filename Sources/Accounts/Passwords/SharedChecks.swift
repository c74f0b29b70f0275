import Synchronization

/// Checks of credentials that are under way.
///
/// A client opens several connections at once, each of which presents the same password: it is hashed once for all.
final class SharedChecks: Sendable {
    /// A pair, and what was known of passwords when its check began.
    struct Key: Sendable, Hashable {
        var pair: VerifiedCredentials.Key
        /// See ``VerifiedCredentials/generation``: who comes after a change is not told what held before it.
        var generation: Int
    }

    private struct Check {
        var task: Task<Authenticator.BasicOutcome, any Error>
        var callers: Int
    }

    private let checks = Mutex<[Key: Check]>([:])

    /// What the check under way finds, or else one that is begun with `check`.
    func outcome(
        of key: Key,
        _ check: @escaping @Sendable () async throws -> Authenticator.BasicOutcome
    ) async throws -> Authenticator.BasicOutcome {
        let task = checks.withLock { checks in
            if let running = checks[key] {
                checks[key]?.callers += 1
                return running.task
            }
            let task = Task {
                defer { self.checks.withLock { $0[key] = nil } }
                return try await check()
            }
            checks[key] = Check(task: task, callers: 1)
            return task
        }
        return try await task.value
    }

    /// How many wait for a check; for tests.
    func callers(of key: Key) -> Int { checks.withLock { $0[key]?.callers ?? 0 } }
}
