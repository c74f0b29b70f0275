import Bridging
import ICalendar
import SQL
import SQLite
import SyncTestSupport
import Testing

@testable import Sync

/// What waits in the queue must end at some time, and must not make a link ask its upstream without pause.
@Suite("What waits for nothing")
struct WaitTests {
    /// An event whose creation got no answer, and that waits for another try.
    private func waiting() async throws -> Workbench {
        let bench = try await Workbench()
        try await bench.put(event("e", "SUMMARY:Lunch"))
        await bench.upstream.setScript { $0.isWrite ? .refuse(.unreachable("No answer.")) : nil }
        try await bench.pass()
        await bench.upstream.setScript(nil)
        #expect(try await queued(bench) == ["e"])
        return bench
    }

    private func queued(_ bench: Workbench) async throws -> [String] {
        try await bench.links.queue(of: bench.owner).map(\.uid)
    }

    /// Runs a pass when everything that waits is due; answers in how many seconds the next one is.
    private func secondsToNext(_ bench: Workbench) async throws -> Int64 {
        bench.time.advance(100)
        let next = try #require(try await bench.scheduler().passOnce(bench.link.id))
        return next.seconds - bench.time.now.seconds
    }

    @Test func `an event that is deleted leaves the queue`() async throws {
        let bench = try await waiting()
        try await bench.delete("e")
        #expect(try await secondsToNext(bench) >= 60)
        #expect(try await queued(bench).isEmpty)
    }

    @Test func `an event that is left alone leaves the queue`() async throws {
        let bench = try await waiting()
        try await bench.leaveAlone(.exactly(["e"]))
        #expect(try await queued(bench).isEmpty)
        #expect(try await secondsToNext(bench) >= 60)
    }

    @Test func `an event that the filters keep out leaves the queue`() async throws {
        let bench = try await waiting()
        try await bench.database.write { try $0.run("DELETE FROM intent") }
        var change = LinkChange()
        change.filters = .some(#"{"categories":["work"]}"#)
        _ = try await bench.links.update(bench.link.id, change)
        #expect(try await secondsToNext(bench) >= 60)
        #expect(try await queued(bench).isEmpty)
    }

    @Test func `what is not allowed to go yet is not asked for without pause`() async throws {
        let bench = try await Workbench()
        for number in 0..<30 { try await bench.put(event("e\(number)", "SUMMARY:Lunch")) }
        try await bench.pass()
        for number in 0..<12 { try await bench.delete("e\(number)") }
        try await bench.pass()
        try await bench.database.write { transaction in
            try transaction.run(
                """
                INSERT INTO retry (id, link, uid, action, attempts, due_at, local_digest, remote_digest, since,
                    error_code, error_message, error_remedy)
                VALUES (1, (SELECT id FROM link), 'e1', 'push-deletion', 1, 0, '', '', 0, 'x', 'y', 'z')
                """
            )
        }
        #expect(try await secondsToNext(bench) >= 60)
        #expect(try await bench.status().state == .needsApproval)
    }
}
