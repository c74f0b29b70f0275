public import ICalendar
import SQL

/// What is counted of all links together.
public struct SyncFigures: Sendable, Hashable {
    /// Passes that are remembered, by how they ended.
    public var passes: [String: Int64]
    public var queued: Int64
    /// Since when the oldest item of the queue waits.
    public var oldestQueued: Instant?
    public var openConflicts: Int64
    public var held: Int64
}

extension LinkStore {
    /// Counts what the metrics tell.
    public func figures() async throws -> SyncFigures {
        try await database.read { transaction in
            var passes: [String: Int64] = [:]
            for row in try transaction.rows("SELECT outcome, COUNT(*) AS number FROM pass GROUP BY outcome") {
                passes[try row.text("outcome")] = try row.integer("number")
            }
            let queue = try transaction.row(
                "SELECT COUNT(*) AS number, MIN(since) AS oldest FROM retry WHERE is_dismissed = 0"
            )
            let conflicts = try transaction.row(
                "SELECT COUNT(*) AS number FROM conflict WHERE is_open = 1 AND \(Self.isInUse)"
            )
            let held = try transaction.row("SELECT COUNT(*) AS number FROM held WHERE is_approved = 0")
            return SyncFigures(
                passes: passes,
                queued: try queue?.integer("number") ?? 0,
                oldestQueued: try queue?.optionalInstant("oldest"),
                openConflicts: try conflicts?.integer("number") ?? 0,
                held: try held?.integer("number") ?? 0
            )
        }
    }
}
