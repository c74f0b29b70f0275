import ICalendar
import Synchronization

/// Counts wrong passwords by name, and refuses further guesses for a while.
///
/// Only guesses count: a request without credentials (KDE sends one before every other) never comes here, and the same
/// wrong password again is known already. App passwords and pairs that were right a moment ago work meanwhile.
final class FailureThrottle: Sendable {
    /// More different wrong passwords in one window than anybody types.
    static let maximumFailures = 20

    /// How many seconds failures are counted together.
    static let window: Int64 = 60

    /// Names counted one by one; an attacker who invents more shares one counter for the rest.
    private static let maximumNames = 1024

    private struct Count {
        var failures: Int
        var since: Instant
    }

    private let counts = Mutex([String: Count]())

    /// How many seconds to wait before `name` may be tried again; nil for now.
    func waitingTime(of name: String, at now: Instant) -> Int64? {
        counts.withLock { counts in
            guard let count = counts[Self.key(name, counts)], count.failures >= Self.maximumFailures else { return nil }
            let remaining = count.since.advanced(by: Self.window) - now
            return remaining > 0 ? remaining : nil
        }
    }

    func countFailure(of name: String, at now: Instant) {
        counts.withLock { counts in
            if counts.count >= Self.maximumNames {
                counts = counts.filter { $0.value.since.advanced(by: Self.window) > now }
            }
            let key = Self.key(name, counts)
            if let count = counts[key], count.since.advanced(by: Self.window) > now {
                counts[key]?.failures += 1
            } else {
                counts[key] = Count(failures: 1, since: now)
            }
        }
    }

    private static func key(_ name: String, _ counts: [String: Count]) -> String {
        counts[name] != nil || counts.count < maximumNames ? name : ""
    }
}
