import ICalendar
import SQL
import Store

extension LinkStore {
    /// Has all links of an account write nothing before then: it is the account that has written too much.
    static func pauseWrites(
        ofAccountOf id: LinkID,
        until: Instant,
        isTold: Bool,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run(
            """
            UPDATE link SET writes_not_before = \(until.value), is_pause_told = \(.integer(isTold))
            WHERE connection IN (\(connections(ofAccountOf: id)))
            """
        )
    }

    /// Ends what only a guess or a missing permission holds back: whoever asks for a pass may know better.
    ///
    /// What the upstream itself said stays so.
    func tryAnew(_ link: LinkID) async throws {
        let now = now()
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE retry SET due_at = \(now.value)
                WHERE link = \(link.value) AND error_code = \(.text(LinkProblem.permissionDenied)) AND is_dismissed = 0
                """
            )
            try transaction.run(
                """
                UPDATE link SET writes_not_before = NULL
                WHERE writes_not_before IS NOT NULL AND is_pause_told = 0
                    AND connection IN (\(Self.connections(ofAccountOf: link)))
                """
            )
        }
    }

    /// The connections of the account that a link uses.
    private static func connections(ofAccountOf link: LinkID) -> SQLStatement {
        """
        SELECT one.id FROM connection AS own
        JOIN connection AS one ON one.id = own.id OR one.provider = own.provider AND one.account = own.account
        WHERE own.id = (SELECT connection FROM link WHERE id = \(link.value))
        """
    }
}
