import ICalendar

/// Which pages the links of this process make, so that several links to one table make one page of an event between them.
///
/// Notion has no idempotency key, and its queries lag: what another link made a moment ago, no look at the table shows. Each
/// would take the other's page for a copy that a person made, and so for one more event.
actor PageMakers {
    /// What a link is to do about a page that it wants.
    enum Turn: Sendable, Hashable {
        /// Make it, and say then what became of that.
        case make
        /// Take the page of that identifier, which another link has made.
        case take(String)
        /// Look again: another link is about to make it.
        case wait
    }

    private struct Key: Hashable {
        var table: String
        var uid: String
    }

    private struct Creation {
        var maker: String
        var page: String?
        var at: Instant
    }

    private var creations: [Key: Creation] = [:]

    /// After a quarter of an hour every query shows what was made.
    private static let secondsRemembered: Int64 = 900

    /// Asks for a link whether it is to make the page of a UID in a table.
    func turn(of link: String, toMake uid: String, in table: String, at now: Instant) -> Turn {
        creations = creations.filter { $0.value.at + Self.secondsRemembered > now }
        let key = Key(table: table, uid: uid)
        if let creation = creations[key], creation.maker != link {
            return creation.page.map(Turn.take) ?? .wait
        }
        creations[key] = Creation(maker: link, page: nil, at: now)
        return .make
    }

    /// Notes the page that a link made; nil where it made none, or nobody knows.
    func note(_ page: String?, madeBy link: String, for uid: String, in table: String, at now: Instant) {
        creations[Key(table: table, uid: uid)] = page.map { Creation(maker: link, page: $0, at: now) }
    }
}
