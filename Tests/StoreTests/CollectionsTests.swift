import ICalendar
import Store
import Testing

@Suite("Principals, calendars and their properties")
struct CollectionsTests {
    @Test func `a new principal has one calendar, for events and to-dos`() async throws {
        let shelf = try await Shelf()
        let calendars = try await shelf.store.calendars(of: shelf.owner)
        #expect(calendars.map(\.name) == ["default"])
        #expect(calendars[0].properties.components == [.event, .todo, .journal])
        #expect(calendars[0].revision == 0 && !calendars[0].isWriteProtected)
    }

    @Test func `a name is one principal's`() async throws {
        let shelf = try await Shelf()
        #expect(try await shelf.store.addPrincipal(name: "alice") == nil)
        let bob = try await shelf.store.addPrincipal(
            name: "bob",
            email: "bob@example.org",
            displayName: "Bob",
            isAdmin: true
        )
        #expect(try await shelf.store.principal(named: "bob") == bob)
        #expect(try await shelf.store.principal(try #require(bob).id) == bob)
        #expect(try await shelf.store.principals().map(\.name) == ["alice", "bob"])
        #expect(try await shelf.store.principal(named: "carol") == nil)
    }

    @Test func `a removed principal leaves nothing, and its identifier is not given again`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        #expect(try await shelf.store.removePrincipal(shelf.owner))
        #expect(try await shelf.store.removePrincipal(shelf.owner) == false)
        #expect(try await shelf.store.calendar(shelf.calendar) == nil)
        #expect(try await shelf.put("b.ics") == .calendarMissing)
        let next = try #require(try await shelf.store.addPrincipal(name: "alice"))
        #expect(next.id > shelf.owner)
    }

    @Test func `a calendar's properties come back as they were set`() async throws {
        let shelf = try await Shelf()
        let properties = CalendarProperties(
            displayName: "Työ ✓",
            description: "d",
            color: "#ff0000ff",
            order: -3,
            timeZone: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            components: [.todo, .journal]
        )
        let made = try #require(
            try await shelf.store.createCalendar(named: "work", of: shelf.owner, properties: properties)
        )
        #expect(try await shelf.store.calendar(made.id) == made)
        #expect(try await shelf.store.calendar(named: "work", of: shelf.owner)?.properties == properties)
        #expect(try await shelf.store.createCalendar(named: "work", of: shelf.owner, properties: properties) == nil)

        #expect(try await shelf.store.updateCalendar(made.id) { $0.displayName = nil })
        #expect(try await shelf.store.calendar(made.id)?.properties.displayName == nil)
        #expect(try await shelf.store.updateCalendar(CalendarID(rawValue: 99)) { _ in } == false)
        try await shelf.store.setWriteProtected(true, of: made.id)
        #expect(try await shelf.store.calendar(made.id)?.isWriteProtected == true)
    }

    @Test func `the name of a deleted calendar is free, and its identifier is not`() async throws {
        let shelf = try await Shelf()
        #expect(try await shelf.store.deleteCalendar(shelf.calendar))
        #expect(try await shelf.store.deleteCalendar(shelf.calendar) == false)
        #expect(try await shelf.store.calendars(of: shelf.owner).isEmpty)
        let next = try await shelf.store.createCalendar(
            named: "default",
            of: shelf.owner,
            properties: CalendarProperties()
        )
        #expect(try #require(next).id > shelf.calendar)
    }

    @Test func `dead properties are set, replaced and removed together`() async throws {
        let shelf = try await Shelf()
        let one = DeadProperty(namespace: "urn:x", name: "one", xml: "<one xmlns='urn:x'/>")
        let two = DeadProperty(namespace: "", name: "two", xml: "<two/>")
        try await shelf.store.setDeadProperties([one, two], remove: [], of: shelf.calendar)
        #expect(try await shelf.store.deadProperties(of: shelf.calendar) == [two, one])

        var changed = one
        changed.xml = "<one xmlns='urn:x'>1</one>"
        let isThere = try await shelf.store.updateCalendar(
            shelf.calendar,
            setting: [changed],
            removing: [(namespace: "", name: "two"), (namespace: "", name: "none")]
        ) { $0.color = "#000000" }
        #expect(isThere)
        #expect(try await shelf.store.deadProperties(of: shelf.calendar) == [changed])
        #expect(try await shelf.store.calendar(shelf.calendar)?.properties.color == "#000000")
    }
}
