public import SQL

/// A write to an object that no client may change or delete, found out in the transaction of the write.
public struct ReadOnlyObject: Error, Sendable, Hashable {
    /// Why, in a sentence for a person.
    public var reason: String

    /// Says why an object may only be read.
    public init(_ reason: String) { self.reason = reason }
}

extension CalendarStore {
    /// Lets no client change or delete an object any more, for that reason; nil lets them again.
    public func protect(
        uid: String,
        in calendar: CalendarID,
        because reason: String?,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let value = SQLValue.text(reason)
        try transaction.run(
            """
            UPDATE object SET protection = \(value)
            WHERE calendar = \(calendar.value) AND uid = \(.text(uid)) AND protection IS DISTINCT FROM \(value)
            """
        )
    }

    /// Lets clients change and delete every object of a calendar.
    public func unprotectAll(in calendar: CalendarID, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run(
            "UPDATE object SET protection = NULL WHERE calendar = \(calendar.value) AND protection IS NOT NULL"
        )
    }

    /// Refuses what a client does to an object that is protected.
    static func refuseIfProtected(_ object: SQLRow, from author: Author) throws {
        guard author.kind == .client, let reason = try object.optionalText("protection") else { return }
        throw ReadOnlyObject(reason)
    }
}
