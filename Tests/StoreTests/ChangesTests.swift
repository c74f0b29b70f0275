import ICalendar
import SQL
import Testing

@testable import Store

@Suite("RFC 6578 §3 changes since a token")
struct ChangesTests {
    @Test func `a first synchronisation names what lives, in the order it was written`() async throws {
        let shelf = try await Shelf()
        for name in ["b", "a", "c"] { try await shelf.put(name) }
        try await shelf.put("b", "again")
        try await shelf.delete("c")
        let page = try #require(try await shelf.page(since: nil))
        #expect(page.states.map(\.name) == ["a", "b"])
        #expect(page.states.map(\.revision) == [2, 4])
        #expect(page.revision == 5)
        #expect(!page.isTruncated)
        let texts = try await shelf.store.texts(ofVersions: page.objects.map(\.version))
        #expect(texts[1] == (try event(uid: "b", summary: "again").text))
    }

    @Test func `each name occurs once, with its latest state`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a")
        let token = try #require(try await shelf.page(since: nil)?.revision)
        for summary in ["1", "2", "3"] { try await shelf.put("a", summary) }
        try await shelf.put("b")
        try await shelf.delete("b")
        try await shelf.put("c")
        let page = try #require(try await shelf.page(since: token))
        #expect(page.states.map(\.name) == ["a", "b", "c"])
        #expect(page.states.map { $0.entry != nil } == [true, false, true])
    }

    @Test func `an unchanged calendar has an empty page and the same token`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a")
        try await shelf.put("a")
        let page = try #require(try await shelf.page(since: 1))
        #expect(page.states.isEmpty && page.revision == 1)
    }

    @Test func `a name that lives again is no longer deleted`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a")
        try await shelf.delete("a")
        try await shelf.put("a", "new")
        let page = try #require(try await shelf.page(since: 1))
        #expect(page.states.map(\.name) == ["a"])
        #expect(page.states[0].entry != nil)
    }

    @Test(arguments: [-1, 3, .max, .min, 1 << 31, (1 << 31) + 2, 5 << 31] as [Int64])
    func `a token that was never given out is refused`(_ token: Int64) async throws {
        let shelf = try await Shelf()
        try await shelf.put("a")
        try await shelf.put("b")
        let page = try await shelf.page(since: token)
        // 1 << 31 is the first synchronisation that began at revision 1: a place one can be at.
        #expect((page == nil) == (token != 1 << 31))
    }

    @Test func `a truncated page carries the revision of its last change`() async throws {
        let shelf = try await Shelf()
        for name in ["a", "b", "c"] { try await shelf.put(name) }
        let first = try #require(try await shelf.page(since: 0, limit: 2))
        #expect(first.isTruncated && first.revision == 2 && first.states.map(\.name) == ["a", "b"])
        let second = try #require(try await shelf.page(since: first.revision, limit: 2))
        #expect(!second.isTruncated && second.revision == 3 && second.states.map(\.name) == ["c"])
        let exact = try #require(try await shelf.page(since: nil, limit: 3))
        #expect(!exact.isTruncated && exact.revision == 3)
    }

    @Test(arguments: [0, -3])
    func `a limit of none still brings the client on`(_ limit: Int) async throws {
        let shelf = try await Shelf()
        for name in ["a", "b"] { try await shelf.put(name) }
        let page = try #require(try await shelf.page(since: nil, limit: limit))
        #expect(page.states.count == 1 && page.isTruncated)
    }

    // MARK: The law

    /// A client that keeps what the pages tell it.
    private struct Replica {
        var etags: [String: ETag] = [:]
        var token: Int64?

        mutating func take(_ page: ChangePage) {
            for change in page.states { etags[change.name] = change.entry?.etag }
            token = page.revision
        }

        /// Reads pages to the end; one that is sent back begins anew.
        mutating func synchronise(with shelf: Shelf, limit: Int?) async throws {
            while true {
                guard let page = try await shelf.page(since: token, limit: limit) else {
                    self = Replica()
                    continue
                }
                #expect(Set(page.states.map(\.name)).count == page.states.count)
                take(page)
                if !page.isTruncated { return }
            }
        }
    }

    /// Whatever the history, the limits and the moments of asking: replaying the pages gives exactly what is there.
    @Test(arguments: 1...12)
    func `no client ever misses a change`(_ seed: UInt64) async throws {
        var numbers = SeededNumbers(seed: seed)
        let shelf = try await Shelf()
        var live: [String: ETag] = [:]
        var replicas = (0..<5).map { _ in Replica() }
        for step in 0..<160 {
            shelf.clock.advance(by: 60)
            let name = "n\(Int.random(in: 0..<14, using: &numbers))"
            switch Int.random(in: 0..<12, using: &numbers) {
            case 0...5:
                let summary = "\(Int.random(in: 0..<4, using: &numbers))"
                try await shelf.put(name, summary)
                live[name] = ETag.of(try event(uid: name, summary: summary).text)
            case 6...8:
                try await shelf.delete(name)
                live[name] = nil
            case 9:
                let horizon = shelf.clock.now.advanced(by: -Int64.random(in: 0...3000, using: &numbers))
                try await shelf.store.purge(changesBefore: horizon, versionsBefore: horizon)
            default:
                // One page only: the client goes away in the middle.
                let index = Int.random(in: replicas.indices, using: &numbers)
                let limit = Int.random(in: 1...5, using: &numbers)
                if let page = try await shelf.page(since: replicas[index].token, limit: limit) {
                    replicas[index].take(page)
                } else {
                    replicas[index] = Replica()
                }
            }
            guard step % 20 == 19 else { continue }
            for index in replicas.indices where index % 2 == step / 20 % 2 {
                let limit = [nil, 1, 2, 3, 7][index]
                try await replicas[index].synchronise(with: shelf, limit: limit)
                #expect(replicas[index].etags == live, "seed \(seed), step \(step), replica \(index)")
            }
        }
        let entries = try await shelf.store.entries(in: shelf.calendar)
        #expect(Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.etag) }) == live)
    }

    // MARK: The horizon

    @Test func `a token that has not seen a forgotten deletion is refused, a later one is not`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a")
        try await shelf.put("b")
        try await shelf.delete("a")
        shelf.clock.advance(by: 100)
        try await shelf.put("c")
        let report = try await shelf.store.purge(changesBefore: shelf.clock.now, versionsBefore: Instant(seconds: 0))
        #expect(report.changes == 1 && report.versions == 0)
        #expect(try await shelf.store.calendar(shelf.calendar)?.purgedBelow == 3)
        #expect(try await shelf.page(since: 0) == nil)
        #expect(try await shelf.page(since: 2) == nil)
        #expect(try await shelf.page(since: 3)?.states.map(\.name) == ["c"])
        #expect(try await shelf.page(since: nil)?.states.map(\.name) == ["b", "c"])
    }

    @Test func `a first synchronisation in small pages ends although its pages lie below the horizon`() async throws {
        let shelf = try await Shelf()
        for name in ["a", "b", "c", "d"] { try await shelf.put(name) }
        try await shelf.delete("d")
        shelf.clock.advance(by: 100)
        try await shelf.store.purge(changesBefore: shelf.clock.now, versionsBefore: Instant(seconds: 0))
        var names: [String] = []
        var token: Int64?
        for _ in 0..<3 {
            let page = try #require(try await shelf.page(since: token, limit: 1))
            names += page.states.map(\.name)
            token = page.revision
        }
        #expect(names == ["a", "b", "c"])
        #expect(token == 5)
    }

    @Test func `a first synchronisation in pages tells no deletion from before it began`() async throws {
        let shelf = try await Shelf()
        for name in ["a", "b", "c", "d"] { try await shelf.put(name) }
        try await shelf.delete("b")
        let first = try #require(try await shelf.page(since: nil, limit: 2))
        let rest = try #require(try await shelf.page(since: first.revision))
        #expect((first.states + rest.states).map(\.name) == ["a", "c", "d"])
        #expect(rest.revision == 5)
    }

    @Test func `a deletion during a first synchronisation in pages is told`() async throws {
        let shelf = try await Shelf()
        for name in ["a", "b", "c", "d"] { try await shelf.put(name) }
        try await shelf.delete("d")
        shelf.clock.advance(by: 100)
        try await shelf.store.purge(changesBefore: shelf.clock.now, versionsBefore: Instant(seconds: 0))
        let first = try #require(try await shelf.page(since: nil, limit: 1))
        try await shelf.delete("a")
        let rest = try #require(try await shelf.page(since: first.revision))
        #expect(rest.states.map(\.name) == ["b", "c", "a"])
        #expect(rest.states.last?.entry == nil)
    }

    @Test(
        arguments: [.revision(0), .revision(7), .initial(began: 1, reached: 0), .initial(began: 9, reached: 8)]
            as [SyncPosition]
    )
    func `a position is its number`(_ position: SyncPosition) {
        #expect(SyncPosition(number: position.number) == position)
    }
}
