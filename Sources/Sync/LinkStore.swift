public import ICalendar
import SQL
public import Store

/// The links and their memory: what was pulled, what was agreed, what is held, what is due again.
public struct LinkStore: Sendable {
    /// The calendars the links belong to; their database holds the links too.
    public let calendars: CalendarStore

    let now: @Sendable () -> Instant
    let makeIdentity: @Sendable () -> String

    var database: any SQLDatabase { calendars.database }

    /// Asks the database of `calendars`.
    ///
    /// `makeIdentity` answers 26 random characters of `a`–`v` and `0`–`9`.
    public init(
        calendars: CalendarStore,
        now: @escaping @Sendable () -> Instant,
        makeIdentity: @escaping @Sendable () -> String = LinkStore.randomIdentity
    ) {
        self.calendars = calendars
        self.now = now
        self.makeIdentity = makeIdentity
    }

    /// 130 random bits in the alphabet of base32hex, which Google takes as part of an event's identifier.
    public static func randomIdentity() -> String {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)
        return String(decoding: (0..<26).map { _ in alphabet[Int.random(in: 0..<32)] }, as: UTF8.self)
    }
}

/// What is numbered, each on its own.
enum SyncCounter: String {
    case link, run, conflict, retry, quarantine

    /// A number that was never given before, not even to a row that is gone.
    func next(_ transaction: borrowing SQLTransaction) throws -> Int64 {
        let row = try transaction.row(
            """
            INSERT INTO sync_counter (name, value) VALUES (\(.text(rawValue)), 1)
            ON CONFLICT (name) DO UPDATE SET value = sync_counter.value + 1
            RETURNING value
            """
        )
        guard let row else { preconditionFailure("INSERT … RETURNING answers the row that it has written") }
        return try row.integer("value")
    }
}

extension RawRepresentable where RawValue == Int64 {
    /// The identifier as a column holds it.
    var value: SQLValue { .integer(rawValue) }
}

extension Instant {
    /// The time as a column holds it.
    var value: SQLValue { .integer(seconds) }
}

extension Optional<Instant> {
    /// The time as a column holds it, NULL for none.
    var value: SQLValue { .integer(map(\.seconds)) }
}

extension SQLRow {
    func instant(_ column: String) throws -> Instant { Instant(seconds: try integer(column)) }

    func optionalInstant(_ column: String) throws -> Instant? {
        try optionalInteger(column).map { Instant(seconds: $0) }
    }

    /// A word that stands for a case; one that no case has is a damaged row.
    func word<Word: RawRepresentable<String>>(_ column: String) throws -> Word {
        guard let word = Word(rawValue: try text(column)) else { throw SQLError.wrongType(column: column) }
        return word
    }

    func optionalWord<Word: RawRepresentable<String>>(_ column: String) throws -> Word? {
        guard let text = try optionalText(column) else { return nil }
        guard let word = Word(rawValue: text) else { throw SQLError.wrongType(column: column) }
        return word
    }

    /// The problem in the columns `error_code`, `error_message` and `error_remedy`; nil where there is none.
    func problem() throws -> LinkProblem? {
        guard let code = try optionalText("error_code") else { return nil }
        return LinkProblem(
            code: code,
            message: try optionalText("error_message") ?? "",
            remedy: try optionalText("error_remedy") ?? ""
        )
    }
}
