import ICalendar
import SQL

/// What became of a copy of a calendar.
public enum CalendarCopyOutcome: Sendable, Hashable {
    case created

    /// Another calendar had the name; it lies in the trash.
    case replaced

    /// Another calendar has the name.
    case nameTaken

    /// The source is gone, or its reader may not read it any more.
    case notFound
}

extension CalendarStore {
    /// Copies a calendar, as its reader sees it, into the reader's own home (RFC 4918 §9.8.3), in one transaction.
    ///
    /// The objects are new ones with histories of their own; links, shares and locks stay with the source.
    ///
    /// Without `isDeep` the objects stay behind, as Depth 0 has it; with `overwrites` the calendar that has the name goes
    /// into the trash.
    ///
    /// - Throws: ``WriteRefusal`` where a lock stands in the way, or there is no room.
    public func copyCalendar(
        _ source: CalendarCollection,
        to name: String,
        isDeep: Bool,
        overwrites: Bool,
        past wish: WriteGuard,
        by author: Author
    ) async throws -> CalendarCopyOutcome {
        let (now, actor, owner) = (now(), AuditActor.current, wish.principal)
        let made: (CalendarCopyOutcome, CalendarID?) = try await database.write { transaction in
            guard try Self.isReadable(source.id, by: author, transaction) else { return (.notFound, nil) }
            let holder = try transaction.row(
                """
                SELECT id FROM calendar
                WHERE owner = \(owner.value) AND name = \(.text(name)) AND deleted_at IS NULL
                """
            )
            if let holder = try holder.map({ CalendarID(rawValue: try $0.integer("id")) }) {
                guard overwrites, holder != source.id else { return (.nameTaken, nil) }
                try Self.admit(wish, to: .whole, in: holder, at: now, transaction)
                _ = try Self.deleteCalendar(holder, by: actor, at: now, transaction)
            }
            let copy = try Self.insertCalendar(name, of: owner, source.properties, at: now, transaction)
            guard let copy else { return (.nameTaken, nil) }
            try Self.audit(.calendarCreated, copy, by: actor, at: now, transaction)
            let from = source.received.map { DeadProperty.Holder.share($0.id) } ?? .calendar(source.id)
            try DeadProperty.Holder.calendar(copy.id).set(from.properties(transaction), remove: [], transaction)
            if isDeep {
                let octets = try Self.copyObjects(of: source.id, to: copy.id, at: now, by: author, transaction)
                try Self.count(octets, for: owner, transaction)
                let isOver = try Self.used(by: owner, transaction) > wish.quota
                if octets > 0, isOver { throw WriteRefusal.quotaExceeded }
            }
            return (holder == nil ? .created : .replaced, copy.id)
        }
        if let copy = made.1 { announce(Commit(calendar: copy, author: author)) }
        return made.0
    }

    /// Copies rows to rows, and answers how many octets they hold.
    ///
    /// No text is read, so that ten thousand objects are a matter of some hundred milliseconds.
    private static func copyObjects(
        of source: CalendarID,
        to copy: CalendarID,
        at now: Instant,
        by author: Author,
        _ transaction: borrowing SQLTransaction
    ) throws -> Int64 {
        let total = try transaction.row(
            "SELECT COUNT(*) AS objects, COALESCE(SUM(size), 0) AS octets FROM object WHERE calendar = \(source.value)"
        )
        guard let total, case let count = try total.integer("objects"), count > 0 else { return 0 }
        // Every copy is called by the number of its first version.
        let first = try Counter.version.last(of: count, transaction) - count
        try transaction.run(
            """
            INSERT INTO version (
                number, object, calendar, name, uid, kind, at, author_kind, author_name, run, summary, text
            )
            SELECT \(.integer(first)) + ROW_NUMBER() OVER (ORDER BY object.id),
                \(.integer(first)) + ROW_NUMBER() OVER (ORDER BY object.id),
                \(copy.value), object.name, object.uid, \(.text(VersionKind.created.rawValue)), \(now.value),
                \(.text(author.kind.rawValue)), \(.text(author.name)), \(.integer(author.run)),
                version.summary, version.text
            FROM object JOIN version ON version.number = object.version
            WHERE object.calendar = \(source.value)
            """
        )
        try transaction.run(
            """
            INSERT INTO object (
                id, calendar, name, uid, etag, kind, size, modified, revision, version,
                first_start, last_end, precision_name, occupancy_name
            )
            SELECT \(.integer(first)) + ROW_NUMBER() OVER (ORDER BY id),
                \(copy.value), name, uid, etag, kind, size, \(now.value), ROW_NUMBER() OVER (ORDER BY id),
                \(.integer(first)) + ROW_NUMBER() OVER (ORDER BY id),
                first_start, last_end, precision_name, occupancy_name
            FROM object WHERE calendar = \(source.value)
            """
        )
        try copyWhatObjectsHave(from: source, to: copy, transaction)
        try transaction.run(
            """
            UPDATE calendar SET revision = \(.integer(count)), used_octets = \(.integer(total.integer("octets")))
            WHERE id = \(copy.value)
            """
        )
        return try total.integer("octets")
    }

    /// The occurrences that are known of objects, and their dead properties.
    private static func copyWhatObjectsHave(
        from source: CalendarID,
        to copy: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run(
            """
            INSERT INTO occurrence_window (object, starts_at, ends_at, occurrences)
            SELECT made.id, occurrence_window.starts_at, occurrence_window.ends_at, occurrence_window.occurrences
            FROM object JOIN occurrence_window ON occurrence_window.object = object.id
                JOIN object AS made ON made.calendar = \(copy.value) AND made.uid = object.uid
            WHERE object.calendar = \(source.value)
            """
        )
        try transaction.run(
            """
            INSERT INTO object_property (object, calendar, namespace, name, xml)
            SELECT made.id, made.calendar, object_property.namespace, object_property.name, object_property.xml
            FROM object_property JOIN object ON object.id = object_property.object
                JOIN object AS made ON made.calendar = \(copy.value) AND made.uid = object.uid
            WHERE object_property.calendar = \(source.value)
            """
        )
    }
}
