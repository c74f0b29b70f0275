import ICalendar
import Store
import Testing

@Suite("RFC 4918 §9.8, §9.9: COPY and MOVE in one transaction")
struct TransferTests {
    @Test func `a moved object keeps its identifier, and so its history`() async throws {
        let shelf = try await Shelf()
        let work = try await shelf.makeCalendar("work")
        try await shelf.put("a.ics", uid: "u", "one")
        try await shelf.put("a.ics", uid: "u", "two")
        let id = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.id)
        let place = ObjectPlace(calendar: work, name: "b.ics")
        guard case .created = try await shelf.transfer("a.ics", .move, to: place) else {
            Issue.record("nothing was moved")
            return
        }
        #expect(try await shelf.store.object(named: "b.ics", in: work)?.id == id)
        #expect(try await shelf.store.object(named: "a.ics", in: shelf.calendar) == nil)
        let versions = try await shelf.store.versions(of: id)
        #expect(versions.map(\.kind) == [.created, .changed, .deleted, .created])
        #expect(versions.map(\.summary) == ["one", "two", "two", "two"])
        #expect(try await shelf.store.calendar(holding: id)?.id == work)
    }

    @Test func `the history of an object stays with its owner`() async throws {
        let shelf = try await Shelf()
        let bob = try #require(try await shelf.store.addPrincipal(name: "bob"))
        let other = try #require(try await shelf.store.calendar(named: "default", of: bob.id))
        try await shelf.put("a.ics", uid: "u", "private")
        try await shelf.put("a.ics", uid: "u", "public")
        _ = try await shelf.transfer("a.ics", .move, to: ObjectPlace(calendar: other.id, name: "a.ics"))
        let moved = try #require(try await shelf.store.object(named: "a.ics", in: other.id))
        #expect(try await shelf.store.versions(of: moved.id).map(\.summary) == ["public"])
    }

    @Test func `a copy is another object`() async throws {
        let shelf = try await Shelf()
        let work = try await shelf.makeCalendar("work")
        try await shelf.put("a.ics", uid: "u")
        let source = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar))
        _ = try await shelf.transfer("a.ics", .copy, to: ObjectPlace(calendar: work, name: "a.ics"))
        let copy = try #require(try await shelf.store.object(named: "a.ics", in: work))
        #expect(copy.id != source.id && copy.text == source.text && copy.etag == source.etag)
        #expect(try await shelf.store.object(named: "a.ics", in: shelf.calendar) == source)
    }

    @Test func `what is overwritten stays as a version`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "u", "mover")
        try await shelf.put("b.ics", uid: "v", "overwritten")
        let mover = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.id)
        let outcome = try await shelf.transfer(
            "a.ics",
            .move,
            to: ObjectPlace(calendar: shelf.calendar, name: "b.ics")
        )
        guard case .replaced = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try await shelf.store.object(named: "b.ics", in: shelf.calendar)?.id == mover)
        let lost = try await shelf.store.versions(uid: "v", in: shelf.calendar)
        #expect(lost.map(\.kind) == [.created, .deleted])
        #expect(lost.last?.text.contains("overwritten") == true)
    }

    @Test func `a move that fails at its end changes nothing`() async throws {
        let shelf = try await Shelf()
        let work = try await shelf.makeCalendar("work")
        try await shelf.put("a.ics", uid: "u")
        _ = try await shelf.transfer("a.ics", .copy, to: ObjectPlace(calendar: work, name: "holder.ics"))
        let before = try await shelf.store.calendar(shelf.calendar)?.revision
        let place = ObjectPlace(calendar: work, name: "b.ics")
        #expect(try await shelf.transfer("a.ics", .move, to: place) == .uidInUse(by: "holder.ics"))
        #expect(try await shelf.store.calendar(shelf.calendar)?.revision == before)
        #expect(try await shelf.store.object(named: "a.ics", in: shelf.calendar) != nil)

        #expect(try await shelf.store.deleteCalendar(work))
        #expect(try await shelf.transfer("a.ics", .move, to: place) == .calendarMissing)
        #expect(try await shelf.store.object(named: "a.ics", in: shelf.calendar) != nil)
        #expect(try await shelf.store.versions(uid: "u", in: shelf.calendar).map(\.kind) == [.created])
    }

    @Test func `a source that has changed since it was read stays where it is`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "u", "one")
        let read = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar))
        try await shelf.put("a.ics", uid: "u", "two")
        let outcome = try await shelf.store.transfer(
            read,
            .move,
            from: shelf.calendar,
            to: ObjectPlace(calendar: shelf.calendar, name: "b.ics"),
            overwrites: true,
            by: client
        )
        #expect(outcome == .sourceChanged)
        #expect(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.text.contains("two") == true)
    }

    @Test func `both calendars of a move are announced`() async throws {
        let shelf = try await Shelf()
        let work = try await shelf.makeCalendar("work")
        var commits = shelf.store.commits.makeAsyncIterator()
        try await shelf.put("a.ics", uid: "u")
        _ = await commits.next()
        _ = try await shelf.transfer("a.ics", .move, to: ObjectPlace(calendar: work, name: "a.ics"))
        let heard = await commits.next()?.map(\.calendar)
        #expect(heard.map(Set.init) == [shelf.calendar, work])
    }

    @Test func `a renamed calendar is the same calendar`() async throws {
        let shelf = try await Shelf()
        let work = try await shelf.makeCalendar("work")
        #expect(try await shelf.store.renameCalendar(work, to: "default", overwrites: false) == .nameTaken)
        #expect(try await shelf.store.renameCalendar(work, to: "default", overwrites: true) == .replaced)
        #expect(try await shelf.store.calendar(named: "default", of: shelf.owner)?.id == work)
        #expect(try await shelf.store.calendar(shelf.calendar) == nil)
        #expect(try await shelf.store.renameCalendar(shelf.calendar, to: "x", overwrites: true) == .notFound)
        #expect(try await shelf.store.renameCalendar(work, to: "x", overwrites: false) == .renamed)
    }
}

extension Shelf {
    func makeCalendar(_ name: String) async throws -> CalendarID {
        guard let made = try await store.createCalendar(named: name, of: owner, properties: CalendarProperties())
        else { throw Missing() }
        return made.id
    }

    func transfer(_ name: String, _ kind: TransferKind, to place: ObjectPlace) async throws -> TransferOutcome {
        guard let stored = try await store.object(named: name, in: calendar) else { throw Missing() }
        return try await store.transfer(stored, kind, from: calendar, to: place, overwrites: true, by: client)
    }
}
