import ICalendar
import Store
import Testing

@Suite("RFC 4331: what is stored is counted, and has an end")
struct QuotaTests {
    @Test func `counters follow every write`() async throws {
        let shelf = try await Shelf()
        let work = try await shelf.makeCalendar("work")
        try await shelf.put("a.ics", uid: "u", "one")
        try await shelf.expectCounted()
        try await shelf.put("a.ics", uid: "u", "something longer")
        try await shelf.expectCounted()
        _ = try await shelf.transfer("a.ics", .copy, to: ObjectPlace(calendar: work, name: "a.ics"))
        try await shelf.expectCounted()
        try await shelf.put("b.ics", uid: "v")
        _ = try await shelf.transfer("b.ics", .move, to: ObjectPlace(calendar: work, name: "a.ics"))
        try await shelf.expectCounted()
        try await shelf.delete("a.ics")
        try await shelf.expectCounted()
        #expect(try await shelf.store.usage(of: shelf.owner).calendars[shelf.calendar] == 0)
        #expect(try await shelf.store.usage(of: shelf.owner).used > 0)
    }

    @Test func `a deleted calendar counts no more, and a restored one again`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let before = try await shelf.store.usage(of: shelf.owner)
        #expect(try await shelf.store.deleteCalendar(shelf.calendar))
        #expect(try await shelf.store.usage(of: shelf.owner).used == 0)
        _ = try await shelf.store.restoreCalendar(shelf.calendar, of: shelf.owner)
        #expect(try await shelf.store.usage(of: shelf.owner) == before)
    }

    @Test func `a write of a client beyond the quota changes nothing`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let used = try await shelf.store.usage(of: shelf.owner).used
        let tight = CalendarStore(database: shelf.database, quota: used + 10, now: shelf.store.clockForTests)
        var wish = WriteGuard(principal: shelf.owner)
        wish.quota = tight.quota
        let refusal = await shelf.refusal {
            _ = try await tight.put(
                event(uid: "b"),
                named: "b.ics",
                in: shelf.calendar,
                if: .always,
                past: wish,
                by: client
            )
        }
        #expect(refusal == .quotaExceeded)
        #expect(try await tight.usage(of: shelf.owner).available == 10)
        #expect(try await tight.object(named: "b.ics", in: shelf.calendar) == nil)
        try await shelf.expectCounted()
    }
}

@Suite("The trash: a deleted calendar can be had back")
struct TrashTests {
    @Test func `a restored calendar is as it was`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let before = try #require(try await shelf.store.calendar(shelf.calendar))
        #expect(try await shelf.store.trashedCalendars(of: shelf.owner).isEmpty)
        #expect(try await shelf.store.deleteCalendar(shelf.calendar))
        let trashed = try await shelf.store.trashedCalendars(of: shelf.owner)
        #expect(trashed.map(\.calendar) == [before])
        #expect(trashed.first?.deletedAt == shelf.clock.now)
        #expect(try await shelf.store.restoreCalendar(shelf.calendar, of: shelf.owner) == before)
        #expect(try await shelf.store.object(named: "a.ics", in: shelf.calendar) != nil)
        #expect(try await shelf.store.trashedCalendars(of: shelf.owner).isEmpty)
        #expect(try await shelf.store.restoreCalendar(shelf.calendar, of: shelf.owner) == nil)
    }

    @Test func `a name that is taken by then gets a number`() async throws {
        let shelf = try await Shelf()
        #expect(try await shelf.store.deleteCalendar(shelf.calendar))
        _ = try await shelf.makeCalendar("default")
        let restored = try await shelf.store.restoreCalendar(shelf.calendar, of: shelf.owner)
        #expect(restored?.name == "default-2")
    }

    @Test func `nobody restores what is another's`() async throws {
        let shelf = try await Shelf()
        #expect(try await shelf.store.deleteCalendar(shelf.calendar))
        let bob = try #require(try await shelf.store.addPrincipal(name: "bob"))
        #expect(try await shelf.store.restoreCalendar(shelf.calendar, of: bob.id) == nil)
        #expect(try await shelf.store.trashedCalendars(of: bob.id).isEmpty)
    }

    @Test func `a calendar in the trash can be had back until the purge takes it`() async throws {
        let shelf = try await Shelf()
        #expect(try await shelf.store.deleteCalendar(shelf.calendar))
        let (early, deletedAt) = (Instant(seconds: 0), shelf.clock.now)
        let kept = try await shelf.store.purge(
            changesBefore: early,
            versionsBefore: early,
            trashedBefore: deletedAt
        )
        #expect(kept.calendars == 0)
        #expect(try await shelf.store.trashedCalendars(of: shelf.owner).count == 1)
        let purged = try await shelf.store.purge(
            changesBefore: early,
            versionsBefore: early,
            trashedBefore: deletedAt.advanced(by: 1)
        )
        #expect(purged.calendars == 1)
        #expect(try await shelf.store.trashedCalendars(of: shelf.owner).isEmpty)
        #expect(try await shelf.store.restoreCalendar(shelf.calendar, of: shelf.owner) == nil)
    }
}

extension CalendarStore {
    /// A clock that stands.
    fileprivate var clockForTests: @Sendable () -> Instant { { Instant(seconds: 1_795_251_600) } }
}

extension Shelf {
    /// The counters say what adding everything up says.
    func expectCounted() async throws {
        let usage = try await store.usage(of: owner)
        var sum: Int64 = 0
        for (calendar, used) in usage.calendars {
            let sizes = try await store.entries(in: calendar).map { Int64($0.size) }
            #expect(used == sizes.reduce(0, +))
            sum += used
        }
        #expect(usage.used == sum)
        #expect(usage.available == store.quota - usage.used)
    }
}
