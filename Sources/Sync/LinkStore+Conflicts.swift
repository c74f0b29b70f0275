import Bridging
import ICalendar
import Reconcile
import SQL
public import Store

/// A conflict as it is found.
struct NewConflict: Sendable {
    var uid: String
    var summary: String?
    var fields: [FieldKey]
    var local: Fields
    var remote: Fields
    var baseText: String?
    var gatewayText: String?
    var upstreamText: String?
    var localDigest: String
    var remoteDigest: String
    var resolution: ConflictResolution?
    var resolvedBy: String
    var run: RunID?

    /// The event as the upstream says, where a policy decides against it; our own word is a version already.
    var overruled: Draft?

    /// The conflict that a decision on an item found; nil where it found none.
    init?(_ item: SnapshotItem, _ decision: Decision, resolvedBy: String, run: RunID?) {
        guard let first = decision.conflicts.first else { return nil }
        fields = decision.conflicts.compactMap(\.field)
        resolution = first.winner.map { $0 == .local ? .gateway : .upstream }
        self.resolvedBy = resolvedBy
        uid = item.uid
        summary = item.summary
        local = item.local?.fields ?? [:]
        remote = item.remote?.fields ?? [:]
        baseText = item.base.flatMap { $0.localText.isEmpty ? nil : $0.localText }
        gatewayText = item.local?.stored.text
        upstreamText = item.remote?.object.text
        localDigest = item.localDigest
        remoteDigest = item.remoteDigest
        self.run = run
    }
}

extension LinkStore {
    /// Keeps a conflict for the person; a later edit of either side replaces what is kept.
    func hold(_ conflict: NewConflict, of link: Link) async throws {
        let (now, calendars) = (now(), calendars)
        try await database.write { transaction in
            try Self.insert(conflict, of: link, isOpen: true, calendars, at: now, transaction)
            try transaction.run(
                "DELETE FROM retry WHERE link = \(link.id.value) AND uid = \(.text(conflict.uid))"
            )
        }
    }

    /// Writes down a conflict that is decided by the policy.
    func record(_ conflict: NewConflict, of link: Link) async throws {
        let (now, calendars) = (now(), calendars)
        try await database.write { try Self.insert(conflict, of: link, isOpen: false, calendars, at: now, $0) }
    }

    static func insert(
        _ conflict: NewConflict,
        of link: Link,
        isOpen: Bool,
        _ calendars: CalendarStore,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        if isOpen {
            guard try !replaceOpen(conflict, of: link, by: nil, at: now, transaction) else { return }
        } else {
            // One that is tried again is the same conflict.
            let known = try transaction.row(
                """
                SELECT id FROM conflict WHERE link = \(link.id.value) AND uid = \(.text(conflict.uid)) AND is_open = 0
                    AND local_digest = \(.text(conflict.localDigest)) AND remote_digest = \(.text(conflict.remoteDigest))
                """
            )
            guard known == nil else { return }
            if let overruled = conflict.overruled {
                let author = link.author(in: conflict.run)
                try calendars.keepOverruled(overruled, in: link.calendar, by: author, transaction)
            }
            // One that waited for a person, until a policy was to decide.
            let resolution = conflict.resolution ?? .merged
            guard try !replaceOpen(conflict, of: link, by: resolution, at: now, transaction) else { return }
        }
        let id = ConflictID(rawValue: try SyncCounter.conflict.next(transaction))
        try transaction.run(
            """
            INSERT INTO conflict (
                id, link, calendar, uid, summary, is_open, created_at, resolved_at, resolution, resolved_by, run,
                field_keys, local_fields, remote_fields, base_text, gateway_text, upstream_text, local_digest, remote_digest
            ) VALUES (
                \(id.value), \(link.id.value), \(link.calendar.value), \(.text(conflict.uid)),
                \(.text(conflict.summary)), \(.integer(isOpen)), \(now.value), \(isOpen ? .null : now.value),
                \(.text(isOpen ? nil : conflict.resolution?.rawValue)), \(.text(isOpen ? nil : conflict.resolvedBy)),
                \(.integer(conflict.run?.rawValue)), \(.text(FieldsText.encode(keys: conflict.fields))),
                \(.text(FieldsText.encode(conflict.local))), \(.text(FieldsText.encode(conflict.remote))),
                \(.text(conflict.baseText)), \(.text(conflict.gatewayText)), \(.text(conflict.upstreamText)),
                \(.text(conflict.localDigest)), \(.text(conflict.remoteDigest))
            )
            """
        )
    }

    /// Writes a conflict over the one that is open for its item, and closes that where it is resolved; false where none is.
    private static func replaceOpen(
        _ conflict: NewConflict,
        of link: Link,
        by resolution: ConflictResolution?,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            UPDATE conflict SET field_keys = \(.text(FieldsText.encode(keys: conflict.fields))),
                local_fields = \(.text(FieldsText.encode(conflict.local))),
                remote_fields = \(.text(FieldsText.encode(conflict.remote))),
                gateway_text = \(.text(conflict.gatewayText)), upstream_text = \(.text(conflict.upstreamText)),
                local_digest = \(.text(conflict.localDigest)), remote_digest = \(.text(conflict.remoteDigest)),
                summary = \(.text(conflict.summary)), is_open = \(.integer(resolution == nil)),
                resolved_at = \(resolution == nil ? .null : now.value), resolution = \(.text(resolution?.rawValue)),
                resolved_by = \(.text(resolution == nil ? nil : conflict.resolvedBy))
            WHERE link = \(link.id.value) AND uid = \(.text(conflict.uid)) AND is_open = 1
            """
        ) > 0
    }

    /// Closes the open conflict of an item whose two sides have come to agree by themselves.
    static func closeConflict(
        of uid: String,
        _ link: LinkID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run(
            """
            UPDATE conflict SET is_open = 0, resolved_at = \(now.value), resolution = 'merged', resolved_by = 'agreement'
            WHERE link = \(link.value) AND uid = \(.text(uid)) AND is_open = 1
            """
        )
    }

    // MARK: Asking

    /// The conflicts of a principal's links, newest first.
    public func conflicts(
        of principal: PrincipalID,
        _ state: ConflictState?,
        link: LinkID? = nil,
        before: ConflictID? = nil,
        limit: Int = 100
    ) async throws -> [ConflictRow] {
        let isOpen: Int64? = state.map { $0 == .open ? 1 : 0 }
        return try await database.read { transaction in
            try transaction.rows(
                """
                SELECT conflict.* FROM conflict JOIN link ON link.id = conflict.link
                WHERE link.principal = \(principal.value) AND \(Self.isInUse)
                    AND (\(.integer(isOpen)) IS NULL OR is_open = \(.integer(isOpen)))
                    AND (\(.integer(link?.rawValue)) IS NULL OR conflict.link = \(.integer(link?.rawValue)))
                    AND (\(.integer(before?.rawValue)) IS NULL OR conflict.id < \(.integer(before?.rawValue)))
                ORDER BY conflict.id DESC LIMIT \(.integer(limit))
                """
            )
            .map(ConflictRow.init)
        }
    }

    /// The conflict with that identifier.
    public func conflict(_ id: ConflictID) async throws -> ConflictRow? {
        try await database.read { try Self.row(of: id, $0).map(ConflictRow.init) }
    }

    static func row(of id: ConflictID, _ transaction: borrowing SQLTransaction) throws -> SQLRow? {
        try transaction.row("SELECT * FROM conflict WHERE id = \(id.value) AND \(isInUse)")
    }

    /// A calendar in the trash keeps its conflicts; they are nobody's business until it is back.
    static let isInUse: SQLStatement = """
        EXISTS (SELECT 1 FROM calendar WHERE calendar.id = conflict.calendar AND deleted_at IS NULL)
        """
}

extension ConflictRow {
    init(_ row: SQLRow) throws {
        id = ConflictID(rawValue: try row.integer("id"))
        link = LinkID(rawValue: try row.integer("link"))
        calendar = CalendarID(rawValue: try row.integer("calendar"))
        uid = try row.text("uid")
        summary = try row.optionalText("summary")
        state = try row.bool("is_open") ? .open : .resolved
        createdAt = try row.instant("created_at")
        resolvedAt = try row.optionalInstant("resolved_at")
        resolution = try row.optionalWord("resolution")
        resolvedBy = try row.optionalText("resolved_by")
        run = try row.optionalInteger("run").map(RunID.init(rawValue:))
        baseText = try row.optionalText("base_text")
        gatewayText = try row.optionalText("gateway_text")
        upstreamText = try row.optionalText("upstream_text")
        fields = ShownFields(base: baseText, gateway: gatewayText, upstream: upstreamText)
            .conflicts(over: FieldsText.decodeKeys(try row.text("field_keys")))
    }
}
