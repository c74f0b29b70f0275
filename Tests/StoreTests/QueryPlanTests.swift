import ICalendar
import SQL
import Store
import Testing

@testable import SQLite

@Suite("Every question uses an index")
struct QueryPlanTests {
    /// Answers that are a whole small table, and the purge, which is asked once a day.
    private static let exempt = [
        "FROM principal ORDER BY name", "FROM connection ORDER BY id", "FROM schema_migration",
        "FROM tombstone WHERE at <", "DELETE FROM calendar WHERE deleted_at <",
        "UPDATE calendar SET used_octets =\n    COALESCE", "UPDATE principal SET used_octets = COALESCE",
    ]

    @Test func `no statement of the store looks through a table`() async throws {
        let shelf = try await Shelf()
        try await askEverything(shelf)
        let texts = try await shelf.database.preparedTexts()
        #expect(texts.count > 60)
        for text in texts where ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(where: text.hasPrefix) {
            guard !Self.exempt.contains(where: text.contains) else { continue }
            let steps = try await plan(of: text, shelf.database)
            for step in steps {
                #expect(!step.hasPrefix("SCAN") || step.hasPrefix("SCAN CONSTANT"), "\(step) in: \(text)")
                let isSortedHere = step.contains("TEMP B-TREE")
                #expect(!isSortedHere, "\(step) in: \(text)")
            }
        }
    }

    @Test func `a range is looked up by where short objects begin and where long ones end`() async throws {
        let shelf = try await Shelf()
        let range = TimeRange(start: Instant(seconds: 0), end: Instant(seconds: 1))
        _ = try await shelf.store.matches(in: shelf.calendar, kinds: nil, range: range)
        var indexes: [String] = []
        for text in try await shelf.database.preparedTexts()
        where text.hasPrefix("SELECT") && text.contains("first_start + 2764800") {
            let steps = try await plan(of: text, shelf.database).filter { $0.hasPrefix("SEARCH object") }
            indexes += steps
        }
        let wanted = [
            "SEARCH object USING INDEX long_object_by_end (calendar=? AND last_end>?)",
            "SEARCH object USING INDEX object_by_start (calendar=? AND first_start>? AND first_start<?)",
        ]
        #expect(indexes.sorted() == wanted)
    }

    private func plan(of text: String, _ database: SQLiteDatabase) async throws -> [String] {
        // Unbound values would be refused: each is bound to NULL.
        var statement: SQLStatement = "EXPLAIN QUERY PLAN "
        var rest = text[...]
        var number = 1
        while let mark = rest.firstRange(of: "$\(number)") {
            statement = "\(statement)\(raw: String(rest[..<mark.lowerBound]))\(.null)"
            rest = rest[mark.upperBound...]
            number += 1
        }
        let whole: SQLStatement = "\(statement)\(raw: String(rest))"
        return try await database.write { try $0.rows(whole).map { try $0.text("detail") } }
    }

    private func askEverything(_ shelf: Shelf) async throws {
        let (store, calendar, owner) = (shelf.store, shelf.calendar, shelf.owner)
        let weekly = try event(uid: "w", ["DTSTART:20260105T090000Z", "RRULE:FREQ=WEEKLY"])
        _ = try await store.put(weekly, named: "w.ics", in: calendar, if: .always, by: client)
        for summary in ["1", "2"] { try await shelf.put("a.ics", uid: "a", summary) }
        let id = try #require(try await store.object(named: "a.ics", in: calendar)?.id)
        _ = try await store.object(id)
        _ = try await store.object(uid: "a", in: calendar)
        _ = try await store.entries(in: calendar)
        _ = try await store.all(in: calendar)
        let range = TimeRange(start: Instant(seconds: 0), end: Instant(seconds: 1))
        _ = try await store.candidates(in: calendar, kinds: nil, range: range)
        _ = try await store.candidates(in: calendar, kinds: nil, range: TimeRange(start: Instant(seconds: 0)))
        _ = try await store.matches(in: calendar, kinds: nil, range: nil)
        _ = try await store.changes(in: calendar, since: 1, limit: 1)
        try await shelf.delete("a.ics")
        _ = try await store.versions(of: id)
        _ = try await store.trashedObjects(in: calendar, before: nil, limit: 10)
        _ = try await store.versions(uid: "a", in: calendar)
        _ = try await store.version(1)
        _ = try await store.calendar(holding: id)
        _ = try await store.principal(named: "alice")
        _ = try await store.principal(owner)
        _ = try await store.principals()
        _ = try await store.calendars(of: owner)
        _ = try await store.updateCalendar(calendar, setting: [], removing: []) { _ in }
        let dead = DeadProperty(namespace: "n", name: "x", xml: "<x/>")
        try await store.setDeadProperties([dead], remove: [(namespace: "n", name: "y")], of: calendar)
        _ = try await store.deadProperties(of: calendar)
        try await store.setWriteProtected(false, of: calendar)
        try await askShares(shelf)
        try await askCredentials(CredentialStore(database: shelf.database, now: { Instant(seconds: 0) }), owner)
        let now = shelf.clock.now
        try await store.purge(changesBefore: now, versionsBefore: now)
        _ = try await store.deleteCalendar(calendar)
        _ = try await store.removePrincipal(owner)
    }

    private func askShares(_ shelf: Shelf) async throws {
        let (store, calendar, owner) = (shelf.store, shelf.calendar, shelf.owner)
        let bob = try #require(try await store.addPrincipal(name: "bob", email: "bob@example.org"))
        _ = try await store.principal(email: "bob@example.org")
        for _ in 1...2 { _ = try await store.share(calendar, of: owner, with: bob.id, .write) }
        let share = try #require(try await store.shares(of: calendar).first)
        let author = Author(.client, name: "bob", principal: bob.id)
        _ = try await store.put(event(uid: "b"), named: "b.ics", in: calendar, if: .always, by: author)
        _ = try await store.access(of: bob.id, to: calendar)
        _ = try await store.calendars(visibleTo: bob.id)
        _ = try await store.calendar(calendar, visibleTo: bob.id)
        let seen = try #require(try await store.calendar(named: share.name, visibleTo: bob.id))
        let dead = DeadProperty(namespace: "n", name: "x", xml: "<x/>")
        _ = try await store.update(seen, setting: [dead], removing: [(namespace: "n", name: "y")]) { _ in }
        _ = try await store.deadProperties(of: seen)
        _ = try await store.setState(.declined, of: share.id, for: bob.id)
        _ = try await store.receivedCalendars(of: bob.id)
        _ = try await store.createCalendar(named: share.name, of: bob.id, properties: CalendarProperties())
        _ = try await store.removeShare(share.id, of: calendar)
        _ = try await store.removeShare(of: calendar, with: bob.id)
        let feed = try await store.addFeed(to: calendar, label: "l", privacy: .full, expiresAt: nil, digest: [1])
        _ = try await store.feeds(of: calendar)
        _ = try await store.feed(digest: [1])
        try await store.touch(feed)
        _ = try await store.removeFeed(feed.id, of: calendar)
    }

    private func askCredentials(_ store: CredentialStore, _ owner: PrincipalID) async throws {
        try await store.setPasswordHash("h", of: owner)
        _ = try await store.passwordHash(of: owner)
        let password = try await store.addAppPassword(label: "l", hash: "h", of: owner)
        try await store.touchAppPassword(password)
        _ = try await store.appPasswords(of: owner)
        _ = try await store.removeAppPassword(password, of: owner)
        let token = try await store.addAPIToken(label: "l", scopes: [], digest: [1], of: owner)
        _ = try await store.apiToken(digest: [1])
        _ = try await store.apiTokens(of: owner)
        _ = try await store.removeAPIToken(token, of: owner)
        let connection = try await store.addConnection(provider: "p", of: owner, state: .connected)
        _ = try await store.connection(connection)
        _ = try await store.connections(of: owner)
        _ = try await store.allConnections()
        try await store.setConnectionState(connection, state: .error, error: nil)
        try await store.setConnectionLabel(connection, account: "a")
        try await store.setSealedTokens([1], of: connection)
        _ = try await store.sealedTokens(of: connection)
        let pending = PendingAuthorization(
            stateDigest: [1],
            connection: connection,
            principal: owner,
            sessionBindingDigest: [],
            sealedVerifier: [],
            expiresAt: Instant(seconds: 1)
        )
        try await store.addPendingAuthorization(pending)
        _ = try await store.takePendingAuthorization(stateDigest: [1])
        _ = try await store.removeConnection(connection)
        try await store.addSession(
            SessionRow(digest: [1], principal: owner, csrfDigest: [], expiresAt: Instant(seconds: 1))
        )
        _ = try await store.session(digest: [1])
        try await store.removeSession(digest: [1])
        try await store.removeSessions(of: owner)
        try await store.setSetting("k", [1])
        _ = try await store.setting("k")
        try await store.setSetting("k", nil)
    }
}
