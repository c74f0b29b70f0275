import Foundation
import ICalendar
import SQL
import SQLite
import Store
import TestSupport
import Testing

@Suite("The audit trail")
struct AuditTests {
    private func stores() async throws -> (CalendarStore, CredentialStore, Principal) {
        let database = try SQLiteDatabase.inMemory()
        try await migrate(database, CalendarStore.migrations)
        let calendars = CalendarStore(database: database) { Instant(seconds: 1000) }
        let credentials = CredentialStore(database: database) { Instant(seconds: 1000) }
        let alice = try await calendars.addPrincipal(name: "alice", email: nil, displayName: nil, isAdmin: false)
        return (calendars, credentials, try #require(alice))
    }

    @Test func `every change to a calendar leaves a line, newest first`() async throws {
        let (calendars, _, alice) = try await stores()
        let made = try await calendars.createCalendar(named: "team", of: alice.id, properties: CalendarProperties())
        let team = try #require(made)
        _ = try await AuditActor.$current.withValue("bob") {
            try await calendars.updateCalendar(team.id) { $0.displayName = "Team" }
        }
        _ = try await calendars.deleteCalendar(team.id)
        let trail = try await calendars.auditTrail(of: alice.id)
        #expect(trail.map(\.action) == [.calendarDeleted, .calendarChanged, .calendarCreated])
        #expect(trail.map(\.actor) == ["alice", "bob", "alice"])
        #expect(trail.allSatisfy { $0.subject == "team" && $0.calendar == team.id && $0.at.seconds == 1000 })
    }

    @Test func `every change to a connection leaves a line, and a state set again leaves none`() async throws {
        let (calendars, credentials, alice) = try await stores()
        let id = try await credentials.addConnection(provider: "google", of: alice.id, state: .connected)
        let problem = ConnectionProblem(code: "reconnect_required", message: "Dead.", remedy: "Connect.")
        for _ in 0..<2 { try await credentials.setConnectionState(id, state: .reconnectRequired, error: problem) }
        for account in ["a@example.org", "a@example.org", "b@example.org"] {
            try await credentials.setConnectionLabel(id, account: account)
        }
        try await credentials.removeConnection(id)
        let trail = try await calendars.auditTrail(of: alice.id)
        #expect(trail.map(\.action) == [.connectionRemoved, .connectionChanged, .connectionState, .connectionAdded])
        #expect(trail[1].detail == "account a@example.org → b@example.org")
        #expect(trail[2].detail == "reconnect_required: Dead.")
    }

    @Test func `the trail is read in pages, and only one's own`() async throws {
        let (calendars, _, alice) = try await stores()
        let bob = try await calendars.addPrincipal(name: "bob", email: nil, displayName: nil, isAdmin: false)
        for number in 0..<5 {
            _ = try await calendars.createCalendar(named: "c\(number)", of: alice.id, properties: CalendarProperties())
        }
        let first = try await calendars.auditTrail(of: alice.id, limit: 3)
        let rest = try await calendars.auditTrail(of: alice.id, before: first.last?.id, limit: 3)
        #expect((first + rest).map(\.subject) == ["c4", "c3", "c2", "c1", "c0"])
        #expect(try await calendars.auditTrail(of: try #require(bob).id).isEmpty)
        #expect(try await calendars.auditTrail(of: alice.id, since: Instant(seconds: 1001)).isEmpty)
    }

    @Test func `whatever the trail can tell is told somewhere`() throws {
        let sources = Fixture.root.deletingLastPathComponent().appendingPathComponent("Sources")
            .resolvingSymlinksInPath()
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var text = ""
        for case let file as URL in files where file.pathExtension == "swift" {
            guard file.lastPathComponent != "AuditLog.swift" else { continue }
            text += try String(contentsOf: file, encoding: .utf8)
        }
        for action in AuditEntry.Action.allCases { #expect(text.contains(".\(action)"), "\(action.rawValue)") }
    }

    @Test func `old lines are forgotten`() async throws {
        let (calendars, _, alice) = try await stores()
        _ = try await calendars.createCalendar(named: "team", of: alice.id, properties: CalendarProperties())
        #expect(try await calendars.purgeAudit(before: Instant(seconds: 1000)) == 0)
        #expect(try await calendars.purgeAudit(before: Instant(seconds: 1001)) == 1)
    }
}
