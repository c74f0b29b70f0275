import Accounts
import Bridging
import CalDAV
import HTTPTypes
import ICalendar
import Store
import Sync

/// A wish to keep an upstream calendar and one of ours in step, as a form or a program words it.
struct LinkWish: Sendable {
    var connection: ConnectionRow
    var upstreamCalendar: String
    /// The calendar of ours; nil for a new one.
    var calendar: CalendarCollection?
    var direction = LinkDirection.both
    var policy = ConflictPolicy.newest
    var mapping: String?
    var filters: String?
    var createsColumns = ColumnConsent.none
    var notifiesGuests = false
    /// The IANA zone for times that come without one; nil for the one that suggests itself.
    var timeZone: String?
}

extension Gateway {
    /// The bridge of a link, which tells what its upstream is able to; nil where the provider is gone.
    func bridge(of link: Link) -> (any Bridge)? {
        provider(link.provider)?.bridge(to: link.upstream, using: vault.source(for: link.connection))
    }

    /// Makes a link in preview: finds the upstream calendar, settles the mapping, makes a calendar of ours where none was named.
    ///
    /// - Throws: ``RESTProblem``, or what the upstream answered.
    func makeLink(_ wish: LinkWish, for principal: Principal) async throws -> Link {
        guard let provider = provider(wish.connection.provider) else { throw RESTProblem.notFound }
        let source = vault.source(for: wish.connection.id)
        let (named, all) = try await findCalendars(wish.upstreamCalendar, wish.connection.id, provider)
        let identity = LinkStore.randomIdentity()
        let zone = named?.timeZone.flatMap(ZoneResolver.ianaName)
        let ownZone = try await self.zone(of: wish.calendar, principal)
        var settled = UpstreamLink(
            identity: identity,
            calendar: named?.id ?? wish.upstreamCalendar,
            timeZone: wish.timeZone ?? zone ?? ownZone ?? "UTC",
            mapping: wish.mapping,
            notifiesGuests: wish.notifiesGuests
        )
        if let named, named.schema == nil, zone != nil {
            // Of such a calendar the list has said all there is to settle.
            settled.mapping = nil
        } else {
            settled = try await provider.settle(settled, createColumns: wish.createsColumns, using: source)
        }
        // A pasted address may name a container; settling says which calendar is meant.
        guard let upstream = named ?? all.first(where: { Self.isSame($0.id, settled.calendar) }) else {
            throw RESTProblem(
                .unprocessableContent,
                "not_found",
                "The account has no calendar \(wish.upstreamCalendar).",
                "Choose one of GET /connections/\(wish.connection.id.rawValue)/calendars."
            )
        }
        let calendar: CalendarCollection
        if let chosen = wish.calendar {
            calendar = chosen
        } else {
            calendar = try await makeCalendar(for: upstream, of: principal)
        }
        let new = NewLink(
            principal: principal.id,
            calendar: calendar.id,
            connection: wish.connection.id,
            provider: provider.name,
            upstreamCalendar: upstream.id,
            upstreamName: upstream.name,
            direction: wish.direction,
            policy: wish.policy,
            mapping: settled.mapping,
            filters: wish.filters,
            notifiesGuests: wish.notifiesGuests,
            timeZone: wish.timeZone ?? settled.timeZone,
            access: upstream.access,
            identity: identity
        )
        guard let link = try await links.create(new) else {
            throw RESTProblem(
                .conflict,
                "conflict",
                "These two calendars are linked already.",
                "Use the link that exists."
            )
        }
        return link
    }

    /// The calendar of that identifier, and those among which an address may mean one.
    ///
    /// What is listed is not all there is: Notion lists what was shared directly, and new databases late.
    private func findCalendars(
        _ identifier: String,
        _ connection: ConnectionID,
        _ provider: any UpstreamProvider
    ) async throws -> (named: UpstreamCalendar?, all: [UpstreamCalendar]) {
        let recent = listedCalendars.recent(of: connection, at: now())
        if let named = recent.first(where: { Self.isSame($0.id, identifier) }) { return (named, recent) }
        let listed = try await upstreamCalendars(of: connection, provider)
        if let named = listed.first(where: { Self.isSame($0.id, identifier) }) { return (named, listed) }
        guard let provider = provider as? any FindingProvider else { return (nil, listed) }
        let found = try await provider.calendars(at: identifier, using: vault.source(for: connection))
        return (found.count == 1 ? found.first : nil, found)
    }

    /// The zone of a calendar of ours, else of whatever calendar of its owner has one.
    private func zone(of calendar: CalendarCollection?, _ owner: Principal) async throws -> String? {
        if let zone = calendar?.timeZoneIdentifier { return zone }
        return try await calendars.calendars(of: owner.id).lazy.compactMap(\.timeZoneIdentifier).first
    }

    /// Notion's ids are the same with and without dashes.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        one == other || one.lowercased().filter { $0 != "-" } == other.lowercased().filter { $0 != "-" }
    }

    /// A zone as a calendar keeps it (RFC 4791 §5.2.2); nil where nobody knows it.
    private static func zoneText(_ name: String) -> String? {
        guard let iana = ZoneResolver.ianaName(for: name), let zone = TimeZoneData.vtimezone(for: iana, from: nil)
        else { return nil }
        let head = [Property("VERSION", value: "2.0"), Property("PRODID", value: "-//Kalends//EN")]
        return Component("VCALENDAR", properties: head, components: [zone]).serialized()
    }

    /// How many names are tried for a new calendar before giving up: a user has not that many of one name.
    private static let nameTries = 100

    private func makeCalendar(for upstream: UpstreamCalendar, of principal: Principal) async throws
        -> CalendarCollection
    {
        let base = CalendarName.derived(from: upstream.name)
        for number in 1...Self.nameTries {
            let made = try await calendars.createCalendar(
                named: number == 1 ? base : "\(base)-\(number)",
                of: principal.id,
                properties: CalendarProperties(
                    displayName: upstream.name,
                    color: upstream.color,
                    timeZone: upstream.timeZone.flatMap(Self.zoneText),
                    components: [.event, .todo, .journal]
                )
            )
            if let made { return made }
        }
        throw RESTProblem(.conflict, "conflict", "There are too many calendars called \(base).", "Make one by hand.")
    }
}

extension Gateway {
    /// Ends a connection and its links; of the upstream's events none is touched.
    func disconnect(
        _ connection: ConnectionRow,
        purge: LinkPurge,
        for visitor: Visitor
    ) async throws -> (links: [LinkReceipt], receipt: DisconnectReceipt) {
        let receipts = try await scheduler.delete(over: connection.id, purge: purge, by: visitor.author)
        return (receipts, try await connect.disconnect(connection.id, for: visitor.principal))
    }
}
