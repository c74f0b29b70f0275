public import SQL

extension CalendarStore {
    /// Keeps a text that lost against what is here as a version, so that it can be restored like any other; no object changes.
    ///
    /// It belongs to the object of its UID, or to the last one that had it.
    public func keepOverruled(
        _ draft: Draft,
        in calendar: CalendarID,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let holder = try transaction.row(
            "SELECT id, name FROM object WHERE calendar = \(calendar.value) AND uid = \(.text(draft.uid))"
        )
        let number = try Counter.version.next(transaction)
        let id =
            try holder.map { ObjectID(rawValue: try $0.integer("id")) }
            ?? Self.identifier(formerlyOfUID: draft.uid, in: calendar, transaction) ?? ObjectID(rawValue: number)
        try NewVersion(number, .overruled, of: id, draft, author)
            .insert(named: holder?.text("name") ?? ObjectName.plain(for: draft.uid), in: calendar, transaction)
    }
}
