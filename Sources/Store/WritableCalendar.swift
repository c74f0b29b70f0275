import SQL

/// What a write finds of the calendar that it goes into; true until its transaction ends or writes there.
struct WritableCalendar {
    let id: CalendarID
    let owner: PrincipalID

    /// The calendar's revision before the write.
    let revision: Int64

    /// The octets that all calendars of the owner use together.
    let usedByOwner: Int64

    init(_ id: CalendarID, _ row: SQLRow) throws {
        self.id = id
        owner = PrincipalID(rawValue: try row.integer("owner"))
        revision = try row.integer("revision")
        usedByOwner = try row.integer("used_octets")
    }

    /// Counts changes of objects, and by how many octets they make the calendar longer; answers the last one's revision.
    ///
    /// - Throws: ``WriteRefusal/quotaExceeded`` where it grows and its owner then has more than `quota` (RFC 4331 §6).
    func nextRevision(
        counting changes: Int64 = 1,
        growingBy octets: Int64,
        within quota: Int64? = nil,
        _ transaction: borrowing SQLTransaction
    ) throws -> Int64 {
        if let quota, octets > 0, usedByOwner + octets > quota { throw WriteRefusal.quotaExceeded }
        let next = revision + changes
        try transaction.run(
            """
            UPDATE calendar SET revision = \(.integer(next)), used_octets = used_octets + \(.integer(octets))
            WHERE id = \(id.value)
            """
        )
        try CalendarStore.count(octets, for: owner, transaction)
        return next
    }
}
