import Foundation
import Synchronization

/// Hashes and checks passwords with scrypt, a bounded number at a time, on threads of its own.
public final class PasswordHasher: Sendable {
    /// What a check found.
    enum Verdict: Sendable, Hashable {
        case wrong
        case right
        /// Right, but hashed at another cost than today's: hash again while the password is at hand.
        case rightButOutdated
    }

    /// Each takes a core and 32 MiB; the rest of the machine belongs to the calendars.
    private static let concurrentHashes = 2

    /// More waiting than this is an attack: refusing at once is better than an answer in a minute.
    private static let maximumWaiting = 64

    private let cost: PasswordHash.Cost
    private let queue: OperationQueue
    private let waiting = Mutex(0)

    /// What the passwords of unknown users are checked against, so that they take as long as known ones.
    private let decoy: PasswordHash

    /// Makes a hasher at the cost this version recommends.
    public convenience init() { self.init(cost: .current) }

    /// Makes a hasher; tests take a cheap cost.
    init(cost: PasswordHash.Cost) {
        self.cost = cost
        decoy = PasswordHash(decoyAt: cost)
        queue = OperationQueue()
        queue.name = "kalends-scrypt"
        queue.maxConcurrentOperationCount = Self.concurrentHashes
    }

    /// The hash to be stored for a password.
    func hash(_ password: String) async throws -> String {
        let cost = cost
        return try await onOwnThread { try PasswordHash(of: password, cost: cost).encoded }
    }

    /// Checks a password against the stored hash; without one it takes as long and finds it wrong.
    func verify(_ password: String, against encoded: String?) async throws -> Verdict {
        let stored = encoded.flatMap(PasswordHash.init(encoded:))
        let (decoy, cost) = (decoy, cost)
        return try await onOwnThread {
            guard try (stored ?? decoy).matches(password), let stored else { return .wrong }
            return stored.cost == cost ? .right : .rightButOutdated
        }
    }

    private func onOwnThread<Answer: Sendable>(_ work: @escaping @Sendable () throws -> Answer) async throws -> Answer {
        let isAdmitted = waiting.withLock { waiting in
            guard waiting < Self.maximumWaiting else { return false }
            waiting += 1
            return true
        }
        guard isAdmitted else { throw PasswordHasherOverloaded() }
        defer { waiting.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.addOperation { continuation.resume(with: Result(catching: work)) }
        }
    }
}

/// Too many passwords wait to be checked; the client may try again.
public struct PasswordHasherOverloaded: Error, Sendable, CustomStringConvertible {
    /// One sentence for a person.
    public var description: String { "Too many passwords are being checked at this moment; try again shortly." }
}
