public import ICalendar
public import SQL

/// One line of the audit trail: who did what to a calendar, a link, a connection or an upstream, and when.
public struct AuditEntry: Sendable, Hashable, Identifiable {
    /// What was done.
    public enum Action: String, Sendable, Hashable, CaseIterable, Codable {
        case calendarCreated = "calendar.created"
        case calendarChanged = "calendar.changed"
        case calendarDeleted = "calendar.deleted"
        case calendarRestored = "calendar.restored"
        case calendarPurged = "calendar.purged"
        case shareGiven = "share.given"
        case shareTaken = "share.taken"
        case feedMade = "feed.made"
        case feedRevoked = "feed.revoked"
        case connectionAdded = "connection.added"
        case connectionChanged = "connection.changed"
        case connectionState = "connection.state"
        case connectionRemoved = "connection.removed"
        case providerChanged = "provider.changed"
        case providerForgotten = "provider.forgotten"
        case linkCreated = "link.created"
        case linkChanged = "link.changed"
        case linkState = "link.state"
        case linkRemoved = "link.removed"
        case deletionsApproved = "link.deletions_approved"
        case deletionsRejected = "link.deletions_rejected"
        case conflictResolved = "conflict.resolved"
        case queueRetried = "queue.retried"
        case queueDismissed = "queue.dismissed"
        case runUndone = "run.undone"
        case channelOpened = "channel.opened"
        case channelFailed = "channel.failed"
        case channelClosed = "channel.closed"
        /// A write was sent, and nothing was noted of an answer: the gateway waits for it, or was stopped before it came.
        case upstreamBegun = "upstream.begun"
        case upstreamCreated = "upstream.created"
        case upstreamUpdated = "upstream.updated"
        case upstreamDeleted = "upstream.deleted"
        case upstreamRefused = "upstream.refused"

        /// What it is about, the word before the point: `link`, `upstream`.
        public var kind: String { String(rawValue.prefix { $0 != "." }) }
    }

    /// Grows from line to line; 0 for one that is not written yet.
    public var id: Int64

    public var at: Instant

    /// Whose calendar, link or connection it is.
    public var principal: PrincipalID

    /// Who did it: a principal's name, `link`, or `gateway` for what happens by itself.
    public var actor: String
    public var action: Action
    public var calendar: CalendarID?
    public var connection: ConnectionID?
    public var link: Int64?
    public var run: Int64?

    /// What it was done to: the UID of an event, the name of a calendar.
    public var subject: String?

    /// What a person should know besides, in one sentence.
    public var detail: String?

    /// Describes a line that is to be written; it gets its number and its time then.
    public init(
        _ action: Action,
        of principal: PrincipalID,
        by actor: String,
        calendar: CalendarID? = nil,
        connection: ConnectionID? = nil,
        link: Int64? = nil,
        run: Int64? = nil,
        subject: String? = nil,
        detail: String? = nil
    ) {
        id = 0
        at = Instant(seconds: 0)
        self.principal = principal
        self.actor = actor
        self.action = action
        self.calendar = calendar
        self.connection = connection
        self.link = link
        self.run = run
        self.subject = subject
        self.detail = detail
    }
}

/// Who acts, for everything that is done within a request.
public enum AuditActor {
    /// The name of whoever asked for what is being done; nil for what the gateway does by itself.
    @TaskLocal public static var current: String?
}

extension CalendarStore {
    /// Writes a line of the audit trail in the transaction of what it tells of.
    ///
    /// - Returns: its number.
    @discardableResult
    public static func audit(
        _ entry: AuditEntry,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Int64 {
        let id = try Counter.audit.next(transaction)
        try transaction.run(
            """
            INSERT INTO audit (id, at, principal, actor, action, calendar, connection, link, run, subject, detail)
            VALUES (\(.integer(id)), \(.integer(now.seconds)), \(entry.principal.value), \(.text(entry.actor)),
                \(.text(entry.action.rawValue)), \(.integer(entry.calendar?.rawValue)),
                \(.integer(entry.connection?.rawValue)), \(.integer(entry.link)), \(.integer(entry.run)),
                \(.text(entry.subject)), \(.text(entry.detail)))
            """
        )
        return id
    }

    /// Says in the line of a write that was begun what became of it; once that is said it stays.
    public static func conclude(
        _ line: Int64,
        _ action: AuditEntry.Action,
        detail: String?,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run(
            """
            UPDATE audit SET action = \(.text(action.rawValue)), detail = \(.text(detail))
            WHERE id = \(.integer(line)) AND action = 'upstream.begun'
            """
        )
    }

    /// The lines of writes over a link that were begun, and of which nothing more is known, oldest first.
    public static func begunWrites(over link: Int64, _ transaction: borrowing SQLTransaction) throws -> [AuditEntry] {
        // The action stands in the text as it does in the index.
        try transaction.rows(
            """
            SELECT id, at, principal, actor, action, calendar, connection, link, run, subject, detail FROM audit
            WHERE action = 'upstream.begun' AND link = \(.integer(link)) ORDER BY id
            """
        )
        .map(AuditEntry.init)
    }

    /// The audit trail of a principal, newest first.
    ///
    /// All of it, that since a time, that of one kind of action (`link`), or what is older than the line `before`, for the next page.
    public func auditTrail(
        of principal: PrincipalID,
        since: Instant? = nil,
        kind: String? = nil,
        before: Int64? = nil,
        limit: Int = 100
    ) async throws -> [AuditEntry] {
        let beginning = kind.map { $0 + "." } ?? ""
        return try await database.read { transaction in
            try transaction.rows(
                """
                SELECT id, at, principal, actor, action, calendar, connection, link, run, subject, detail FROM audit
                WHERE principal = \(principal.value)
                    AND at >= \(.integer(since?.seconds ?? .min)) AND id < \(.integer(before ?? .max))
                    AND SUBSTR(action, 1, \(.integer(beginning.utf8.count))) = \(.text(beginning))
                ORDER BY id DESC LIMIT \(.integer(limit))
                """
            )
            .map(AuditEntry.init)
        }
    }

    /// Forgets the lines from before a time; answers how many.
    public func purgeAudit(before horizon: Instant) async throws -> Int {
        try await database.write { try $0.run("DELETE FROM audit WHERE at < \(.integer(horizon.seconds))") }
    }

    static let auditTable = [
        """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at BIGINT NOT NULL,
            principal INTEGER NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            calendar INTEGER,
            connection INTEGER,
            link INTEGER,
            run INTEGER,
            subject TEXT,
            detail TEXT
        )
        """,
        "CREATE INDEX audit_by_principal ON audit (principal, id)",
        "CREATE INDEX audit_by_time ON audit (at)",
    ]

    /// Finds the few writes of which no answer was noted.
    static let begunWritesIndex = ["CREATE INDEX audit_begun ON audit (link) WHERE action = 'upstream.begun'"]
}

extension CalendarStore {
    /// Notes what was done to a calendar.
    static func audit(
        _ action: AuditEntry.Action,
        _ calendar: CalendarCollection,
        by actor: String?,
        detail: String? = nil,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let owner = try transaction.row("SELECT name FROM principal WHERE id = \(calendar.owner.value)")
        let entry = AuditEntry(
            action,
            of: calendar.owner,
            by: try actor ?? owner?.text("name") ?? "gateway",
            calendar: calendar.id,
            subject: calendar.name,
            detail: detail
        )
        try audit(entry, at: now, transaction)
    }
}

extension CredentialStore {
    /// Notes what became of a connection; what has none was removed meanwhile.
    static func audit(
        _ action: AuditEntry.Action,
        _ connection: ConnectionID,
        by actor: String?,
        detail: String? = nil,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let row = try transaction.row(
            """
            SELECT connection.principal, provider, account, principal.name FROM connection
            JOIN principal ON principal.id = connection.principal WHERE connection.id = \(connection.value)
            """
        )
        guard let row else { return }
        // A state changes by itself; a connection comes and goes by its owner's will.
        let usual = action == .connectionState ? "gateway" : try row.text("name")
        let entry = AuditEntry(
            action,
            of: PrincipalID(rawValue: try row.integer("principal")),
            by: actor ?? usual,
            connection: connection,
            subject: try row.optionalText("account") ?? row.text("provider"),
            detail: detail
        )
        try CalendarStore.audit(entry, at: now, transaction)
    }
}

extension AuditEntry {
    fileprivate init(_ row: SQLRow) throws {
        self.init(
            try row.word("action"),
            of: PrincipalID(rawValue: try row.integer("principal")),
            by: try row.text("actor"),
            calendar: try row.optionalInteger("calendar").map(CalendarID.init(rawValue:)),
            connection: try row.optionalInteger("connection").map(ConnectionID.init(rawValue:)),
            link: try row.optionalInteger("link"),
            run: try row.optionalInteger("run"),
            subject: try row.optionalText("subject"),
            detail: try row.optionalText("detail")
        )
        id = try row.integer("id")
        at = try row.instant("at")
    }
}
