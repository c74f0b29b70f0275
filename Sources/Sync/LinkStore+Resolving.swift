import Bridging
import ICalendar
import Reconcile
import SQL
import Store

extension LinkStore {
    /// Settles a conflict as the person decided; ``SyncScheduler/resolve(_:_:by:)`` also wakes the link.
    ///
    /// A decision only moves what was agreed: who is overruled counts as not having changed, and the other side as having,
    /// so that the next pass carries its word over by itself; an edit made meanwhile is a new conflict.
    func resolve(_ id: ConflictID, _ decision: ConflictDecision, by author: Author) async throws -> ResolveOutcome {
        let now = now()
        let copyUID = makeIdentity()
        let calendars = calendars
        do {
            let resolved: (outcome: ResolveOutcome, calendar: CalendarID?) = try await database.write { transaction in
                guard let row = try Self.row(of: id, transaction) else { return (.notFound, nil) }
                let conflict = try OpenConflict(row)
                guard conflict.isOpen else { return (.alreadyResolved, nil) }
                let resolution = Resolution(conflict, decision)
                let written = try resolution.local(calendars, copyUID: copyUID)
                for object in written {
                    guard try Self.put(object, in: conflict.calendar, calendars, author, transaction) else {
                        return (.invalid("The event could not be stored."), nil)
                    }
                }
                if resolution.overrulesUpstream {
                    try Self.keepUpstream(of: conflict, calendars, by: author, at: now, transaction)
                }
                try Self.apply(resolution, at: now, transaction)
                try Self.audit(
                    .conflictResolved,
                    conflict.link,
                    by: author.name,
                    subject: conflict.uid,
                    detail: resolution.word.rawValue,
                    at: now,
                    transaction
                )
                return (.resolved, written.isEmpty ? nil : conflict.calendar)
            }
            if let calendar = resolved.calendar { calendars.announce(Commit(calendar: calendar, author: author)) }
            return resolved.outcome
        } catch let error as CalendarDataError {
            return .invalid(error.message)
        } catch let error as MergedValueError {
            return .invalid(error.message)
        }
    }

    private static func put(
        _ object: CalendarObject,
        in calendar: CalendarID,
        _ calendars: CalendarStore,
        _ author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        let current = try calendars.object(uid: object.uid, in: calendar, transaction)
        let names = current.map { [$0.name] } ?? ObjectName.candidates(for: object.uid)
        for name in names {
            let condition: WriteCondition = current.map { .matches([$0.etag]) } ?? .absent
            switch try calendars.put(object, named: name, in: calendar, if: condition, by: author, transaction) {
            case .created, .replaced, .unchanged: return true
            case .conditionFailed: continue
            case .uidInUse, .calendarMissing: return false
            }
        }
        return false
    }

    private static func apply(_ resolution: Resolution, at now: Instant, _ transaction: borrowing SQLTransaction) throws
    {
        let conflict = resolution.conflict
        let row = try transaction.row(
            """
            SELECT local_fields, remote_fields, origin FROM base
            WHERE link = \(conflict.link.value) AND uid = \(.text(conflict.uid)) AND agreed_at IS NOT NULL
            """
        )
        let known = try row.map(Agreement.init)
        if let agreement = resolution.agreement(from: known) {
            let fields = agreement.columns
            try transaction.run(
                """
                INSERT INTO base (
                    link, uid, series, local_fields, remote_fields, local_text, remote_text, local_digest,
                    remote_digest, origin, agreed_at
                ) VALUES (
                    \(conflict.link.value), \(.text(conflict.uid)),
                    (SELECT series FROM mirrored_object WHERE link = \(conflict.link.value)
                        AND uid = \(.text(conflict.uid)) AND text IS NOT NULL),
                    \(.text(fields.local)), \(.text(fields.remote)), '', '', \(.text(MirroredObject.openDigest)),
                    \(.text(MirroredObject.openDigest)), \(.text(Origin.both.rawValue)),
                    \(now.value)
                )
                ON CONFLICT (link, uid) DO UPDATE SET local_fields = excluded.local_fields,
                    remote_fields = excluded.remote_fields, local_digest = excluded.local_digest,
                    remote_digest = excluded.remote_digest,
                    agreed_at = excluded.agreed_at
                """
            )
        } else {
            try transaction.run(
                """
                UPDATE base SET agreed_at = NULL
                WHERE link = \(conflict.link.value) AND uid = \(.text(conflict.uid))
                """
            )
        }
        try transaction.run(
            """
            UPDATE conflict SET is_open = 0, resolved_at = \(now.value), resolved_by = 'person',
                resolution = \(.text(resolution.word.rawValue))
            WHERE id = \(conflict.id.value)
            """
        )
        try lookAgain(conflict.link, transaction)
    }
}

/// A conflict row as a decision needs it.
struct OpenConflict {
    var id: ConflictID
    var link: LinkID
    var calendar: CalendarID
    var uid: String
    var isOpen: Bool
    var keys: Set<FieldKey>
    var local: Fields
    var remote: Fields
    var gatewayText: String?
    var upstreamText: String?

    init(_ row: SQLRow) throws {
        id = ConflictID(rawValue: try row.integer("id"))
        link = LinkID(rawValue: try row.integer("link"))
        calendar = CalendarID(rawValue: try row.integer("calendar"))
        uid = try row.text("uid")
        isOpen = try row.bool("is_open")
        keys = Set(FieldsText.decodeKeys(try row.text("field_keys")))
        local = FieldsText.decode(try row.text("local_fields"))
        remote = FieldsText.decode(try row.text("remote_fields"))
        gatewayText = try row.optionalText("gateway_text")
        upstreamText = try row.optionalText("upstream_text")
    }
}

extension OpenConflict {
    /// The event as the upstream says; of one whose details it may not see, those of ours stay.
    ///
    /// Nil where it is gone there, or nothing but a veil is left of it.
    func upstreamWord() throws -> CalendarObject? {
        guard let theirs = try upstreamText.map({ try CalendarObject(parsing: $0) }) else { return nil }
        guard BusyTime.isVeiled(theirs) else { return theirs }
        return try gatewayText.map { try BusyTime.unveiled(theirs, over: CalendarObject(parsing: $0)) }
    }
}

/// What a decision makes of a conflict.
struct Resolution {
    let conflict: OpenConflict
    private let decision: ConflictDecision

    init(_ conflict: OpenConflict, _ decision: ConflictDecision) {
        self.conflict = conflict
        self.decision = decision
    }

    var word: ConflictResolution {
        switch decision {
        case .gateway: .gateway
        case .upstream: .upstream
        case .both: .both
        case .merged, .mergedText: .merged
        }
    }

    /// Whether what the upstream says goes lost with the decision.
    var overrulesUpstream: Bool {
        switch decision {
        case .gateway, .merged, .mergedText: true
        case .upstream, .both: false
        }
    }

    /// The objects to be stored here before anything is agreed.
    func local(_ calendars: CalendarStore, copyUID: String) throws -> [CalendarObject] {
        switch decision {
        case .gateway, .upstream:
            return []
        case .both:
            guard conflict.gatewayText != nil else { return [] }
            return try conflict.upstreamWord().map { [try $0.with(uid: "\(copyUID)@kalends")] } ?? []
        case .merged(let values):
            guard let text = conflict.gatewayText ?? conflict.upstreamText else { return [] }
            return [try MergedValues(values).applied(to: CalendarObject(parsing: text))]
        case .mergedText(let text):
            return [try CalendarObject(parsing: text).with(uid: conflict.uid)]
        }
    }

    /// The agreement after the decision; nil where there is to be none, so that who has the event gives it to the other.
    func agreement(from known: Agreement?) -> Agreement? {
        var agreement = known ?? Agreement(local: [:], remote: [:])
        switch (conflict.gatewayText == nil, conflict.upstreamText == nil, decision) {
        case (true, _, .upstream), (_, true, .gateway), (true, _, .both), (_, true, .both), (_, true, .merged),
            (_, true, .mergedText):
            return nil
        case (true, _, .gateway):
            agreement.remote = conflict.remote
        case (_, true, .upstream):
            agreement.local = conflict.local
        case (true, _, .merged), (true, _, .mergedText), (false, false, .mergedText):
            // Everything counts as changed here, what is missing here too.
            agreement.remote = conflict.remote
            agreement.local = conflict.remote.mapValues { _ in Agreement.neverSaid }
        case (false, false, .gateway), (false, false, .both), (false, false, .merged):
            agreeOnEquals(&agreement)
            // Of what the person set, too, the upstream's word was seen and overruled.
            for key in conflict.keys.union(decision.fields) {
                agreement.remote[key] = conflict.remote[key]
                agreement.local[key] = Agreement.neverSaid
            }
        case (false, false, .upstream):
            agreeOnEquals(&agreement)
            for key in conflict.keys {
                agreement.local[key] = conflict.local[key]
                agreement.remote[key] = Agreement.neverSaid
            }
        }
        return agreement
    }

    private func agreeOnEquals(_ agreement: inout Agreement) {
        for (key, value) in conflict.local where conflict.remote[key] == value {
            agreement.local[key] = value
            agreement.remote[key] = value
        }
    }
}

extension ConflictDecision {
    /// The fields of the event, or of its series, that are set one by one.
    fileprivate var fields: Set<FieldKey> {
        guard case .merged(let values) = self else { return [] }
        let names = Set(values.keys.map { $0.uppercased() })
        return Set(Field.allCases.filter { !names.isDisjoint(with: $0.properties) }.map { FieldKey($0.rawValue) })
    }
}
