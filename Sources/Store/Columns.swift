import ICalendar
import SQL

// How this module's types stand in columns.

extension RawRepresentable where RawValue == Int64 {
    /// The identifier as a column holds it.
    var value: SQLValue { .integer(rawValue) }
}

extension Instant {
    /// The time as a column holds it.
    var value: SQLValue { .integer(seconds) }
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
}
