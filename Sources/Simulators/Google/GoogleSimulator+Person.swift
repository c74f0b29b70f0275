import ICalendar

/// What a person does in the web interface; every method works as the calendar's owner unless an account is named.
extension GoogleSimulator {
    /// Adds an account with its primary calendar.
    public func addAccount(email: String, displayName: String = "", timeZone: String = "Europe/Berlin") {
        refreshClock()
        state.addAccount(email: email, displayName: displayName, timeZone: timeZone)
    }

    /// Adds a secondary calendar and answers its identifier.
    @discardableResult
    public func addCalendar(
        id: String? = nil,
        summary: String,
        timeZone: String = "Europe/Berlin",
        owner: String
    ) -> String {
        refreshClock()
        let id = id ?? "c_\(state.random.word(of: 52))@group.calendar.google.com"
        state.addCalendar(id: id, summary: summary, timeZone: timeZone, owner: owner)
        announceLists(of: [owner])
        return id
    }

    /// Gives an account a role in a calendar.
    public func share(_ calendar: String, with email: String, as role: AccessRole) {
        refreshClock()
        state.share(calendar, with: email, as: role)
        announceLists(of: [email])
    }

    /// Takes an account's access to a calendar away.
    public func unshare(_ calendar: String, from email: String) {
        refreshClock()
        state.unshare(calendar, from: email)
        announceLists(of: [email])
    }

    /// Creates an event and answers its resource.
    @discardableResult
    public func createEvent(_ event: JSON, in calendar: String, as email: String? = nil) throws -> JSON {
        refreshClock()
        defer { deliverNotifications() }
        return try state.insertEvent(event, in: calendar, by: person(of: calendar, email), wishes).body ?? .null
    }

    /// Edits an event, or one instance by its identifier, and answers its resource.
    @discardableResult
    public func editEvent(_ id: String, _ changes: JSON, in calendar: String, as email: String? = nil) throws -> JSON {
        refreshClock()
        defer { deliverNotifications() }
        let person = person(of: calendar, email)
        return try state.writeEvent(id, changes, as: .patch, in: calendar, by: person, wishes).body ?? .null
    }

    /// Deletes an event, or one instance by its identifier.
    public func deleteEvent(_ id: String, in calendar: String, as email: String? = nil) throws {
        refreshClock()
        defer { deliverNotifications() }
        _ = try state.deleteEvent(id, in: calendar, by: person(of: calendar, email), wishes)
    }

    /// Moves an event to another calendar.
    @discardableResult
    public func moveEvent(_ id: String, from: String, to destination: String, as email: String? = nil) throws -> JSON {
        refreshClock()
        defer { deliverNotifications() }
        let person = person(of: from, email)
        return try state.moveEvent(id, in: from, to: destination, by: person, wishes).body ?? .null
    }

    /// Edits an instance and all that follow it; answers the new series.
    @discardableResult
    public func splitSeries(
        at instance: String,
        _ changes: JSON,
        in calendar: String,
        as email: String? = nil
    ) throws -> JSON {
        refreshClock()
        defer { deliverNotifications() }
        return try state.splitSeries(at: instance, in: calendar, by: person(of: calendar, email), changes)
    }

    /// Every event of a calendar as it is stored, deleted ones and exceptions included.
    public func events(in calendar: String) -> [JSON] {
        guard let calendar = state.calendars[calendar] else { return [] }
        let book = state.book(of: calendar)
        let renderer = EventRenderer(
            calendar: calendar,
            book: book,
            role: .owner,
            defaultReminders: calendar.defaultReminders(of: calendar.owner),
            zone: calendar.timeZone
        )
        return book.all.map { renderer.resource(of: $0) }
    }

    /// More than any calendar Google lets one make in a short time.
    private static let maximumSeeds = 100_000

    /// Fills a calendar with events of every kind; the same seed gives the same events.
    public func seedEvents(_ count: Int, in calendar: String) throws {
        refreshClock()
        defer { deliverNotifications() }
        var seeds = EventSeeds(around: state.now, random: state.random)
        let owner = person(of: calendar, nil)
        for number in 0..<max(0, min(count, Self.maximumSeeds)) {
            let seed = seeds.seed(number)
            let made = try state.insertEvent(seed.event, in: calendar, by: owner, wishes).body
            guard let id = made?["id"]?.text else { continue }
            for (index, change) in seed.instanceChanges {
                guard let instance = instanceIdentifier(index, of: id, in: calendar) else { continue }
                _ = try state.writeEvent(instance, change, as: .patch, in: calendar, by: owner, wishes)
            }
        }
        state.random = seeds.random
    }

    private func instanceIdentifier(_ index: Int, of series: String, in calendar: String) -> String? {
        guard let master = state.books[calendar]?[series] else { return nil }
        let window = TimeRange(start: nil, end: state.now + Expansion.horizonSeconds)
        let starts = master.instanceStarts(in: window)
        return starts.indices.contains(index) ? master.instance(at: starts[index]).id : nil
    }

    private var wishes: EventRequest { EventRequest() }

    private func person(of calendar: String, _ email: String?) -> Caller {
        .person(email ?? state.calendars[calendar]?.owner ?? calendar)
    }

    private func announceLists(of emails: [String]) {
        for email in emails { state.ringList(of: email) }
        deliverNotifications()
    }

    /// Takes the time over from the clock before a change that no request brought.
    func refreshClock() { state.now = configuration.now() + clockOffset }
}
