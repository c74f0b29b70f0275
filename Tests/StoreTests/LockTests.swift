import ICalendar
import Store
import Testing

@Suite("RFC 4918 §6, §7: locks are looked at in the transaction that writes")
struct LockTests {
    @Test func `a lock binds whoever does not show its token, and who is not its maker`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let lock = try await shelf.lock("a.ics", "urn:uuid:1")
        #expect(await shelf.refusal { try await shelf.put("a.ics", past: []) } == .locked(lock.place))
        #expect(await shelf.refusal { try await shelf.put("a.ics", past: ["urn:uuid:2"]) } == .locked(lock.place))
        #expect(await shelf.refusal { try await shelf.put("a.ics", past: ["urn:uuid:1"]) } == nil)

        let bob = try #require(try await shelf.store.addPrincipal(name: "bob"))
        let wish = WriteGuard(principal: bob.id, tokens: ["urn:uuid:1"])
        let refusal = await shelf.refusal {
            _ = try await shelf.store.delete(
                named: "a.ics",
                in: shelf.calendar,
                if: .always,
                past: wish,
                by: client
            )
        }
        #expect(refusal == .locked(lock.place))
        #expect(try await shelf.store.unlock("urn:uuid:1", at: lock.place, by: bob.id) == .notItsMaker)
    }

    @Test func `a lock ends by itself when its time has passed`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let lock = try await shelf.lock("a.ics", "urn:uuid:1", seconds: 60)
        shelf.clock.advance(by: 59)
        #expect(await shelf.refusal { try await shelf.put("a.ics", past: []) } == .locked(lock.place))
        shelf.clock.advance(by: 1)
        #expect(await shelf.refusal { try await shelf.put("a.ics", past: []) } == nil)
        #expect(try await shelf.store.locks(in: shelf.calendar).isEmpty)
        #expect(try await shelf.store.unlock("urn:uuid:1", at: lock.place, by: shelf.owner) == .noSuchLock)
    }

    @Test func `a renewed lock holds from now on`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let lock = try await shelf.lock("a.ics", "urn:uuid:1", seconds: 60)
        shelf.clock.advance(by: 50)
        let until = shelf.clock.now.advanced(by: 60)
        let renewed = try await shelf.store.refreshLock(lock.token, at: lock.place, of: shelf.owner, until: until)
        #expect(renewed?.expiresAt == until)
        shelf.clock.advance(by: 30)
        #expect(try await shelf.store.locks(covering: lock.place) == [renewed])
    }

    @Test func `locks are in the tables, and so outlive the store`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics")
        let lock = try await shelf.lock("a.ics", "urn:uuid:1")
        let clock = shelf.clock
        let again = CalendarStore(database: shelf.database, now: { clock.now })
        #expect(try await again.locks(in: shelf.calendar) == [lock])
    }

    @Test func `what a request wants to find is looked at when it writes`() async throws {
        let shelf = try await Shelf()
        try await shelf.put("a.ics", uid: "u", "one")
        let place = LockPlace.object(ObjectPlace(calendar: shelf.calendar, name: "a.ics"))
        let old = try #require(try await shelf.store.object(named: "a.ics", in: shelf.calendar)?.etag)
        let wish = WriteGuard(
            principal: shelf.owner,
            alternatives: [[WriteGuard.Condition(place, isNegated: false, .entityTag(old))]]
        )
        #expect(try await shelf.store.holds(wish))
        try await shelf.put("a.ics", uid: "u", "two")
        #expect(try await shelf.store.holds(wish) == false)
        #expect(
            await shelf.refusal { _ = try await shelf.store.deleteCalendar(shelf.calendar, past: wish) }
                == .stateDiffers
        )
        #expect(try await shelf.store.calendar(shelf.calendar) != nil)
    }
}

extension Shelf {
    /// Locks an object of the calendar for alice.
    func lock(_ name: String, _ token: String, seconds: Int64 = 600) async throws -> DAVLock {
        let lock = DAVLock(
            token: token,
            place: .object(ObjectPlace(calendar: calendar, name: name)),
            isExclusive: true,
            isDeep: false,
            principal: owner,
            owner: nil,
            expiresAt: clock.now.advanced(by: seconds)
        )
        guard try await store.lock(lock, past: WriteGuard(principal: owner)) == .locked else { throw Missing() }
        return lock
    }

    /// Stores an event as alice, showing these tokens.
    func put(_ name: String, past tokens: Set<String>) async throws {
        _ = try await store.put(
            event(uid: name, summary: "by token"),
            named: name,
            in: calendar,
            if: .always,
            past: WriteGuard(principal: owner, tokens: tokens),
            by: client
        )
    }

    /// Why a write was refused, if it was.
    func refusal(_ write: () async throws -> Void) async -> WriteRefusal? {
        do {
            try await write()
            return nil
        } catch {
            return error as? WriteRefusal
        }
    }
}
