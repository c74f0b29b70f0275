import Bridging
import ICalendar
import SQL
import Synchronization

/// The process died.
struct Crash: Error {}

/// What is left of a process's life: so many calls of the database and of the upstream, then nothing is done any more.
final class Life: Sendable {
    private let remaining: Mutex<Int>

    private let total: Int

    init(calls: Int) {
        total = calls
        remaining = Mutex(calls)
    }

    /// The calls so far.
    var spent: Int { total - remaining.withLock { $0 } }

    var isOver: Bool { remaining.withLock { $0 < 0 } }

    /// Counts one call; false once the process is dead.
    func spend() -> Bool {
        remaining.withLock { calls in
            calls -= 1
            return calls >= 0
        }
    }
}

/// A database whose process dies: each write may be the last one, done or not.
struct CrashingDatabase: SQLDatabase {
    let real: any SQLDatabase
    let life: Life

    func read<T: Sendable>(_ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T) async throws -> T {
        guard !life.isOver else { throw Crash() }
        return try await real.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T) async throws -> T {
        guard life.spend() else { throw Crash() }
        let result = try await real.write(body)
        // Durable, but nobody heard of it.
        guard life.spend() else { throw Crash() }
        return result
    }
}

/// A bridge whose process dies with it.
struct CrashingBridge: Bridge {
    let real: ScriptedBridge
    let life: Life

    var fields: FieldSet { real.fields }

    func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        guard !life.isOver else { throw .unreachable("dead") }
        return try await real.pull(since: cursor)
    }

    func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? {
        guard life.spend() else { throw .unreachable("dead") }
        let answer = try await real.perform(write)
        guard life.spend() else { throw .unreachable("dead") }
        return answer
    }

    func object(from series: [UpstreamRecord]) throws(TranslationError) -> CalendarObject {
        try real.object(from: series)
    }

    func writes(
        toMake object: CalendarObject?,
        from series: [UpstreamRecord]
    ) throws(TranslationError) -> [RecordWrite] {
        try real.writes(toMake: object, from: series)
    }
}

/// Counts calls.
final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count - 1
        }
    }
}
