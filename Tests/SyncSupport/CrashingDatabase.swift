package import SQL
import Synchronization

/// The process died.
package struct Crash: Error {
    package init() {}
}

/// What is left of a process's life: so many calls of the database and of the upstream, then nothing is done any more.
package final class Life: Sendable {
    private let remaining: Mutex<Int>

    private let total: Int

    package init(calls: Int) {
        total = calls
        remaining = Mutex(calls)
    }

    /// The calls so far.
    package var spent: Int { total - remaining.withLock { $0 } }

    package var isOver: Bool { remaining.withLock { $0 < 0 } }

    /// Ends it at once.
    package func end() { remaining.withLock { $0 = -1 } }

    /// Counts one call; false once the process is dead.
    package func spend() -> Bool {
        remaining.withLock { calls in
            calls -= 1
            return calls >= 0
        }
    }
}

/// A database whose process dies: each write may be the last one, done or not.
package struct CrashingDatabase: SQLDatabase {
    private let real: any SQLDatabase
    private let life: Life

    /// Takes a real database for as long as `life` lasts.
    package init(real: any SQLDatabase, life: Life) {
        self.real = real
        self.life = life
    }

    package func read<T: Sendable>(
        _ size: SQLReadSize,
        _ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T
    ) async throws -> T {
        guard !life.isOver else { throw Crash() }
        return try await real.read(size, body)
    }

    package func write<T: Sendable>(_ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T) async throws
        -> T
    {
        guard life.spend() else { throw Crash() }
        let result = try await real.write(body)
        // Durable, but nobody heard of it.
        guard life.spend() else { throw Crash() }
        return result
    }
}

/// Counts calls.
package final class Counter: Sendable {
    private let count = Mutex(0)

    package init() {}

    package func next() -> Int {
        count.withLock { count in
            count += 1
            return count - 1
        }
    }
}
