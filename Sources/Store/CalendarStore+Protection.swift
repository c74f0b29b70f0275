import ICalendar
public import SQL

/// A write to an object that no client may change or delete, found out in the transaction of the write.
public struct ReadOnlyObject: Error, Sendable, Hashable {
    /// Why, in a sentence for a person.
    public var reason: String

    /// Says why an object may only be read.
    public init(_ reason: String) { self.reason = reason }
}

extension CalendarStore {
    /// Lets no client change or delete an object any more, for that reason; nil lets them again.
    public func protect(
        uid: String,
        in calendar: CalendarID,
        because reason: String?,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let value = SQLValue.text(reason)
        try transaction.run(
            """
            UPDATE object SET protection = \(value)
            WHERE calendar = \(calendar.value) AND uid = \(.text(uid)) AND protection IS DISTINCT FROM \(value)
            """
        )
    }

    /// The UIDs of what no client may change or delete in a calendar.
    public func protected(in calendar: CalendarID, _ transaction: borrowing SQLTransaction) throws -> [String] {
        try transaction.rows(
            "SELECT uid FROM object WHERE calendar = \(calendar.value) AND protection IS NOT NULL ORDER BY uid"
        )
        .map { try $0.text("uid") }
    }

    /// Refuses what a client does to an object that is protected.
    ///
    /// What a client only notes for itself is taken: that an alarm was seen, say.
    static func refuseIfProtected(
        _ object: SQLRow,
        from author: Author,
        replacing draft: Draft? = nil,
        _ transaction: borrowing SQLTransaction
    ) throws {
        guard author.isOutside, let reason = try object.optionalText("protection") else { return }
        if let draft {
            let id = try object.integer("id")
            let former = try transaction.row(
                """
                SELECT version.text FROM object JOIN version ON version.number = object.version
                WHERE object.id = \(.integer(id))
                """
            )
            let before = try former.map { try CalendarObject(parsing: $0.text("text")).essence }
            guard try before != CalendarObject(parsing: draft.text).essence else { return }
        }
        throw ReadOnlyObject(reason)
    }
}

extension CalendarStore {
    /// Refuses occurrences alone in the place of a series that an upstream has as well.
    ///
    /// The upstream cannot be cut down to them, so that the two would say different things for ever. An event that is only
    /// here may be replaced by whatever is a calendar object (RFC 4791 §5.3.2).
    func refuseCutting(
        _ draft: Draft,
        named name: String,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let former = try transaction.row(
            """
            SELECT version.text FROM object JOIN version ON version.number = object.version
            WHERE object.calendar = \(calendar.value) AND object.name = \(.text(name))
                AND object.uid = \(.text(draft.uid)) AND object.etag <> \(.text(draft.etag.rawValue))
            """
        )
        guard let former, try CalendarObject(parsing: former.text("text")).isSeries,
            try isKeptElsewhere(draft.uid, calendar, transaction)
        else { return }
        throw ReadOnlyObject(
            "The event is a series in a calendar that this one is linked to, which cannot be cut down to some of its"
                + " occurrences: send the series with them, or delete it first."
        )
    }
}

extension Author {
    /// Whether it is a person or a program of theirs that writes, not the gateway for itself.
    fileprivate var isOutside: Bool {
        switch kind {
        case .client, .command: true
        case .link, .restore: false
        }
    }
}

extension CalendarObject {
    /// Whether there is more to it than the occurrences it lists one by one.
    fileprivate var isSeries: Bool { master.map { $0.first("RRULE") != nil || $0.first("RDATE") != nil } ?? false }

    /// What of an object is more than a client's own notes, in no order.
    fileprivate var essence: Set<Set<Property>> {
        Set(
            calendar.components.filter { $0.name == kind.rawValue }.flatMap { component in
                [component.essence] + component.components.map(\.essence)
            }
        )
    }
}

extension Component {
    /// The properties that mean something to everybody.
    fileprivate var essence: Set<Property> {
        let kept: Set<String> = ["DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "ACKNOWLEDGED"]
        return Set(properties.filter { !kept.contains($0.name) && !$0.name.hasPrefix("X-") })
    }
}
