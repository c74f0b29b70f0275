import Bridging
import SQL
import Store

/// Which series an upstream may show without what we add to them: a UID, a rule that makes sense.
extension LinkStore {
    /// Series in step whose records are still to be looked at.
    func seriesToBeMended(of link: Link) async throws -> Set<String> {
        try await database.read { transaction in
            let rows = try transaction.rows(
                """
                SELECT mirrored_object.series FROM mirrored_object
                JOIN base ON base.link = mirrored_object.link AND base.series = mirrored_object.series
                    AND base.remote_digest = mirrored_object.digest
                WHERE mirrored_object.link = \(link.id.value) AND is_to_be_mended = 1 AND agreed_at IS NOT NULL
                """
            )
            return Set(try rows.map { try $0.text("series") })
        }
    }

    /// Notes that series were looked at, and completed where that was needed.
    func noteMended(_ series: Set<String>, of link: Link) async throws {
        guard !series.isEmpty else { return }
        try await database.write { transaction in
            for series in series.sorted() {
                try transaction.run(
                    """
                    UPDATE mirrored_object SET is_to_be_mended = 0
                    WHERE link = \(link.id.value) AND series = \(.text(series)) AND is_to_be_mended = 1
                    """
                )
            }
        }
    }

    /// Notes that the records of a series may lack something; what is no event lacks nothing.
    static func noteToBeMended(_ series: String, _ link: LinkID, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run(
            """
            UPDATE mirrored_object SET is_to_be_mended = 1
            WHERE link = \(link.value) AND series = \(.text(series)) AND text IS NOT NULL
            """
        )
    }
}
