import ICalendar
import Store
import Testing

@Suite("RFC 4918 §9.8.3: a copy of a calendar")
struct CopyCalendarTests {
    private func copy(_ shelf: Shelf, to name: String, quota: Int64 = .max) async throws -> CalendarCollection? {
        let source = try #require(await shelf.store.calendar(shelf.calendar))
        var wish = WriteGuard(principal: shelf.owner)
        wish.quota = quota
        let outcome = try await shelf.store.copyCalendar(
            source,
            to: name,
            isDeep: true,
            overwrites: false,
            past: wish,
            by: client
        )
        guard outcome == .created else { return nil }
        return try await shelf.store.calendar(named: name, of: shelf.owner)
    }

    @Test func `its objects are new ones, each with a history of its own`() async throws {
        let shelf = try await Shelf()
        for name in ["b.ics", "a.ics", "c.ics"] { try await shelf.put(name, "before") }
        try await shelf.put("a.ics", "then")
        let made = try #require(await copy(shelf, to: "copy"))
        let sources = try await shelf.store.all(in: shelf.calendar)
        let copies = try await shelf.store.all(in: made.id)
        #expect(copies.map(\.text) == sources.map(\.text))
        #expect(copies.map(\.etag) == sources.map(\.etag))
        #expect(Set(copies.map(\.id)).isDisjoint(with: sources.map(\.id)))
        #expect(made.revision == 3 && Set(copies.map(\.entry.revision)) == [1, 2, 3])
        for copy in copies {
            let versions = try await shelf.store.versions(of: copy.id)
            #expect(versions.count == 1 && versions.first?.text == copy.text)
        }
        // What is numbered next is numbered anew.
        try await shelf.put("d.ics")
        let ids = try await shelf.store.entries(in: shelf.calendar).map(\.id) + copies.map(\.id)
        #expect(Set(ids).count == ids.count)
    }

    @Test func `what is known of occurrences goes along`() async throws {
        let shelf = try await Shelf()
        let weekly = try event(uid: "w", ["DTSTART:20261121T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"])
        _ = try await shelf.store.put(weekly, named: "w.ics", in: shelf.calendar, if: .always, by: client)
        let made = try #require(await copy(shelf, to: "copy"))
        let range = TimeRange(start: Instant(seconds: 1_795_251_600 + 7 * 86_400), end: Instant(seconds: 1_795_900_000))
        let here = try await shelf.store.matches(in: shelf.calendar, kinds: nil, range: range, withOccurrences: true)
        let there = try await shelf.store.matches(in: made.id, kinds: nil, range: range, withOccurrences: true)
        #expect(here.count == 1 && there.count == 1)
        #expect(there.first?.isCertain == here.first?.isCertain)
        #expect(there.first?.occurrences?.map(\.start) == here.first?.occurrences?.map(\.start))
    }

    @Test func `it counts for its owner, and one without room is not made at all`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let before = try await shelf.store.usage(of: shelf.owner)
        await #expect(throws: WriteRefusal.quotaExceeded) {
            _ = try await copy(shelf, to: "copy", quota: before.used + 1)
        }
        #expect(try await shelf.store.usage(of: shelf.owner) == before)
        #expect(try await shelf.store.calendar(named: "copy", of: shelf.owner) == nil)
        let made = try #require(await copy(shelf, to: "copy"))
        let after = try await shelf.store.usage(of: shelf.owner)
        #expect(after.used == 2 * before.used && after.calendars[made.id] == before.used)
    }

    @Test func `a reader who has lost the calendar copies nothing`() async throws {
        let shelf = try await Shelf()
        let source = try #require(await shelf.store.calendar(shelf.calendar))
        let stranger = try #require(await shelf.store.addPrincipal(name: "bob"))
        let outcome = try await shelf.store.copyCalendar(
            source,
            to: "copy",
            isDeep: true,
            overwrites: false,
            past: WriteGuard(principal: stranger.id),
            by: Author(.client, name: "bob", principal: stranger.id)
        )
        #expect(outcome == .notFound)
    }
}
