public import ICalendar

/// What a person sets on a calendar.
public struct CalendarProperties: Sendable, Hashable {
    public var displayName: String?
    public var description: String?

    /// `#RRGGBB` or `#RRGGBBAA`, as the client wrote it.
    public var color: String?

    /// The calendar's place in a client's list.
    public var order: Int?

    /// The `VCALENDAR` text with the zone for floating times (RFC 4791 §5.2.2).
    public var timeZone: String?

    /// The kinds of component the calendar takes (RFC 4791 §5.2.3).
    public var components: [ComponentKind]

    /// The address a client fetches the events from; with one this is no calendar, only the note of a subscription.
    public var source: String?

    /// Describes a calendar's properties; by default a calendar of events and to-dos.
    public init(
        displayName: String? = nil,
        description: String? = nil,
        color: String? = nil,
        order: Int? = nil,
        timeZone: String? = nil,
        components: [ComponentKind] = [.event, .todo, .journal],
        source: String? = nil
    ) {
        self.displayName = displayName
        self.description = description
        self.color = color
        self.order = order
        self.timeZone = timeZone
        self.components = components
        self.source = source
    }
}

/// A calendar collection (RFC 4791 §4.2).
public struct CalendarCollection: Sendable, Hashable {
    public var id: CalendarID
    public var owner: PrincipalID

    /// The last segment of the calendar's path.
    public var name: String

    public var properties: CalendarProperties

    /// Grows with every change of an object; at once the ctag and the newest sync token.
    public var revision: Int64

    /// Tokens below it are refused: deletions that they have not seen are forgotten.
    public var purgedBelow: Int64

    /// Whether clients may only read: its upstream may only be read, or the one who sees it was given no more.
    ///
    /// The store itself enforces only the latter.
    public var isWriteProtected: Bool

    public var createdAt: Instant

    /// Whether its owner has given it to somebody.
    public var isShared = false

    /// The share through which a sharee sees it, who has a name and properties of its own for it; nil for the owner.
    public var received: ReceivedShare?

    /// Describes a calendar.
    public init(
        id: CalendarID,
        owner: PrincipalID,
        name: String,
        properties: CalendarProperties,
        revision: Int64,
        purgedBelow: Int64,
        isWriteProtected: Bool,
        createdAt: Instant
    ) {
        self.id = id
        self.owner = owner
        self.name = name
        self.properties = properties
        self.revision = revision
        self.purgedBelow = purgedBelow
        self.isWriteProtected = isWriteProtected
        self.createdAt = createdAt
    }
}

/// A property that the server stores and does not understand (RFC 4918 §4.2).
public struct DeadProperty: Sendable, Hashable {
    public var namespace: String
    public var name: String

    /// The whole element, as it is to be given back.
    public var xml: String

    /// Describes a dead property.
    public init(namespace: String, name: String, xml: String) {
        self.namespace = namespace
        self.name = name
        self.xml = xml
    }
}
