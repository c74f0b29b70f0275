import Bridging
import ICalendar
import SQL
import Store
import SyncTestSupport

@testable import Sync

/// What the person does whose gateway it is: changes how the calendars are linked, and brings back what was.
extension ScriptedHistory {
    /// What the owner does between two passes.
    mutating func actAsOwner() async throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: try await undoRun()
        case 2: try await linkAgain()
        case 3, 4: try await clearOut()
        case 5, 6: try await restoreVersion()
        default: await ownersAct()()
        }
    }

    /// Something about the link that can be done at any time, also while a pass is under way.
    mutating func ownersAct() -> @Sendable () async -> Void {
        let (links, id) = (bench.links, bench.link.id)
        let policy = [ConflictPolicy.newest, .upstream, .gateway].randomElement(using: &random)
        guard Bool.random(using: &random) else {
            return {
                var change = LinkChange()
                change.policy = policy
                await Self.check { _ = try await links.update(id, change) }
            }
        }
        return {
            await Self.check {
                let isPaused = try await links.readiness(of: id)?.state == .paused
                _ = try await links.setState(isPaused ? .idle : .paused, of: id)
            }
        }
    }

    private static func check(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            preconditionFailure("the database in memory failed: \(error)")
        }
    }

    private mutating func undoRun() async throws {
        guard let run = try await bench.links.runs(of: bench.owner, link: bench.link.id).randomElement(using: &random)
        else { return }
        let undone = try await bench.scheduler().undo(run.id, by: Author(.restore, name: "alice"))
        trace("undo run \(run.id.rawValue): \(String(describing: undone))")
    }

    /// Makes a former version of an event the present one.
    private mutating func restoreVersion() async throws {
        let numbers = try await bench.database.read { transaction in
            try transaction.rows("SELECT number FROM version ORDER BY number").map { try $0.integer("number") }
        }
        guard let number = numbers.randomElement(using: &random),
            let version = try await bench.calendars.version(number)
        else { return }
        let present = try await bench.calendars.object(uid: version.uid, in: bench.calendar)
        trace("restore version \(number)")
        try await bench.put(version.text, named: present?.name ?? version.name)
    }

    /// Disconnects the calendar and links it again.
    private mutating func linkAgain() async throws {
        let purges: [LinkPurge] = [.nothing, .nothing, .copies, .everything]
        let purge = purges.randomElement(using: &random) ?? .nothing
        guard let current = try await bench.links.link(bench.link.id) else { return }
        trace("link again, purging \(purge)")
        _ = try await bench.scheduler().delete(current.id, purge: purge, by: Author(.client, name: "alice"))
        let made = try await bench.links.create(
            NewLink(
                principal: bench.owner,
                calendar: bench.calendar,
                connection: current.connection,
                provider: "scripted",
                upstreamCalendar: "upstream",
                upstreamName: "upstream",
                policy: current.policy
            )
        )
        guard let made else { throw WorkbenchError.notStored }
        bench.link = made
        if Bool.random(using: &random) { _ = try await bench.scheduler().plan(made.id) }
        _ = try await bench.scheduler().start(made.id)
    }

    // MARK: Many at once

    /// Stores more events than anybody deletes at once.
    mutating func fill() async throws {
        for number in 0..<14 {
            try await bench.put(
                event(
                    "c\(number)",
                    "DTSTART:202612\(10 + number)T090000Z",
                    "DTEND:202612\(10 + number)T100000Z",
                    "SUMMARY:\(newWord())"
                )
            )
        }
    }

    /// Somebody clears a whole calendar out.
    private mutating func clearOut() async throws {
        guard isCrowded else { return }
        if Bool.random(using: &random) {
            for uid in try await bench.uids().dropFirst(2) { try await bench.delete(uid) }
        } else {
            for record in await bench.upstream.live.dropFirst(2) { await bench.upstream.delete(record.id) }
        }
    }

    /// Lets the deletions go that wait for a person, or takes them back.
    mutating func decideOnHeld() async throws {
        let scheduler = bench.scheduler()
        if Bool.random(using: &random) {
            _ = try await scheduler.approve(bench.link.id)
        } else {
            _ = try await scheduler.reject(bench.link.id)
        }
    }

    /// Nothing is paused any more, and nothing left alone.
    func takeUpEverything() async throws {
        if try await bench.links.readiness(of: bench.link.id)?.state == .paused {
            _ = try await bench.links.setState(.idle, of: bench.link.id)
        }
        guard try await !bench.links.skipped(by: bench.link.id).isEmpty else { return }
        try await bench.leaveAlone(.exactly([]))
    }
}
