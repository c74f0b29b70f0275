public import Bridging
public import ICalendar
public import Store

/// Which way changes travel over a link.
public enum LinkDirection: String, Sendable, Hashable, CaseIterable, Codable {
    case both
    /// Only from the upstream to us: what is edited here stays here.
    case pull
    /// Only from us to the upstream: what is edited there stays there.
    case push
}

/// Who is right when both sides changed the same thing.
public enum ConflictPolicy: String, Sendable, Hashable, CaseIterable, Codable {
    /// The later modification; an edit beats a deletion.
    case newest
    case upstream
    case gateway
    /// The person: the item is held until they decide.
    case ask
}

/// One of our calendars joined to one upstream calendar.
public struct Link: Sendable, Hashable, Identifiable {
    public var id: LinkID

    /// Whose link it is: the owner of the connection.
    public var principal: PrincipalID
    public var calendar: CalendarID
    public var connection: ConnectionID

    /// The word of the REST interface: `google`, `notion`.
    public var provider: String

    /// The upstream's identifier of its calendar.
    public var upstreamCalendar: String
    public var upstreamName: String
    public var direction: LinkDirection
    public var policy: ConflictPolicy

    /// The mapping of fields to upstream columns, as JSON, where the upstream has one.
    public var mapping: String?

    /// What of the upstream is wanted, as JSON; nil for everything.
    public var filters: String?

    public var notifiesGuests: Bool

    /// Distinguishes this link from every other of every installation; goes into derived identifiers.
    public var identity: String

    /// The IANA zone for times that come without one.
    public var timeZone: String

    /// What the account may do with the upstream calendar.
    public var access: UpstreamCalendar.Access

    public var createdAt: Instant

    /// Who writes what the link brings, in that run.
    func author(in run: RunID?) -> Author { Author(.link, name: String(id.rawValue), run: run?.rawValue) }

    /// What a bridge must know of the link.
    public var upstream: UpstreamLink {
        UpstreamLink(
            identity: identity,
            calendar: upstreamCalendar,
            timeZone: timeZone,
            mapping: mapping,
            notifiesGuests: notifiesGuests
        )
    }
}

/// What makes a link.
public struct NewLink: Sendable, Hashable {
    public var principal: PrincipalID
    public var calendar: CalendarID
    public var connection: ConnectionID
    public var provider: String
    public var upstreamCalendar: String
    public var upstreamName: String
    public var direction: LinkDirection
    public var policy: ConflictPolicy
    public var mapping: String?
    public var filters: String?
    public var notifiesGuests: Bool
    public var timeZone: String
    public var access: UpstreamCalendar.Access

    /// The identity a link to the same upstream calendar is to have; nil for a new, random one.
    public var identity: String?

    /// Describes a link to be made; the calendar must exist.
    public init(
        principal: PrincipalID,
        calendar: CalendarID,
        connection: ConnectionID,
        provider: String,
        upstreamCalendar: String,
        upstreamName: String,
        direction: LinkDirection = .both,
        policy: ConflictPolicy = .newest,
        mapping: String? = nil,
        filters: String? = nil,
        notifiesGuests: Bool = false,
        timeZone: String = "UTC",
        access: UpstreamCalendar.Access = .owner,
        identity: String? = nil
    ) {
        self.principal = principal
        self.calendar = calendar
        self.connection = connection
        self.provider = provider
        self.upstreamCalendar = upstreamCalendar
        self.upstreamName = upstreamName
        self.direction = direction
        self.policy = policy
        self.mapping = mapping
        self.filters = filters
        self.notifiesGuests = notifiesGuests
        self.timeZone = timeZone
        self.access = access
        self.identity = identity
    }
}
