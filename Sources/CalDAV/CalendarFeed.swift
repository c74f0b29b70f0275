import ICalendar
public import Store

/// A calendar as one text, seen through the privacy of a secret link: written piece by piece, so that none is ever whole.
public struct CalendarFeed: Sendable {
    private let privacy: FeedPrivacy
    private let link: Int64
    private var writtenZones: Set<String> = []

    /// How often clients are asked to look again: often enough for people, seldom enough for the server.
    private static let refreshInterval = "PT1H"

    /// Begins the text of a calendar for one link.
    public init(_ feed: Feed) {
        privacy = feed.privacy
        link = feed.id
    }

    /// Begins the text of a whole calendar, for whoever may read all of it.
    public init() {
        privacy = .full
        link = 0
    }

    /// The lines before the first object.
    public func head(of calendar: CalendarCollection) -> String {
        let name = calendar.properties.displayName ?? calendar.name
        let properties = [
            Property("VERSION", value: "2.0"), Property("PRODID", text: "-//Kalends//Kalends//EN"),
            Property("CALSCALE", value: "GREGORIAN"), Property("NAME", text: name),
            Property("X-WR-CALNAME", text: name),
            Property("REFRESH-INTERVAL", parameters: [Parameter("VALUE", "DURATION")], value: Self.refreshInterval),
            Property("X-PUBLISHED-TTL", value: Self.refreshInterval),
        ]
        let whole = Component("VCALENDAR", properties: properties).serialized()
        return String(whole.dropLast(Self.tail.count))
    }

    /// The lines after the last object.
    public static let tail = "END:VCALENDAR\r\n"

    /// The lines of one object: zones that were not written yet, then what the link shows of it.
    ///
    /// A zone is written once; where two objects define one TZID differently, the first one holds for both.
    public mutating func lines(of object: StoredObject) -> String {
        // What cannot be read any more is shown to nobody; it was checked when it came in.
        guard let calendar = try? Component(parsing: object.text) else { return "" }
        let entries = shown(calendar.components.filter { $0.name != "VTIMEZONE" }, uid: object.uid)
        guard !entries.isEmpty else { return "" }
        var text = ""
        for zone in calendar.components("VTIMEZONE") {
            let identifiers = zone.definedZones
            guard let identifier = identifiers.first, !writtenZones.contains(identifier) else { continue }
            writtenZones.formUnion(identifiers)
            text += Self.ended(zone.serialized())
        }
        // A client may store an object whose zones everybody knows without them; a file must hold them (RFC 5545 §3.6.5).
        for identifier in Self.zones(of: entries) where writtenZones.insert(identifier).inserted {
            guard let zone = TimeZoneData.vtimezone(for: identifier, from: nil) else { continue }
            text += Self.ended(zone.serialized())
        }
        for entry in entries { text += Self.ended(entry.serialized()) }
        return text
    }

    /// The zones that components name, here and inside.
    private static func zones(of components: [Component]) -> [String] {
        components.flatMap { component in
            component.properties.compactMap { $0.parameter("TZID") } + zones(of: component.components)
        }
    }

    private static func ended(_ lines: String) -> String {
        lines.utf8.last == UInt8(ascii: "\n") ? lines : lines + "\r\n"
    }

    // MARK: Privacy

    private func shown(_ entries: [Component], uid: String) -> [Component] {
        switch privacy {
        case .full: return entries
        case .titles:
            return visible(entries, isPrivate: { $0.isConfidential }) { entry, isPrivate in
                guard isPrivate else { return Self.titled(entry) }
                return entry.name == "VEVENT" && !entry.isFree ? Self.busy(entry, uid: uid) : nil
            }
        case .busy:
            // The UID can tell where an event comes from, and lets two links be compared; this one tells nothing.
            let mask = ETag.of("\(link) \(uid)").rawValue
            return visible(entries, isPrivate: { _ in true }) { entry, _ in
                entry.name == "VEVENT" && !entry.isFree ? Self.busy(entry, uid: mask) : nil
            }
        }
    }

    /// What is shown of each entry; in place of an override that is not shown, its series has an exception.
    ///
    /// What is private in a series is private in its overrides too.
    private func visible(
        _ entries: [Component],
        isPrivate: (Component) -> Bool,
        _ view: (Component, Bool) -> Component?
    ) -> [Component] {
        let isSeriesPrivate = entries.contains { !$0.isOverride && isPrivate($0) }
        let views = entries.map { ($0, view($0, isSeriesPrivate || isPrivate($0))) }
        let exceptions = views.filter { $0.0.isOverride && $0.1 == nil }.compactMap { $0.0.exception }
        return views.compactMap { entry, shown in
            guard var shown, !entry.isOverride else { return shown }
            for exception in exceptions { shown.append(exception) }
            return shown
        }
    }

    private static let times: Set<String> = [
        "DTSTAMP", "DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID",
        "SEQUENCE",
    ]

    private static let titles = times.union(["UID", "SUMMARY", "STATUS", "TRANSP", "COMPLETED", "PERCENT-COMPLETE"])

    private static func titled(_ entry: Component) -> Component {
        Component(entry.name, properties: entry.properties.filter { titles.contains($0.name) })
    }

    private static func busy(_ entry: Component, uid: String) -> Component {
        let own = [Property("UID", text: uid), Property("SUMMARY", text: "Busy")]
        return Component(entry.name, properties: own + entry.properties.filter { times.contains($0.name) })
    }
}

extension Component {
    fileprivate var isOverride: Bool { first("RECURRENCE-ID") != nil }

    /// RFC 5545 §3.8.1.3: a class that nobody knows is as private as PRIVATE.
    fileprivate var isConfidential: Bool {
        guard let word = first("CLASS")?.value.uppercased() else { return false }
        return word != "PUBLIC"
    }

    /// Whether it takes no time from anybody.
    fileprivate var isFree: Bool {
        first("TRANSP")?.value.uppercased() == "TRANSPARENT" || first("STATUS")?.value.uppercased() == "CANCELLED"
    }

    /// The exception that takes the place of this override in its series.
    fileprivate var exception: Property? {
        guard let id = first("RECURRENCE-ID") else { return nil }
        return Property("EXDATE", parameters: id.parameters.filter { $0.name != "RANGE" }, value: id.value)
    }
}
