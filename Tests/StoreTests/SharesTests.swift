import ICalendar
import SQLite
import Store
import Testing

/// Alice with her calendar, and bob, to whom she gives it.
private struct Pair {
    let shelf: Shelf
    let bob: PrincipalID

    init() async throws {
        shelf = try await Shelf()
        bob = try #require(await shelf.store.addPrincipal(name: "bob", email: "Bob@example.org")).id
    }

    var store: CalendarStore { shelf.store }

    @discardableResult
    func share(_ access: ShareAccess) async throws -> Share {
        switch try await store.share(shelf.calendar, of: shelf.owner, with: bob, access) {
        case .created(let share), .changed(let share): share
        case .ownCalendar, .calendarMissing: throw Shelf.Missing()
        }
    }

    /// Bob, as a client writes for him.
    var author: Author { Author(.client, name: "Tests/1 bob", principal: bob) }

    func put(_ name: String) async throws -> PutOutcome {
        try await store.put(event(uid: name), named: name, in: shelf.calendar, if: .always, by: author)
    }
}

@Suite("Shares: a calendar of one, given to another")
struct SharesTests {
    @Test func `a calendar without a share is as good as missing for everybody else`() async throws {
        let pair = try await Pair()
        #expect(try await pair.store.access(of: pair.bob, to: pair.shelf.calendar) == nil)
        #expect(try await pair.store.calendar(pair.shelf.calendar, visibleTo: pair.bob) == nil)
        #expect(try await pair.put("a.ics") == .calendarMissing)
        try await pair.shelf.put("b.ics")
        let deletion = try await pair.store.delete(
            named: "b.ics",
            in: pair.shelf.calendar,
            if: .always,
            by: pair.author
        )
        #expect(deletion == .notFound)
    }

    @Test func `a shared calendar stands in the sharee's home under a name of its own`() async throws {
        let pair = try await Pair()
        try await pair.share(.write)
        let seen = try await pair.store.calendars(visibleTo: pair.bob)
        #expect(seen.map(\.name) == ["alice-default", "default"])
        let found = try #require(await pair.store.calendar(named: "alice-default", visibleTo: pair.bob))
        #expect(found == seen[0])
        #expect(found.id == pair.shelf.calendar && found.owner == pair.shelf.owner && found.access == .write)
        #expect(found.received?.ownerName == "alice" && found.received?.nameAtOwner == "default")
        #expect(try await pair.store.calendars(of: pair.bob).map(\.name) == ["default"])
        #expect(try await pair.store.calendar(pair.shelf.calendar)?.isShared == true)
    }

    @Test func `who was given no more than reading cannot write, in the transaction of the write`() async throws {
        let pair = try await Pair()
        try await pair.share(.read)
        try await pair.shelf.put("a.ics")
        let refusal = ReadOnlyCalendar(calendar: pair.shelf.calendar)
        await #expect(throws: refusal) { try await pair.put("b.ics") }
        await #expect(throws: refusal) {
            try await pair.store.delete(named: "a.ics", in: pair.shelf.calendar, if: .always, by: pair.author)
        }
        #expect(try await pair.store.entries(in: pair.shelf.calendar).map(\.name) == ["a.ics"])
        #expect(try await pair.store.calendar(pair.shelf.calendar, visibleTo: pair.bob)?.isWriteProtected == true)
        #expect(try await pair.store.calendar(pair.shelf.calendar, visibleTo: pair.shelf.owner)?.access == .owner)
    }

    @Test func `what is written through a share is one and the same object, with the same revision`() async throws {
        let pair = try await Pair()
        try await pair.share(.write)
        guard case .created = try await pair.put("a.ics") else {
            Issue.record("bob may write")
            return
        }
        let mine = try #require(await pair.store.calendar(named: "default", of: pair.shelf.owner))
        let his = try #require(await pair.store.calendar(named: "alice-default", visibleTo: pair.bob))
        #expect(mine.revision == 1 && his.revision == 1 && mine.id == his.id)
    }

    @Test func `taking a calendar back takes everything at once, the writes too`() async throws {
        let pair = try await Pair()
        let share = try await pair.share(.write)
        #expect(try await pair.store.removeShare(share.id, of: pair.shelf.calendar))
        #expect(try await pair.store.removeShare(share.id, of: pair.shelf.calendar) == false)
        #expect(try await pair.store.calendar(named: "alice-default", visibleTo: pair.bob) == nil)
        #expect(try await pair.put("a.ics") == .calendarMissing)
        #expect(try await pair.store.calendar(pair.shelf.calendar)?.isShared == false)
    }

    @Test func `giving it again changes what the sharee may do and nothing else`() async throws {
        let pair = try await Pair()
        let first = try await pair.share(.read)
        let outcome = try await pair.store.share(pair.shelf.calendar, of: pair.shelf.owner, with: pair.bob, .write)
        var expected = first
        expected.access = .write
        #expect(outcome == .changed(expected))
        #expect(try await pair.store.shares(of: pair.shelf.calendar) == [expected])
    }

    @Test func `nobody gives to himself, and nobody gives what is another's`() async throws {
        let pair = try await Pair()
        let (store, calendar) = (pair.store, pair.shelf.calendar)
        #expect(try await store.share(calendar, of: pair.shelf.owner, with: pair.shelf.owner, .read) == .ownCalendar)
        #expect(try await store.share(calendar, of: pair.bob, with: pair.shelf.owner, .read) == .calendarMissing)
        #expect(try await store.share(calendar, of: pair.bob, with: pair.bob, .write) == .calendarMissing)
        #expect(try await store.shares(of: calendar).isEmpty)
    }

    @Test func `what a sharee sets on a calendar is its own, and what it does not set is the owner's`() async throws {
        let pair = try await Pair()
        _ = try await pair.store.updateCalendar(pair.shelf.calendar) { $0.displayName = "Team" }
        try await pair.share(.read)
        let seen = try #require(await pair.store.calendar(named: "alice-default", visibleTo: pair.bob))
        #expect(seen.properties.displayName == "Team")
        let mark = DeadProperty(namespace: "urn:x", name: "mark", xml: "<x:mark xmlns:x=\"urn:x\"/>")
        let changed = try await pair.store.update(seen, setting: [mark], removing: []) { properties in
            properties.color = "#00FF00"
            properties.components = []
        }
        #expect(changed)
        let his = try #require(await pair.store.calendar(named: "alice-default", visibleTo: pair.bob))
        let hers = try #require(await pair.store.calendar(pair.shelf.calendar))
        #expect(his.properties.color == "#00FF00" && his.properties.displayName == "Team")
        #expect(hers.properties.color == nil && his.properties.components == hers.properties.components)
        #expect(try await pair.store.deadProperties(of: his) == [mark])
        #expect(try await pair.store.deadProperties(of: hers).isEmpty)
    }

    @Test func `a declined calendar is out of sight until it is accepted again`() async throws {
        let pair = try await Pair()
        let share = try await pair.share(.write)
        #expect(try await pair.store.setState(.declined, of: share.id, for: pair.shelf.owner) == false)
        #expect(try await pair.store.setState(.declined, of: share.id, for: pair.bob))
        #expect(try await pair.store.access(of: pair.bob, to: pair.shelf.calendar) == nil)
        #expect(try await pair.store.calendars(visibleTo: pair.bob).map(\.name) == ["default"])
        #expect(try await pair.put("a.ics") == .calendarMissing)
        #expect(try await pair.store.receivedCalendars(of: pair.bob).map(\.received?.state) == [.declined])
        try await pair.share(.write)
        #expect(try await pair.store.access(of: pair.bob, to: pair.shelf.calendar) == nil)
        #expect(try await pair.store.setState(.accepted, of: share.id, for: pair.bob))
        #expect(try await pair.store.access(of: pair.bob, to: pair.shelf.calendar) == .write)
    }

    @Test func `no two calendars of a home have one name`() async throws {
        let pair = try await Pair()
        _ = try await pair.store.createCalendar(named: "alice-default", of: pair.bob, properties: .init())
        #expect(try await pair.share(.read).name == "alice-default-2")
        let taken = try await pair.store.createCalendar(named: "alice-default-2", of: pair.bob, properties: .init())
        #expect(taken == nil)
    }

    @Test func `what is hidden makes room for a calendar that wants its name`() async throws {
        let pair = try await Pair()
        let share = try await pair.share(.read)
        _ = try await pair.store.setState(.declined, of: share.id, for: pair.bob)
        let made = try await pair.store.createCalendar(named: share.name, of: pair.bob, properties: .init())
        #expect(made?.name == "alice-default")
        _ = try await pair.store.setState(.accepted, of: share.id, for: pair.bob)
        let names = try await pair.store.calendars(visibleTo: pair.bob).map(\.name)
        #expect(names == ["alice-default", "alice-default-shared", "default"])
    }

    @Test func `shares go with the calendar and with the sharee`() async throws {
        let pair = try await Pair()
        try await pair.share(.read)
        _ = try await pair.store.deleteCalendar(pair.shelf.calendar)
        #expect(try await pair.store.calendars(visibleTo: pair.bob).map(\.name) == ["default"])
        #expect(try await pair.store.access(of: pair.bob, to: pair.shelf.calendar) == nil)
        let other = try await Pair()
        try await other.share(.read)
        #expect(try await other.store.removePrincipal(other.bob))
        #expect(try await other.store.shares(of: other.shelf.calendar).isEmpty)
    }

    @Test func `the audit trail tells who gave what to whom, and took it back`() async throws {
        let pair = try await Pair()
        let share = try await pair.share(.write)
        _ = try await pair.store.removeShare(share.id, of: pair.shelf.calendar)
        let feed = try await pair.store.addFeed(
            to: pair.shelf.calendar,
            label: "Hall",
            privacy: .busy,
            expiresAt: nil,
            digest: [1]
        )
        _ = try await pair.store.removeFeed(feed.id, of: pair.shelf.calendar)
        let trail = try await pair.store.auditTrail(of: pair.shelf.owner)
        let lines = trail.prefix(4).map { "\($0.action.rawValue): \($0.detail ?? "")" }
        let expected = ["feed.revoked: Hall", "feed.made: Hall", "share.taken: bob", "share.given: bob may write it."]
        #expect(lines == expected)
    }

    @Test func `an address finds its one owner in any case of letters, and nobody where two have it`() async throws {
        let pair = try await Pair()
        #expect(try await pair.store.principal(email: "bob@EXAMPLE.org")?.id == pair.bob)
        #expect(try await pair.store.principal(email: "nobody@example.org") == nil)
        _ = try await pair.store.addPrincipal(name: "bobby", email: "bob@example.org")
        #expect(try await pair.store.principal(email: "bob@example.org") == nil)
    }

    @Test func `a subscription is no calendar: nothing is put into it, and nobody is given it`() async throws {
        let pair = try await Pair()
        let (store, owner) = (pair.store, pair.shelf.owner)
        let properties = CalendarProperties(displayName: "Holidays", source: "webcal://example.org/h.ics")
        let made = try #require(await store.createCalendar(named: "holidays", of: owner, properties: properties))
        #expect(made.isWriteProtected && made.properties.source == "webcal://example.org/h.ics")
        #expect(try await store.calendars(of: owner).map(\.name) == ["default"])
        #expect(try await store.calendars(visibleTo: owner).map(\.name) == ["default", "holidays"])
        #expect(try await store.calendar(named: "holidays", visibleTo: owner) == made)
        await #expect(throws: ReadOnlyCalendar(calendar: made.id)) {
            try await store.put(event(uid: "a"), named: "a.ics", in: made.id, if: .always, by: client)
        }
        #expect(try await store.share(made.id, of: owner, with: pair.bob, .read) == .calendarMissing)
    }
}

@Suite("Feeds: secret links to a calendar")
struct FeedsTests {
    private func add(_ shelf: Shelf, digest: [UInt8], expiresAt: Instant? = nil) async throws -> Feed {
        try await shelf.store.addFeed(
            to: shelf.calendar,
            label: "Phone",
            privacy: .busy,
            expiresAt: expiresAt,
            digest: digest
        )
    }

    @Test func `a link is found by its digest alone, and is gone once it is revoked`() async throws {
        let shelf = try await Shelf()
        let feed = try await add(shelf, digest: [1, 2, 3])
        #expect(feed.createdAt == shelf.clock.now && feed.lastUsedAt == nil && feed.privacy == .busy)
        let found = try #require(await shelf.store.feed(digest: [1, 2, 3]))
        #expect(found.feed == feed && found.calendar.id == shelf.calendar)
        #expect(try await shelf.store.feed(digest: [1, 2]) == nil)
        #expect(try await shelf.store.feeds(of: shelf.calendar) == [feed])
        #expect(try await shelf.store.removeFeed(feed.id, of: CalendarID(rawValue: 99)) == false)
        #expect(try await shelf.store.removeFeed(feed.id, of: shelf.calendar))
        #expect(try await shelf.store.feed(digest: [1, 2, 3]) == nil)
    }

    @Test func `a link leads nowhere from the second on in which it expires, nor to a deleted calendar`() async throws {
        let shelf = try await Shelf()
        _ = try await add(shelf, digest: [1], expiresAt: shelf.clock.now + 10)
        _ = try await add(shelf, digest: [2])
        shelf.clock.advance(by: 9)
        #expect(try await shelf.store.feed(digest: [1]) != nil)
        shelf.clock.advance(by: 1)
        #expect(try await shelf.store.feed(digest: [1]) == nil)
        #expect(try await shelf.store.feed(digest: [2]) != nil)
        _ = try await shelf.store.deleteCalendar(shelf.calendar)
        #expect(try await shelf.store.feed(digest: [2]) == nil)
    }

    @Test func `the last use is kept to the minute`() async throws {
        let shelf = try await Shelf()
        let begun = shelf.clock.now
        _ = try await add(shelf, digest: [1])
        func use() async throws -> Instant? {
            guard let found = try await shelf.store.feed(digest: [1]) else { return nil }
            try await shelf.store.touch(found.feed)
            return try await shelf.store.feeds(of: shelf.calendar).first?.lastUsedAt
        }
        #expect(try await use() == begun)
        shelf.clock.advance(by: 59)
        #expect(try await use() == begun)
        shelf.clock.advance(by: 1)
        #expect(try await use() == begun + 60)
    }
}
