import ICalendar
import SQL
import SQLite
import Store
import Synchronization

/// A clock that stands still until it is set.
final class Clock: Sendable {
    private let seconds: Mutex<Int64>

    /// Begins at 2026-11-21T09:00:00Z.
    init(_ start: Int64 = 1_795_251_600) { seconds = Mutex(start) }

    var now: Instant { Instant(seconds: seconds.withLock { $0 }) }

    func advance(by step: Int64) { seconds.withLock { $0 += step } }
}

/// A store in memory with one principal and its first calendar.
struct Shelf: Sendable {
    let database: SQLiteDatabase
    let clock: Clock
    let store: CalendarStore
    let owner: PrincipalID
    let calendar: CalendarID

    init(on database: SQLiteDatabase? = nil) async throws {
        self.database = try database ?? SQLiteDatabase.inMemory()
        let clock = Clock()
        self.clock = clock
        try await migrate(self.database, CalendarStore.migrations)
        store = CalendarStore(database: self.database, now: { clock.now })
        guard let principal = try await store.addPrincipal(name: "alice"),
            let calendar = try await store.calendar(named: CalendarStore.firstCalendar, of: principal.id)
        else { throw Missing() }
        owner = principal.id
        self.calendar = calendar.id
    }

    struct Missing: Error {}

    /// Stores an event without any condition.
    @discardableResult
    func put(
        _ name: String,
        uid: String? = nil,
        _ summary: String = "x",
        if condition: WriteCondition = .always
    ) async throws -> PutOutcome {
        let object = try event(uid: uid ?? name, summary: summary)
        return try await store.put(object, named: name, in: calendar, if: condition, by: client)
    }

    @discardableResult
    func delete(_ name: String, if condition: WriteCondition = .always) async throws -> DeleteOutcome {
        try await store.delete(named: name, in: calendar, if: condition, by: client)
    }

    func page(since revision: Int64?, limit: Int? = nil) async throws -> ChangePage? {
        switch try await store.changes(in: calendar, since: revision, limit: limit) {
        case .page(let page): page
        case .unknownRevision: nil
        }
    }
}

let client = Author(.client, name: "Tests/1 alice")

/// An event; `lines` stand in for its times.
func event(
    uid: String,
    summary: String = "x",
    _ lines: [String] = ["DTSTART:20261121T090000Z", "DTEND:20261121T100000Z"]
) throws -> CalendarObject {
    try CalendarObject(parsing: calendarText(["BEGIN:VEVENT"] + head(uid, summary) + lines + ["END:VEVENT"]))
}

func head(_ uid: String, _ summary: String) -> [String] {
    ["UID:\(uid)", "DTSTAMP:20261121T080000Z", "SUMMARY:\(summary)"]
}

func calendarText(_ lines: [String]) -> String {
    (["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//EN"] + lines + ["END:VCALENDAR"])
        .map { $0 + "\r\n" }.joined()
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }
}

/// The latest state of a name, as values.
struct NamedState {
    var name: String
    var revision: Int64
    var entry: ObjectEntry?
}

extension ChangePage {
    var states: [NamedState] {
        map { change in
            switch change {
            case .object(let object):
                NamedState(name: object.entry.name, revision: object.revision, entry: object.entry)
            case .deletion(let deletion): NamedState(name: deletion.name, revision: deletion.revision)
            }
        }
    }
}
