import SQL

/// How much of its room a principal uses (RFC 4331 §3, §4), in octets of living objects.
public struct Usage: Sendable, Hashable {
    /// What all calendars of the principal use together.
    public var used: Int64

    /// What is left.
    public var available: Int64

    /// What each calendar uses.
    public var calendars: [CalendarID: Int64]
}

extension CalendarStore {
    /// The octets of objects that a principal may have, former versions and the trash not counted.
    ///
    /// Two gibibytes are a million events of two kilobytes, ten times what the largest calendar seen in the field has;
    /// and they are little enough that one user's mistake does not fill the disk of all.
    public static let ordinaryQuota: Int64 = 2 << 30

    /// How much of its room a principal uses.
    public func usage(of principal: PrincipalID) async throws -> Usage {
        let room = quota
        return try await database.read { transaction in
            let used = try Self.used(by: principal, transaction)
            var calendars: [CalendarID: Int64] = [:]
            let rows = try transaction.rows(
                "SELECT id, used_octets FROM calendar WHERE owner = \(principal.value) AND deleted_at IS NULL"
            )
            for row in rows { calendars[CalendarID(rawValue: try row.integer("id"))] = try row.integer("used_octets") }
            return Usage(used: used, available: max(0, room - used), calendars: calendars)
        }
    }

    /// Counts what an owner has more, or less.
    static func count(_ octets: Int64, for owner: PrincipalID, _ transaction: borrowing SQLTransaction) throws {
        guard octets != 0 else { return }
        try transaction.run(
            "UPDATE principal SET used_octets = used_octets + \(.integer(octets)) WHERE id = \(owner.value)"
        )
    }

    /// The octets that all calendars of a principal use together.
    static func used(by owner: PrincipalID, _ transaction: borrowing SQLTransaction) throws -> Int64 {
        try transaction.row("SELECT used_octets FROM principal WHERE id = \(owner.value)")?.integer("used_octets") ?? 0
    }
}
