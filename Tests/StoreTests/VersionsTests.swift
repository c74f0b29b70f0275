import ICalendar
import Store
import Testing

@Suite("Versions: nothing that was written is lost")
struct VersionsTests {
    @Test func `each write and the deletion are versions, with their author`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "u", "one")
        let id = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.id)
        shelf.clock.advance(by: 60)
        let second = try event(uid: "u", summary: "two")
        let link = Author(.link, name: "7", run: 42)
        _ = try await shelf.store.put(second, named: "a.ics", in: shelf.calendar, if: .present, by: link)
        try await shelf.put("a.ics", uid: "u", "two")
        shelf.clock.advance(by: 60)
        try await shelf.delete("a.ics")

        let versions = try await shelf.store.versions(of: id)
        #expect(versions.map(\.kind) == [.created, .changed, .deleted])
        #expect(versions.map(\.summary) == ["one", "two", "two"])
        #expect(versions.map(\.author) == [client, link, client])
        #expect(versions.map { $0.at - versions[0].at } == [0, 60, 120])
        #expect(versions[2].text == second.text)
        #expect(versions.map(\.number) == versions.map(\.number).sorted())
        #expect(try await shelf.store.version(versions[0].number) == versions[0])
        #expect(try await shelf.store.versions(uid: "u", in: shelf.calendar) == versions)
        #expect(try await shelf.store.calendar(holding: id)?.id == shelf.calendar)
    }

    @Test func `a deleted object that is restored has its identifier again`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "u", "one")
        let id = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.id)
        try await shelf.delete("a.ics")
        #expect(try await shelf.store.object(id) == nil)

        let last = try #require(try await shelf.store.versions(of: id).last)
        let object = try CalendarObject(parsing: last.text)
        let outcome = try await shelf.store.put(
            object,
            named: last.name,
            in: last.calendar,
            if: .absent,
            by: Author(.restore, name: "alice")
        )
        #expect(outcome == .created(ETag.of(last.text)))
        #expect(try await shelf.store.object(id)?.text == last.text)
        #expect(try await shelf.store.versions(of: id).map(\.kind) == [.created, .deleted, .created])
    }

    @Test func `the trash has what is gone, the latest first and each once, until it is back or purged`() async throws {
        let shelf = try await Shelf()
        for name in ["a", "b", "c"] { try await shelf.put("\(name).ics", uid: name, name) }
        for name in ["a", "b", "c"] { try await shelf.delete("\(name).ics") }
        try await shelf.put("b.ics", uid: "b", "again")
        try await shelf.delete("b.ics")
        try await shelf.put("living.ics", uid: "living")
        func trash(before: Int64? = nil, limit: Int = 10) async throws -> [Version] {
            try await shelf.store.trashedObjects(in: shelf.calendar, before: before, limit: limit)
        }
        #expect(try await trash().map(\.summary) == ["again", "c", "a"])
        let first = try #require(try await trash(limit: 1).first)
        #expect(try await trash(before: first.number).map(\.uid) == ["c", "a"])

        try await shelf.put("back.ics", uid: "c", "back")
        #expect(try await trash().map(\.uid) == ["b", "a"])
        let now = shelf.clock.now
        try await shelf.store.purge(changesBefore: now, versionsBefore: now + 1, trashedBefore: now)
        #expect(try await trash().map(\.uid) == ["b", "a"])
        let later = shelf.clock.now.advanced(by: 1)
        try await shelf.store.purge(changesBefore: later, versionsBefore: later)
        #expect(try await trash().isEmpty)
    }

    @Test func `identifiers are never given twice`() async throws {
        let shelf = try await Shelf()
        var ids: Set<ObjectID> = []
        for number in 0..<5 {
            try await shelf.put("a.ics", uid: "\(number)")
            let id = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.id)
            #expect(ids.insert(id).inserted)
            try await shelf.delete("a.ics")
            try await shelf.store.purge(
                changesBefore: shelf.clock.now.advanced(by: 1),
                versionsBefore: shelf.clock.now.advanced(by: 1)
            )
        }
    }

    @Test func `a purge keeps the version that an object shows`() async throws {
        let shelf = try await Shelf()
        for summary in ["one", "two", "three"] { try await shelf.put("a.ics", uid: "u", summary) }
        try await shelf.put("b.ics", uid: "v")
        try await shelf.delete("b.ics")
        let report = try await shelf.store.purge(
            changesBefore: Instant(seconds: 0),
            versionsBefore: shelf.clock.now.advanced(by: 1)
        )
        #expect(report.versions == 4 && report.changes == 0 && report.calendars == 0)
        #expect(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.text.contains("three") == true)
        #expect(try await shelf.store.versions(uid: "v", in: shelf.calendar).isEmpty)
        #expect(try await shelf.store.versions(uid: "u", in: shelf.calendar).map(\.summary) == ["three"])
    }

    @Test func `a purge goes on until nothing old is left`() async throws {
        let shelf = try await Shelf()
        for number in 0..<1100 { try await shelf.put("a.ics", uid: "u", "\(number)") }
        let horizon = shelf.clock.now.advanced(by: 1)
        let report = try await shelf.store.purge(changesBefore: horizon, versionsBefore: horizon)
        #expect(report.versions == 1099)
    }

    @Test func `a deleted calendar keeps its rows until the horizon has passed`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "u")
        #expect(try await shelf.store.deleteCalendar(shelf.calendar))
        let now = shelf.clock.now
        #expect(try await shelf.store.purge(changesBefore: now, versionsBefore: now).calendars == 0)
        #expect(try await shelf.store.versions(uid: "u", in: shelf.calendar).count == 1)
        let later = now.advanced(by: 1)
        #expect(try await shelf.store.purge(changesBefore: later, versionsBefore: later).calendars == 1)
        #expect(try await shelf.store.versions(uid: "u", in: shelf.calendar).isEmpty)
    }
}
