import ICalendar
import SQL
import SQLite
import Store
import Testing

@Suite("RFC 4791 §5.3.2 PUT and DELETE, and their conditions")
struct PutTests {
    /// Whether there is an object, and with which text.
    enum Before: CaseIterable {
        case nothing, same, other
    }

    enum Condition: CaseIterable {
        case always, absent, present, matchesCurrent, matchesAnother, matchesNone, noneMatchCurrent, noneMatchAnother

        func condition(_ current: ETag?) -> WriteCondition {
            let current = current ?? ETag(rawValue: "none")
            let another = ETag(rawValue: "another")
            return switch self {
            case .always: .always
            case .absent: .absent
            case .present: .present
            case .matchesCurrent: .matches([another, current])
            case .matchesAnother: .matches([another])
            case .matchesNone: .matches([])
            case .noneMatchCurrent: .noneMatch([another, current])
            case .noneMatchAnother: .noneMatch([another])
            }
        }

        func holds(_ before: Before) -> Bool {
            switch self {
            case .always, .noneMatchAnother: true
            case .absent, .noneMatchCurrent: before == .nothing
            case .present, .matchesCurrent: before != .nothing
            case .matchesAnother, .matchesNone: false
            }
        }
    }

    @Test(arguments: Before.allCases, Condition.allCases)
    func `a write happens exactly when its condition holds`(_ before: Before, _ condition: Condition) async throws {
        let shelf = try await Shelf()
        switch before {
        case .nothing: break
        case .same: try await shelf.put("a.ics", "new")
        case .other: try await shelf.put("a.ics", "old")
        }
        let current = try await shelf.store.object(named: "a.ics", in: shelf.calendar)
        let revision = try await shelf.store.calendar(shelf.calendar)?.revision
        let new = ETag.of(try event(uid: "a.ics", summary: "new").text)

        let outcome = try await shelf.put("a.ics", "new", if: condition.condition(current?.etag))

        let expected: PutOutcome =
            switch (condition.holds(before), before) {
            case (false, _): .conditionFailed
            case (true, .nothing): .created(new)
            case (true, .same): .unchanged(new)
            case (true, .other): .replaced(new)
            }
        #expect(outcome == expected)
        let after = try await shelf.store.calendar(shelf.calendar)?.revision
        switch outcome {
        case .created, .replaced: #expect(after == revision.map { $0 + 1 })
        case .unchanged, .conditionFailed, .uidInUse, .calendarMissing: #expect(after == revision)
        }
    }

    @Test(arguments: [false, true], Condition.allCases)
    func `a deletion happens exactly when its condition holds`(_ exists: Bool, _ condition: Condition) async throws {
        let shelf = try await Shelf()
        if exists { try await shelf.put("a.ics") }
        let current = try await shelf.store.object(named: "a.ics", in: shelf.calendar)
        let outcome = try await shelf.delete("a.ics", if: condition.condition(current?.etag))
        let expected: DeleteOutcome = !exists ? .notFound : condition.holds(.same) ? .deleted : .conditionFailed
        #expect(outcome == expected)
        let isThere = try await shelf.store.object(named: "a.ics", in: shelf.calendar) != nil
        #expect(isThere == (exists && outcome != .deleted))
    }

    @Test func `the octets come back as they were received`() async throws {
        let shelf = try await Shelf()
        let text = try event(uid: "a", summary: "x").text.replacing("SUMMARY:x", with: "summary;X-a=b:fol\r\n ded ✓")
        let object = try CalendarObject(parsing: text)
        _ = try await shelf.store.put(object, named: "a.ics", in: shelf.calendar, if: .always, by: client)
        let stored = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar))
        #expect(Array(stored.text.utf8) == Array(text.utf8))
        #expect(stored.entry.size == text.utf8.count)
        #expect(stored.etag == ETag.of(text))
        #expect(try stored.object().uid == "a")
    }

    @Test func `a UID is in a calendar once, under whatever name`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "u")
        #expect(try await shelf.put("b.ics", uid: "u") == .uidInUse(by: "a.ics"))
        #expect(try await shelf.store.entries(in: shelf.calendar).map(\.name) == ["a.ics"])

        let other = try #require(
            try await shelf.store.createCalendar(named: "other", of: shelf.owner, properties: CalendarProperties())
        )
        let object = try event(uid: "u")
        let outcome = try await shelf.store.put(object, named: "b.ics", in: other.id, if: .always, by: client)
        #expect(outcome == .created(ETag.of(object.text)))
    }

    @Test func `a UID is free again once its object has another, or is gone`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "u")
        try await shelf.put("a.ics", uid: "v")
        guard case .created = try await shelf.put("b.ics", uid: "u") else {
            Issue.record("u was not free")
            return
        }
        try await shelf.delete("a.ics")
        guard case .created = try await shelf.put("c.ics", uid: "v") else {
            Issue.record("v was not free")
            return
        }
        let ids = try await shelf.store.entries(in: shelf.calendar).map(\.id)
        #expect(Set(ids).count == 2)
    }

    @Test func `nothing is stored in a calendar that is gone`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let id = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.id)
        #expect(try await shelf.store.deleteCalendar(shelf.calendar))
        #expect(try await shelf.put("b.ics") == .calendarMissing)
        #expect(try await shelf.delete("a.ics") == .notFound)
        #expect(try await shelf.store.object(id) == nil)
        #expect(try await shelf.page(since: nil) == nil)
    }

    @Test func `of many conditional writers of one object exactly one wins`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", "0")
        let etag = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.etag)
        let outcomes = try await withThrowingTaskGroup(of: PutOutcome.self) { group in
            for number in 1...16 {
                group.addTask { try await shelf.put("a.ics", "\(number)", if: .matches([etag])) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .conditionFailed } == 15)
    }

    @Test func `a caller's own rows and the object stand or fall together`() async throws {
        struct Stop: Error {}
        let shelf = try await Shelf()
        let object = try event(uid: "u")
        await #expect(throws: Stop.self) {
            try await shelf.database.write { transaction in
                _ = try shelf.store.put(
                    object,
                    named: "a.ics",
                    in: shelf.calendar,
                    if: .absent,
                    by: client,
                    transaction
                )
                #expect(try shelf.store.object(uid: "u", in: shelf.calendar, transaction)?.name == "a.ics")
                #expect(try shelf.store.all(in: shelf.calendar, transaction).count == 1)
                throw Stop()
            }
        }
        #expect(try await shelf.store.entries(in: shelf.calendar).isEmpty)
        #expect(try await shelf.page(since: nil)?.revision == 0)
    }

    @Test func `each change is announced once, and nothing else is`() async throws {
        let shelf = try await Shelf()
        var commits = shelf.store.commits.makeAsyncIterator()
        let ours = Commit(calendar: shelf.calendar, author: client)
        try await shelf.put("a.ics")
        #expect(await commits.next() == [ours])
        try await shelf.put("a.ics")
        try await shelf.put("b.ics", uid: "a.ics")
        try await shelf.delete("b.ics")
        let link = Commit(calendar: shelf.calendar, author: Author(.link, name: "1"))
        shelf.store.announce(link)
        #expect(await commits.next() == [link])
        try await shelf.delete("a.ics")
        #expect(await commits.next() == [ours])
    }

    @Test func `changes that nobody has looked at yet are announced together`() async throws {
        let shelf = try await Shelf()
        let work = try await shelf.makeCalendar("work")
        for name in ["a.ics", "b.ics", "c.ics"] { try await shelf.put(name) }
        let moved = Commit(calendar: work, author: Author(.link, name: "1"))
        shelf.store.announce(moved)
        var commits = shelf.store.commits.makeAsyncIterator()
        #expect(await commits.next() == [Commit(calendar: shelf.calendar, author: client), moved])
        try await shelf.delete("a.ics")
        #expect(await commits.next() == [Commit(calendar: shelf.calendar, author: client)])
    }

    @Test func `objects are found by name, UID and identifier`() async throws {
        let shelf = try await Shelf()
        for name in ["b", "a", "c"] { try await shelf.put("\(name).ics", uid: name) }
        let found = try await shelf.store.read(named: ["c.ics", "none.ics", nil, "a.ics"], in: shelf.calendar)
        let entries = found.map { $0?.listed.entry }
        #expect(entries.map { $0?.name } == ["c.ics", nil, nil, "a.ics"])
        #expect(try found[3]?.text == event(uid: "a").text)
        #expect(try await shelf.store.object(uid: "b", in: shelf.calendar)?.name == "b.ics")
        #expect(try await shelf.store.object(#require(entries[0]).id)?.entry == entries[0])
        #expect(try await shelf.store.entries(in: shelf.calendar).map(\.name) == ["a.ics", "b.ics", "c.ics"])
        #expect(try await shelf.store.all(in: shelf.calendar).map(\.uid) == ["a", "b", "c"])
    }
}
