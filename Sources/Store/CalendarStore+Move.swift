import ICalendar
import SQL

/// Whether the source of a transfer stays (RFC 4918 §9.8, §9.9).
public enum TransferKind: Sendable, Hashable { case copy, move }

/// The address of a calendar object, whether or not there is one.
public struct ObjectPlace: Sendable, Hashable {
    /// The calendar.
    public var calendar: CalendarID

    /// The last segment of the object's path.
    public var name: String

    /// Names a place.
    public init(calendar: CalendarID, name: String) {
        self.calendar = calendar
        self.name = name
    }
}

/// What became of a COPY or MOVE.
public enum TransferOutcome: Sendable, Hashable {
    case created(ETag)
    case replaced(ETag)

    /// The source is not what the caller read any more.
    case sourceChanged

    /// Something is at the destination, and may not be overwritten.
    case destinationExists

    /// Another object of the destination's calendar, of this name, has the UID.
    case uidInUse(by: String)

    /// The destination's calendar is gone.
    case calendarMissing

    /// The other calendar's objects have too many dead properties already.
    case tooManyProperties
}

extension CalendarStore {
    /// Copies or moves an object as it was read, in one transaction, and announces it to both calendars.
    ///
    /// Within its owner's home a moved object keeps its identifier, and so its history. What it overwrites stays as a version.
    public func transfer(
        _ source: StoredObject,
        _ kind: TransferKind,
        from calendar: CalendarID,
        to destination: ObjectPlace,
        overwrites: Bool,
        past wish: WriteGuard? = nil,
        by author: Author
    ) async throws -> TransferOutcome {
        let draft = Draft(try source.object(), at: now())
        let transfer = Transfer(
            kind: kind,
            source: ObjectPlace(calendar: calendar, name: source.name),
            expected: source.entry,
            destination: destination,
            overwrites: overwrites,
            wish: wish,
            author: author
        )
        let outcome: TransferOutcome
        do {
            outcome = try await database.write { try Self.carryOut(transfer, draft, $0) }
        } catch let abandoned as Abandoned {
            return abandoned.outcome
        } catch is TooManyProperties {
            return .tooManyProperties
        }
        switch outcome {
        case .created, .replaced:
            announce(Commit(calendar: destination.calendar, author: author))
            if kind == .move, calendar != destination.calendar { announce(Commit(calendar: calendar, author: author)) }
        case .sourceChanged, .destinationExists, .uidInUse, .calendarMissing, .tooManyProperties: break
        }
        return outcome
    }

    private struct Transfer: Sendable {
        var kind: TransferKind
        var source: ObjectPlace
        var expected: ObjectEntry
        var destination: ObjectPlace
        var overwrites: Bool
        var wish: WriteGuard?
        var author: Author
    }

    /// Thrown to undo what a transfer has written already.
    private struct Abandoned: Error { var outcome: TransferOutcome }

    private static func carryOut(
        _ transfer: Transfer,
        _ draft: Draft,
        _ transaction: borrowing SQLTransaction
    ) throws -> TransferOutcome {
        guard let from = try calendar(transfer.source.calendar, transaction),
            try isReadable(transfer.source.calendar, by: transfer.author, transaction),
            try etag(at: transfer.source, transaction) == transfer.expected.etag
        else { return .sourceChanged }
        let overwritten = try etag(at: transfer.destination, transaction)
        guard overwritten == nil || transfer.overwrites else { return .destinationExists }
        try admit(transfer, isNew: overwritten == nil, at: draft.at, transaction)
        let properties = try deadProperties(of: transfer.expected.id, transaction)
        if transfer.kind == .move {
            if overwritten != nil { try delete(transfer.destination, by: transfer.author, at: draft.at, transaction) }
            try delete(transfer.source, by: transfer.author, at: draft.at, transaction)
        }
        // The history of an object goes with it, but not to somebody else.
        let isWithinOneHome = try calendar(transfer.destination.calendar, transaction)?.owner == from.owner
        let outcome = try put(
            draft,
            named: transfer.destination.name,
            in: transfer.destination.calendar,
            if: .always,
            by: transfer.author,
            as: transfer.kind == .move && isWithinOneHome ? transfer.expected.id : nil,
            transaction
        )
        switch outcome {
        case .created(let etag), .replaced(let etag), .unchanged(let etag):
            try replaceProperties(of: transfer.destination, with: properties, transaction)
            return overwritten == nil ? .created(etag) : .replaced(etag)
        case .uidInUse(let holder): throw Abandoned(outcome: .uidInUse(by: holder))
        case .calendarMissing: throw Abandoned(outcome: .calendarMissing)
        case .conditionFailed: preconditionFailure("the write has no condition")
        }
    }

    /// Both ends must be free of locks; those on the source do not follow it (RFC 4918 §7.5).
    private static func admit(
        _ transfer: Transfer,
        isNew: Bool,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        guard let wish = transfer.wish else { return }
        let target = transfer.destination
        let scope: LockScope = isNew ? .membership(target.name) : .content(target.name)
        try admit(wish, to: scope, in: target.calendar, at: now, transaction)
        let (source, removal) = (transfer.source, LockScope.membership(transfer.source.name))
        if transfer.kind == .move, try admit(wish, to: removal, in: source.calendar, at: now, transaction) {
            try removeLocks(at: source, transaction)
        }
    }

    static func etag(at place: ObjectPlace, _ transaction: borrowing SQLTransaction) throws -> ETag? {
        try transaction.row(
            "SELECT etag FROM object WHERE calendar = \(place.calendar.value) AND name = \(.text(place.name))"
        )
        .map { ETag(rawValue: try $0.text("etag")) }
    }

    private static func delete(
        _ place: ObjectPlace,
        by author: Author,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let outcome = try delete(named: place.name, in: place.calendar, if: .always, by: author, at: now, transaction)
        // Nothing is there only where the calendar is gone: what lies at the place was just seen.
        guard outcome == .deleted else { throw Abandoned(outcome: .calendarMissing) }
    }
}

/// What became of a calendar's new name.
public enum RenameOutcome: Sendable, Hashable {
    case renamed

    /// Another calendar had the name; it was deleted.
    case replaced

    /// Another calendar has the name.
    case nameTaken

    case notFound
}

extension CalendarStore {
    /// Gives a calendar another name in its owner's home; with `overwrites`, the calendar that has it goes into the trash.
    public func renameCalendar(
        _ id: CalendarID,
        to name: String,
        overwrites: Bool,
        past wish: WriteGuard? = nil
    ) async throws -> RenameOutcome {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            guard let calendar = try Self.calendar(id, transaction) else { return .notFound }
            let holder = try transaction.row(
                """
                SELECT id FROM calendar
                WHERE owner = \(calendar.owner.value) AND name = \(.text(name)) AND deleted_at IS NULL
                """
            )
            if let holder = try holder.map({ CalendarID(rawValue: try $0.integer("id")) }) {
                guard overwrites, holder != id else { return .nameTaken }
                if let wish { try Self.admit(wish, to: .whole, in: holder, at: now, transaction) }
                _ = try Self.deleteCalendar(holder, by: actor, at: now, transaction)
            }
            // What somebody else has given stands in the way whatever may be overwritten: it is not the owner's to delete.
            guard try !Self.isTaken(name, in: calendar.owner, transaction) else { return .nameTaken }
            if let wish, try Self.admit(wish, to: .whole, in: id, at: now, transaction) {
                try Self.removeLocks(in: id, transaction)
            }
            try transaction.run("UPDATE calendar SET name = \(.text(name)) WHERE id = \(id.value)")
            return holder == nil ? .renamed : .replaced
        }
    }
}
