public import Bridging
import ICalendar
public import SQL
public import Store

/// What can be changed about a link; nil leaves it as it is.
public struct LinkChange: Sendable, Hashable {
    public var direction: LinkDirection?
    public var policy: ConflictPolicy?
    public var mapping: String??

    /// The fields that the mapping keeps elsewhere than before: no agreement is about them any more.
    public var moved: Set<Field> = []

    public var filters: String??
    public var notifiesGuests: Bool?

    /// The IANA zone for times that come without one.
    public var timeZone: String?

    /// The events that the link is to leave alone.
    public var skip: ChosenEvents?

    /// The events, of either side, that a plan takes for one with another and that are two.
    public var separate: ChosenEvents?

    /// Changes nothing.
    public init() {}
}

extension LinkStore {
    /// Makes a link, in preview; nil when the two calendars are linked already, over whichever connection.
    ///
    /// A calendar whose upstream may only be read is read-only here too.
    public func create(_ new: NewLink) async throws -> Link? {
        let (now, actor) = (now(), AuditActor.current)
        let identity = new.identity ?? makeIdentity()
        let link: Link? = try await database.write { transaction in
            let twin = try transaction.row(
                """
                SELECT id FROM link WHERE calendar = \(new.calendar.value)
                    AND provider = \(.text(new.provider)) AND upstream_calendar = \(.text(new.upstreamCalendar))
                """
            )
            guard twin == nil else { return nil }
            let id = LinkID(rawValue: try SyncCounter.link.next(transaction))
            try transaction.run(
                """
                INSERT INTO link (
                    id, principal, calendar, connection, provider, upstream_calendar, upstream_name, direction, policy,
                    mapping, filters, notifies_guests, identity, time_zone, access, created_at, state
                ) VALUES (
                    \(id.value), \(new.principal.value), \(new.calendar.value), \(new.connection.value),
                    \(.text(new.provider)), \(.text(new.upstreamCalendar)), \(.text(new.upstreamName)),
                    \(.text(new.direction.rawValue)), \(.text(new.policy.rawValue)), \(.text(new.mapping)),
                    \(.text(new.filters)), \(.integer(new.notifiesGuests)), \(.text(identity)),
                    \(.text(new.timeZone)), \(.text(new.access.rawValue)), \(now.value),
                    \(.text(LinkState.preview.rawValue))
                )
                """
            )
            try Self.audit(.linkCreated, id, by: actor, at: now, transaction)
            return try Self.link(id, transaction)
        }
        if let link { try await protectCalendar(link.calendar) }
        return link
    }

    /// The link with that identifier.
    public func link(_ id: LinkID) async throws -> Link? { try await database.read { try Self.link(id, $0) } }

    /// The links of a principal, in the order they were made.
    public func links(of principal: PrincipalID) async throws -> [Link] {
        try await links("WHERE principal = \(principal.value)")
    }

    /// The links of one of our calendars.
    public func links(in calendar: CalendarID) async throws -> [Link] {
        try await links("WHERE calendar = \(calendar.value)")
    }

    /// The links over a connection.
    public func links(over connection: ConnectionID) async throws -> [Link] {
        try await links("WHERE connection = \(connection.value)")
    }

    /// All links of all principals.
    public func allLinks() async throws -> [Link] { try await links("") }

    private func links(_ condition: SQLStatement) async throws -> [Link] {
        try await database.read(.lookup) { transaction in
            try transaction.rows("\(Link.select) \(condition) ORDER BY id").map(Link.init)
        }
    }

    /// Changes a link; everything is compared anew in its next pass.
    ///
    /// - Returns: the link as it is now, or nil when there is none.
    /// - Throws: ``LinkHasBegun`` where it is too late to choose about pairs; nothing is changed then.
    public func update(_ id: LinkID, _ change: LinkChange) async throws -> Link? {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            guard var link = try Self.link(id, transaction) else { return nil }
            let former = link
            link.direction = change.direction ?? link.direction
            link.policy = change.policy ?? link.policy
            link.mapping = change.mapping ?? link.mapping
            link.filters = change.filters ?? link.filters
            link.notifiesGuests = change.notifiesGuests ?? link.notifiesGuests
            link.timeZone = change.timeZone ?? link.timeZone
            try transaction.run(
                """
                UPDATE link SET direction = \(.text(link.direction.rawValue)), policy = \(.text(link.policy.rawValue)),
                    mapping = \(.text(link.mapping)), filters = \(.text(link.filters)),
                    notifies_guests = \(.integer(link.notifiesGuests)), time_zone = \(.text(link.timeZone))
                WHERE id = \(id.value)
                """
            )
            try Self.lookAgain(id, atEverything: true, transaction)
            try Self.endAgreement(on: change.moved, of: id, transaction)
            if link.mapping != former.mapping { try Self.retryRefused(id, at: now, transaction) }
            let skipped = try change.skip.map { try Self.setSkipped($0, of: id, at: now, transaction) }
            let separated = try change.separate.map { try Self.setSeparate($0, of: id, transaction) }
            let parts = [
                link.difference(from: former), skipped.map { "events left alone: \($0)" },
                separated.map { "events not taken for the same: \($0)" },
            ]
            .compactMap(\.self)
            let detail = parts.isEmpty ? nil : parts.joined(separator: ", ")
            try Self.audit(.linkChanged, link, by: actor, detail: detail, at: now, transaction)
            return link
        }
    }

    /// Whether an event of a calendar is agreed on with the upstream of any of its links.
    public static func isKeptElsewhere(
        _ uid: String,
        _ calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws -> Bool {
        try transaction.row(
            """
            SELECT base.uid FROM base JOIN link ON link.id = base.link
            WHERE link.calendar = \(calendar.value) AND base.uid = \(.text(uid)) AND agreed_at IS NOT NULL LIMIT 1
            """
        ) != nil
    }

    /// Notes what an account may do with the upstream calendar of a link, which is the right to write ours, too.
    ///
    /// Events of our own beside a calendar that might only be read ever since it was linked go nowhere by themselves when
    /// that changes: the link goes on to pull until a person says that it is to write, too.
    ///
    /// - Returns: the direction of the link from then on.
    func setAccess(_ access: UpstreamCalendar.Access, of link: Link) async throws -> LinkDirection {
        let now = now()
        let direction = try await database.write { transaction in
            let isUnasked = try link.access == .reader && Self.hasOnlyHere(link, transaction)
            let direction = isUnasked ? LinkDirection.pull : link.direction
            try transaction.run(
                """
                UPDATE link SET access = \(.text(access.rawValue)), direction = \(.text(direction.rawValue))
                WHERE id = \(link.id.value)
                """
            )
            // What could not go for want of a right may go now.
            if access != .reader { try Self.retryRefused(link.id, at: now, transaction) }
            let turned = direction == link.direction ? "" : ", direction \(link.direction) → \(direction)"
            let detail = "access \(link.access) → \(access)" + turned
            try Self.audit(.linkChanged, link, by: "gateway", detail: detail, at: now, transaction)
            return direction
        }
        try await protectCalendar(link.calendar)
        return direction
    }

    /// Whether our calendar has events that a link which never wrote would publish.
    private static func hasOnlyHere(_ link: Link, _ transaction: borrowing SQLTransaction) throws -> Bool {
        try transaction.row(
            """
            SELECT object.uid FROM link JOIN object ON object.calendar = link.calendar
            WHERE link.id = \(link.id.value) AND has_written = 0
                AND NOT EXISTS (SELECT 1 FROM base WHERE base.link = link.id AND base.uid = object.uid)
                AND NOT EXISTS (SELECT 1 FROM skipped WHERE skipped.link = link.id AND skipped.uid = object.uid)
            LIMIT 1
            """
        ) != nil
    }

    /// Makes the calendar read-only exactly while a link to an upstream that may only be read pulls into it.
    func protectCalendar(_ calendar: CalendarID) async throws {
        let isReadOnly = try await links(in: calendar).contains { $0.access == .reader }
        guard let current = try await calendars.calendar(calendar), current.isWriteProtected != isReadOnly else {
            return
        }
        try await calendars.setWriteProtected(isReadOnly, of: calendar)
    }

    static func link(_ id: LinkID, _ transaction: borrowing SQLTransaction) throws -> Link? {
        try transaction.row("\(Link.select) WHERE id = \(id.value)").map(Link.init)
    }
}

extension Link {
    /// What is other than it was, in a few words.
    fileprivate func difference(from former: Link) -> String? {
        var parts: [String] = []
        if direction != former.direction { parts.append("direction \(former.direction) → \(direction)") }
        if policy != former.policy { parts.append("conflicts \(former.policy) → \(policy)") }
        if mapping != former.mapping { parts.append("mapping") }
        if filters != former.filters { parts.append("filters → \(filters ?? "none")") }
        if notifiesGuests != former.notifiesGuests { parts.append("notify_guests → \(notifiesGuests)") }
        if timeZone != former.timeZone { parts.append("time_zone \(former.timeZone) → \(timeZone)") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    static let select: SQLStatement = """
        SELECT id, principal, calendar, connection, provider, upstream_calendar, upstream_name, direction, policy,
            mapping, filters, notifies_guests, identity, time_zone, access, created_at
        FROM link
        """

    init(_ row: SQLRow) throws {
        id = LinkID(rawValue: try row.integer("id"))
        principal = PrincipalID(rawValue: try row.integer("principal"))
        calendar = CalendarID(rawValue: try row.integer("calendar"))
        connection = ConnectionID(rawValue: try row.integer("connection"))
        provider = try row.text("provider")
        upstreamCalendar = try row.text("upstream_calendar")
        upstreamName = try row.text("upstream_name")
        direction = try row.word("direction")
        policy = try row.word("policy")
        mapping = try row.optionalText("mapping")
        filters = try row.optionalText("filters")
        notifiesGuests = try row.bool("notifies_guests")
        identity = try row.text("identity")
        timeZone = try row.text("time_zone")
        access = try row.word("access")
        createdAt = try row.instant("created_at")
    }
}
