import Bridging
import ICalendar
import Reconcile
import SQL
import Store

/// What is to be written to our calendar together with an agreement.
enum LocalWrite: Sendable {
    case create(Draft, uid: String)
    case replace(StoredObject, by: Draft)
    case delete(StoredObject)
}

/// What became of an item, to be written in one transaction.
struct Settlement: Sendable {
    var uid: String

    /// The write to our calendar; what it was decided on must still hold.
    var localWrite: LocalWrite?

    /// The series as the upstream answered it, with its records; nil where it was not written to.
    var mirrored: (object: MirroredObject, records: [UpstreamRecord])?

    /// A series that is no more and that nobody asks about again.
    var forgottenSeries: String?

    /// What both sides agree on now; nil ends the agreement.
    var agreed: AgreedItem?

    /// A conflict that was decided on the way.
    var conflict: NewConflict?

    var run: RunID?

    /// Its line in the run; nil for what changes nothing that anybody sees.
    var entry: RunEntry?

    /// Why no client may change our object, or nil where they may; nothing at all where that is as it was.
    var protection: String??

    /// Lines of writes that were begun, and that have happened as is seen now.
    var found: [AuditEntry] = []

    /// Whether nothing is known of the item yet, so that nothing can be waiting for this.
    var isFirst = false

    /// Whether the link leaves the event alone from now on.
    var isLeftAlone = false

    init(_ uid: String) { self.uid = uid }
}

/// A write that is about to be made, and whose outcome may stay unknown.
struct Intention: Sendable {
    var uid: String
    /// What the upstream is to say.
    var text: String
    var isCreation: Bool
    /// The fields that are written of an event that is there.
    var fields: Set<FieldKey> = []
    /// Whether it takes several writes.
    var isSeveral = false
}

/// How a settlement went.
enum SettlementOutcome: Sendable, Hashable {
    case settled
    /// Our object is no longer the one it was decided on: nothing was written to it, nothing agreed.
    case changedHere
    case calendarMissing
}

extension LinkStore {
    /// Writes what became of some items in one transaction: object, change, mirror and agreement of each stand or fall
    /// together, and with them the lines that tell of it.
    func settle(
        _ settlements: [Settlement],
        of link: Link,
        audit: [AuditEntry] = []
    ) async throws -> [SettlementOutcome] {
        let author = link.author(in: settlements.first?.run)
        let now = now()
        let calendars = calendars
        let outcomes = try await database.write { transaction in
            try Self.conclude(audit, transaction)
            return try settlements.map { try Self.settle($0, of: link, calendars, author, at: now, transaction) }
        }
        if zip(settlements, outcomes).contains(where: { $1 == .settled && $0.localWrite != nil }) {
            calendars.announce(Commit(calendar: link.calendar, author: author))
        }
        return outcomes
    }

    private static func settle(
        _ settlement: Settlement,
        of link: Link,
        _ calendars: CalendarStore,
        _ author: Author,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> SettlementOutcome {
        if let mirrored = settlement.mirrored {
            try replace(mirrored.records, of: mirrored.object.series, link.id, transaction)
            try save(mirrored.object, of: link.id, at: now, transaction)
        }
        let outcome = try write(settlement, of: link, calendars, author, transaction)
        guard outcome == .settled else { return outcome }
        if let reason = settlement.protection {
            try protect(settlement.uid, because: reason, of: link, calendars, transaction)
        }
        if let series = settlement.forgottenSeries { try forget(series: series, link.id, transaction) }
        try agree(settlement, of: link, calendars, at: now, transaction)
        if settlement.isLeftAlone { try leaveAlone(settlement.uid, link.id, at: now, transaction) }
        try conclude(settlement.found, transaction)
        if let entry = settlement.entry, let run = settlement.run { try insert(entry, of: run, transaction) }
        return .settled
    }

    /// Remembers what the upstream answered to one of several writes of an item, and what is agreed on by that.
    ///
    /// What it was to make is there now: whatever of it is not is another change.
    func remember(
        _ mirrored: (object: MirroredObject, records: [UpstreamRecord]),
        agreed: AgreedItem?,
        on uid: String,
        of link: Link,
        audit: [AuditEntry]
    ) async throws {
        let now = now()
        try await database.write { transaction in
            try Self.conclude(audit, transaction)
            try Self.replace(mirrored.records, of: mirrored.object.series, link.id, transaction)
            try Self.save(mirrored.object, of: link.id, at: now, transaction)
            guard let agreed else { return }
            try Self.save(agreed, for: uid, run: nil, of: link.id, at: now, transaction)
            try transaction.run(
                "UPDATE intent SET is_creation = 0 WHERE link = \(link.id.value) AND uid = \(.text(uid))"
            )
        }
    }

    /// Notes that items are about to be written, before the upstream hears of it.
    ///
    /// - Returns: the lines of the audit trail, numbered.
    func begin(_ lines: [AuditEntry], intending intentions: [Intention], over link: Link) async throws -> [AuditEntry] {
        let now = now()
        return try await database.write { transaction in
            for intention in intentions {
                try transaction.run(
                    """
                    INSERT INTO intent (link, uid, is_creation, text, fields, is_several, at)
                    VALUES (
                        \(link.id.value), \(.text(intention.uid)), \(.integer(intention.isCreation)),
                        \(.text(intention.text)), \(.text(FieldsText.encode(keys: intention.fields))),
                        \(.integer(intention.isSeveral)), \(now.value)
                    )
                    ON CONFLICT (link, uid) DO UPDATE SET text = excluded.text, fields = excluded.fields,
                        is_several = excluded.is_several
                    """
                )
            }
            return try lines.map { line in
                var line = line
                line.id = try CalendarStore.audit(line, at: now, transaction)
                return line
            }
        }
    }

    /// Takes notes back: the upstream did not do what was intended, for certain.
    func abandonIntents(_ uids: [String], over link: Link) async throws {
        guard !uids.isEmpty else { return }
        try await database.write { transaction in
            for uid in uids {
                try transaction.run("DELETE FROM intent WHERE link = \(link.id.value) AND uid = \(.text(uid))")
            }
        }
    }

    /// Notes in one transaction what became of some changes that were not answered.
    func settleUnanswered(
        _ changes: some Sequence<FoundChange> & Sendable,
        over link: Link,
        in run: RunID?
    ) async throws {
        let now = now()
        try await database.write { transaction in
            for change in changes {
                let uid = change.uid
                if let agreed = change.agreed {
                    let found = change.entry == nil ? nil : run
                    try Self.save(agreed, for: uid, run: found, of: link.id, at: now, transaction)
                }
                try Self.conclude(change.lines, transaction)
                if let entry = change.entry, let run { try Self.insert(entry, of: run, transaction) }
                // A creation is agreed on with everything else about its event.
                guard !change.isCreation else { continue }
                try transaction.run("DELETE FROM intent WHERE link = \(link.id.value) AND uid = \(.text(uid))")
            }
        }
    }

    // MARK: In a transaction

    /// Writes to our calendar what was decided, if it is still what it was decided on.
    private static func write(
        _ settlement: Settlement,
        of link: Link,
        _ calendars: CalendarStore,
        _ author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> SettlementOutcome {
        switch settlement.localWrite {
        case nil:
            return .settled
        case .create(let draft, let uid):
            for name in ObjectName.candidates(for: uid) {
                switch try calendars.put(draft, named: name, in: link.calendar, if: .absent, by: author, transaction) {
                case .created, .replaced, .unchanged: return .settled
                // The name is that of another event.
                case .conditionFailed: continue
                case .uidInUse: return .changedHere
                case .calendarMissing: return .calendarMissing
                }
            }
            return .changedHere
        case .replace(let stored, let draft):
            let condition = WriteCondition.matches([stored.etag])
            let outcome = try calendars.put(
                draft,
                named: stored.name,
                in: link.calendar,
                if: condition,
                by: author,
                transaction
            )
            switch outcome {
            case .created, .replaced, .unchanged: return .settled
            case .conditionFailed, .uidInUse: return .changedHere
            case .calendarMissing: return .calendarMissing
            }
        case .delete(let stored):
            let condition = WriteCondition.matches([stored.etag])
            switch try calendars.delete(named: stored.name, in: link.calendar, if: condition, by: author, transaction) {
            case .deleted: return .settled
            case .notFound, .conditionFailed: return .changedHere
            }
        }
    }

    /// Moves the agreement, and takes away everything that waited for it.
    private static func agree(
        _ settlement: Settlement,
        of link: Link,
        _ calendars: CalendarStore,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let uid = settlement.uid
        if let agreed = settlement.agreed {
            try save(
                agreed,
                for: uid,
                run: settlement.run,
                protection: settlement.protection,
                of: link.id,
                at: now,
                transaction
            )
        } else {
            try rememberOrigin(of: uid, link.id, at: now, transaction)
            try transaction.run("DELETE FROM base WHERE link = \(link.id.value) AND uid = \(.text(uid))")
        }
        if !settlement.isFirst {
            for table in ["intent", "retry", "held"] {
                try transaction.run("DELETE FROM \(raw: table) WHERE link = \(link.id.value) AND uid = \(.text(uid))")
            }
        }
        if let conflict = settlement.conflict {
            try insert(conflict, of: link, isOpen: false, calendars, at: now, transaction)
        }
        // One that is open still has come to an end by itself.
        if !settlement.isFirst { try closeConflict(of: uid, link.id, at: now, transaction) }
    }

    /// Remembers whose an event was that is gone: it may be brought back.
    private static func rememberOrigin(
        of uid: String,
        _ link: LinkID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run(
            """
            INSERT INTO departed (link, uid, series, origin, since)
            SELECT link, uid, series, origin, \(now.value) FROM base WHERE link = \(link.value) AND uid = \(.text(uid))
            ON CONFLICT (link, uid) DO UPDATE SET since = excluded.since, series = excluded.series
            """
        )
    }

    static func save(
        _ agreed: AgreedItem,
        for uid: String,
        run: RunID?,
        protection: String?? = nil,
        of link: LinkID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let fields = agreed.agreement.with(agreed.dormant).columns
        let kept: SQLStatement = protection == nil ? "base.protection" : "excluded.protection"
        // Whose the event was first is never written over.
        try transaction.run(
            """
            INSERT INTO base (
                link, uid, series, local_fields, remote_fields, local_text, remote_text, local_digest, remote_digest,
                origin, agreed_at, run, protection
            ) VALUES (
                \(link.value), \(.text(uid)), \(.text(agreed.series)),
                \(.text(fields.local)), \(.text(fields.remote)), \(.text(agreed.localText)),
                \(.text(SameText.column(agreed.remoteText, beside: agreed.localText))), \(.text(agreed.localDigest)),
                \(.text(agreed.remoteDigest)), \(.text(agreed.origin.rawValue)),
                \(agreed.isVoid ? .null : now.value), \(.integer(run?.rawValue)), \(.text(protection ?? nil))
            )
            ON CONFLICT (link, uid) DO UPDATE SET series = excluded.series, local_fields = excluded.local_fields,
                remote_fields = excluded.remote_fields, local_text = excluded.local_text,
                remote_text = excluded.remote_text, local_digest = excluded.local_digest,
                remote_digest = excluded.remote_digest, agreed_at = excluded.agreed_at,
                run = COALESCE(excluded.run, base.run), protection = \(kept)
            """
        )
    }
}
