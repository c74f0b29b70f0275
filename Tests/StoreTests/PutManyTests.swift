import ICalendar
import SQLite
import Store
import Testing

@Suite("Many new objects at once")
struct PutManyTests {
    /// Stores events named like their UIDs, and answers what became of them.
    private func putMany(_ uids: [String], on shelf: Shelf) async throws -> PutManyOutcome? {
        let objects = try uids.map { NewObject(Draft(try event(uid: $0), at: shelf.clock.now), named: "\($0).ics") }
        return try await shelf.database.write { transaction in
            try shelf.store.put(objects, in: shelf.calendar, by: client, transaction)
        }
    }

    @Test func `each gets a revision of its own, and what stands already is left alone`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("b.ics", uid: "b", "there before")
        let before = try #require(try await shelf.page(since: nil)?.revision)
        let outcome = try #require(try await putMany(["a", "b", "c"], on: shelf))
        #expect(outcome.isStored == [true, false, true])
        #expect(outcome.revisions == before..<before + 2)
        let changes = try #require(try await shelf.page(since: before))
        let names = changes.map { change in if case .object(let object) = change { object.entry.name } else { "gone" } }
        #expect(names == ["a.ics", "c.ics"])
        #expect(changes.revision == before + 2)
        #expect(try await shelf.store.object(uid: "b", in: shelf.calendar)?.text.contains("there before") == true)
    }

    @Test func `a name that was deleted lives again`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "a")
        let former = try #require(try await shelf.store.object(uid: "a", in: shelf.calendar)?.id)
        try await shelf.delete("a.ics")
        #expect(try await putMany(["a"], on: shelf)?.isStored == [true])
        #expect(try await shelf.store.object(uid: "a", in: shelf.calendar)?.id == former)
        #expect(try await shelf.page(since: 0)?.deletions.isEmpty == true)
    }

    @Test func `two UIDs that one object had make two objects`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("x.ics", uid: "a")
        try await shelf.delete("x.ics")
        try await shelf.put("x.ics", uid: "a")
        try await shelf.put("x.ics", uid: "b")
        try await shelf.delete("x.ics")
        #expect(try await putMany(["a", "b"], on: shelf)?.isStored == [true, true])
        let found = try await shelf.store.all(in: shelf.calendar)
        #expect(Set(found.map(\.uid)) == ["a", "b"])
        #expect(Set(found.map(\.id)).count == 2)
    }
}
