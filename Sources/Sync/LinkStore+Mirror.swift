import Bridging
import ICalendar
import Reconcile
import SQL
import Store

/// A series as its records translate.
struct MirroredObject: Sendable {
    var series: String
    /// The UID the event has here; nil where the series was never readable.
    var uid: String?
    /// The calendar object; nil for a series that is no event now, or that cannot be read.
    var text: String?
    var digest: String
    var modified: Instant?
    /// Why it cannot be read.
    var problem: String?

    static let noDigest = ""

    /// The digest of a side that is looked at again whatever it says, even if it is gone.
    static let openDigest = "decided"
}

extension LinkStore {
    /// From where to pull next.
    func cursor(of link: LinkID) async throws -> SyncCursor? {
        try await database.read { transaction in
            try transaction.row("SELECT cursor FROM link WHERE id = \(link.value)")?
                .optionalText("cursor").map(SyncCursor.init(rawValue:))
        }
    }

    /// Stores what was pulled, translated, with the cursor, in one transaction.
    ///
    /// The absence of a series of `kept` from a whole listing means nothing. Series that changed are noted as `toBeMended`,
    /// where that is so, until ``noteMended(_:of:)``.
    ///
    /// - Returns: the series that changed.
    @discardableResult
    func mirror(
        _ pulled: PulledRecords,
        keeping kept: Set<String> = [],
        translatedBy bridge: any Bridge,
        toBeMended: Bool = false,
        of link: LinkID
    ) async throws -> Set<String> {
        let before = try await database.read { try MirrorState(of: link, covering: pulled, keeping: kept, $0) }
        let changed = before.changedSeries(by: pulled)
        let records = before.records(of: changed, after: pulled)
        let objects = await before.translated(records, by: bridge)
        let cursor = pulled.cursor
        guard !changed.isEmpty || cursor != before.cursor else { return [] }
        let now = now()
        try await database.write { transaction in
            for (series, records) in records.sorted(by: { $0.key < $1.key }) {
                let isNew = !before.knows(series)
                if !isNew { try Self.removeRecords(of: series, link, transaction) }
                try Self.insert(records, link, transaction)
                if records.isEmpty {
                    try Self.forget(series: series, link, transaction)
                } else if let object = objects[series] {
                    try Self.save(object, of: link, isNew: isNew, at: now, transaction)
                }
            }
            if toBeMended {
                for series in changed.sorted() { try Self.noteToBeMended(series, link, transaction) }
            }
            try transaction.run("UPDATE link SET cursor = \(.text(cursor?.rawValue)) WHERE id = \(link.value)")
            // Until it was decided on, the next pass must look, whatever it pulls itself.
            if !changed.isEmpty {
                try transaction.run("UPDATE link SET seen_revision = NULL WHERE id = \(link.value)")
            }
        }
        return changed
    }

    /// The records of a series as they were last seen.
    func records(of series: String, _ link: LinkID) async throws -> [UpstreamRecord] {
        try await database.read { try Self.records(of: series, link, $0) }
    }

    /// The records that are thought to be upstream, as they were last seen.
    func marks(of link: Link) async throws -> [RecordMark] {
        try await database.read { transaction in
            var marks: [RecordMark] = []
            let all: SQLStatement = """
                SELECT record, revision, modified FROM mirror WHERE link = \(link.id.value) AND is_deleted = 0
                """
            try transaction.forEach(all) { row in
                marks.append(
                    RecordMark(
                        id: try row.text("record"),
                        revision: try row.optionalText("revision"),
                        modified: try row.optionalInstant("modified")
                    )
                )
            }
            return marks
        }
    }

    /// Whether a record is thought to be upstream of a link.
    public func knows(_ record: String, _ link: LinkID) async throws -> Bool {
        try await database.read { transaction in
            try transaction.row(
                """
                SELECT 1 AS is_known FROM mirror
                WHERE link = \(link.value) AND record = \(.text(record)) AND is_deleted = 0
                """
            ) != nil
        }
    }

    // MARK: In a transaction

    static func records(
        of series: String,
        _ link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> [UpstreamRecord] {
        // Put in order here: asked for it, SQLite reads the whole link in that order instead of the few that are wanted.
        try transaction.rows(
            """
            SELECT record, series, revision, payload, is_deleted, modified FROM mirror
            WHERE link = \(link.value) AND series = \(.text(series))
            """
        )
        .map(UpstreamRecord.init).sorted { $0.id < $1.id }
    }

    static func replace(
        _ records: [UpstreamRecord],
        of series: String,
        _ link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try removeRecords(of: series, link, transaction)
        try insert(records, link, transaction)
    }

    private static func removeRecords(
        of series: String,
        _ link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run("DELETE FROM mirror WHERE link = \(link.value) AND series = \(.text(series))")
    }

    static func insert(
        _ records: [UpstreamRecord],
        _ link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        for record in records {
            try transaction.run(
                """
                INSERT INTO mirror (link, record, series, revision, payload, is_deleted, modified)
                VALUES (\(link.value), \(.text(record.id)), \(.text(record.series)), \(.text(record.revision)),
                    \(.text(record.payload)), \(.integer(record.isDeleted)), \(record.modified.value))
                ON CONFLICT (link, record) DO UPDATE SET series = excluded.series, revision = excluded.revision,
                    payload = excluded.payload, is_deleted = excluded.is_deleted, modified = excluded.modified
                """
            )
        }
    }

    static func save(
        _ object: MirroredObject,
        of link: LinkID,
        isNew: Bool = false,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let known =
            isNew
            ? nil
            : try transaction.row(
                """
                SELECT problem_id, problem_since FROM mirrored_object
                WHERE link = \(link.value) AND series = \(.text(object.series))
                """
            )
        var problemID = try known?.optionalInteger("problem_id")
        if object.problem != nil, problemID == nil { problemID = try SyncCounter.quarantine.next(transaction) }
        let since = try known?.optionalInstant("problem_since") ?? now
        try transaction.run(
            """
            INSERT INTO mirrored_object (link, series, uid, text, digest, modified, problem, problem_id, problem_since)
            VALUES (\(link.value), \(.text(object.series)), \(.text(object.uid)), \(.text(object.text)),
                \(.text(object.digest)), \(object.modified.value), \(.text(object.problem)),
                \(.integer(object.problem == nil ? nil : problemID)), \(object.problem == nil ? .null : since.value))
            ON CONFLICT (link, series) DO UPDATE SET uid = excluded.uid, text = excluded.text,
                digest = excluded.digest, modified = excluded.modified, problem = excluded.problem,
                problem_id = excluded.problem_id, problem_since = excluded.problem_since
            """
        )
    }

    /// Forgets a series and all its records.
    static func forget(series: String, _ link: LinkID, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run("DELETE FROM mirror WHERE link = \(link.value) AND series = \(.text(series))")
        try transaction.run("DELETE FROM mirrored_object WHERE link = \(link.value) AND series = \(.text(series))")
    }
}

extension UpstreamRecord {
    init(_ row: SQLRow) throws {
        self.init(
            id: try row.text("record"),
            series: try row.text("series"),
            revision: try row.optionalText("revision"),
            payload: try row.text("payload"),
            isDeleted: try row.bool("is_deleted"),
            modified: try row.optionalInstant("modified")
        )
    }
}
