import ICalendar
import SQL
import SimulatorGoogle
import SimulatorNotion
import Store
import SyncTestSupport
import Testing

@testable import Sync

/// The scheduler as it runs, with Google and Notion on one calendar, by a clock that only the test moves.
@Suite("An hour in which nothing happens", .timeLimit(.minutes(15)))
struct IdleHourTests {
    /// A database that counts the transactions that changed a row.
    private struct CountingDatabase: SQLDatabase {
        let real: any SQLDatabase
        let commits: Counter

        func read<T: Sendable>(
            _ size: SQLReadSize,
            _ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T
        ) async throws -> T {
            try await real.read(size, body)
        }

        func write<T: Sendable>(
            _ body: @escaping @Sendable (borrowing SQLTransaction) throws -> T
        ) async throws -> T {
            let commits = commits
            return try await real.write { transaction in
                let changes: SQLStatement = "SELECT total_changes() AS changes"
                let before = try transaction.row(changes)?.integer("changes")
                let result = try body(transaction)
                if try transaction.row(changes)?.integer("changes") != before { _ = commits.next() }
                return result
            }
        }
    }

    /// What was asked and written up to a moment.
    private struct Toll {
        var googleListings = 0
        var googleRequests = 0
        var notionListings = 0
        var notionLooks = 0
        var writes = 0
        var commits = 0
        var rows: [String: Int64] = [:]

        static func - (later: Toll, earlier: Toll) -> Toll {
            Toll(
                googleListings: later.googleListings - earlier.googleListings,
                googleRequests: later.googleRequests - earlier.googleRequests,
                notionListings: later.notionListings - earlier.notionListings,
                notionLooks: later.notionLooks - earlier.notionLooks,
                writes: later.writes - earlier.writes,
                commits: later.commits - earlier.commits,
                rows: later.rows.merging(earlier.rows, uniquingKeysWith: -)
            )
        }
    }

    /// Two linked upstreams with an event from each and one of ours.
    private struct Stage {
        let clock = WorldClock()
        let google: GoogleSide
        let notion: NotionSide
        let world: World
        let commits = Counter()
        let links: LinkStore
        let alarm: Alarm
        var process = Process()

        init() async throws {
            let (clock, words) = (clock, Words())
            google = await GoogleSide(seed: 1, clock: clock, words: words)
            notion = try await NotionSide(seed: 1, clock: clock, words: words)
            world = try await World(seed: 1, clock, words, policy: .newest, [google, notion])
            let database = CountingDatabase(real: world.database, commits: commits)
            links = LinkStore(calendars: CalendarStore(database: database) { clock.now }) { clock.now }
            alarm = Alarm(now: { clock.now }, move: { clock.advance($0) })
            // What a bridge remembers, it remembers through the hour.
            process.isNew = false
        }

        func fill() async throws {
            let event: SimulatorGoogle.JSON = [
                "summary": "Theirs", "start": ["date": "2026-12-01"], "end": ["date": "2026-12-02"],
            ]
            try await google.simulator.createEvent(event, in: google.calendarIdentifier)
            let properties: JSONValue = [
                "Name": ["title": [["type": "text", "text": ["content": "Page"]]]],
                "When": ["date": ["start": "2026-12-03"]],
            ]
            let body: JSONValue = ["data_source": .string(notion.calendarIdentifier), "properties": properties]
            _ = await notion.simulator.control("POST", "pages", body)
            let text = """
                BEGIN:VCALENDAR
                VERSION:2.0
                PRODID:-//Test//EN
                BEGIN:VEVENT
                UID:ours
                DTSTAMP:20260101T000000Z
                DTSTART:20261204T090000Z
                DTEND:20261204T100000Z
                RRULE:FREQ=WEEKLY
                SUMMARY:Ours
                END:VEVENT
                END:VCALENDAR

                """
            _ = try await links.calendars.put(
                CalendarObject(parsing: text.replacing("\n", with: "\r\n")),
                named: "ours.ics",
                in: world.calendar,
                if: .always,
                by: Author(.client, name: "test")
            )
        }

        func scheduler(hasChannels: Bool) -> SyncScheduler {
            let sides: [String: any Side] = ["google": google, "notion": notion]
            let (process, alarm, clock) = (process, alarm, clock)
            return SyncScheduler(
                links: links,
                makeBridge: { link in
                    guard let side = sides[link.provider] else { throw PassFailure.calendarMissing }
                    return side.bridge(to: link.upstream, in: process)
                },
                configuration: SyncConfiguration(
                    webhookAddresses: hasChannels ? ["google": "https://gateway.example/webhooks/google"] : [:]
                ),
                clock: SyncClock(now: { clock.now }, sleep: { try await alarm.sleep($0) }, random: { 0 })
            )
        }

        /// Lets time pass, one timer after the other.
        func pass(_ seconds: Int64) async {
            // A timer for each link, and one of who tidies up.
            let sleepers = world.spokes.count + 1
            let end = clock.now + seconds
            await alarm.untilAsleep(sleepers)
            while let next = alarm.next, next <= end {
                // A bridge that waits for its turn moves the clock, too.
                alarm.advance(max(next - clock.now, 0))
                await alarm.untilAsleep(sleepers)
            }
        }

        func toll() async throws -> Toll {
            var toll = Toll()
            let asked = await google.simulator.requests
            toll.googleRequests = asked.count
            toll.googleListings = asked.count { $0.method == "GET" && $0.path.hasSuffix("/events") }
            let log = (await notion.simulator.control("GET", "log").array ?? []).compactMap(\.string)
            toll.notionListings = log.count { $0.contains("/query") && $0.contains("\"page_size\":100") }
            toll.notionLooks = log.count { $0.hasPrefix("GET /v1/data_sources/") }
            let isWrite = { (line: String) in line.hasPrefix("PATCH") || line.hasPrefix("POST /v1/pages") }
            toll.writes = log.count(where: isWrite) + asked.count { $0.method != "GET" }
            // Reading a counter moves it on.
            toll.commits = commits.next()
            toll.rows = try await world.database.read { transaction in
                var rows: [String: Int64] = [:]
                for table in [
                    "object", "version", "tombstone", "mirror", "base", "pass", "pass_item", "conflict", "retry",
                ] {
                    rows[table] = try transaction.row("SELECT COUNT(*) AS n FROM \(raw: table)")?.integer("n")
                }
                rows["revision"] = try transaction.row("SELECT SUM(revision) AS n FROM calendar")?.integer("n")
                return rows
            }
            return toll
        }
    }

    @Test(arguments: [false, true])
    func `makes no write anywhere, one listing per poll, and notes no more than when it looked`(
        _ hasChannels: Bool
    ) async throws {
        let stage = try await Stage()
        try await stage.fill()
        let scheduler = stage.scheduler(hasChannels: hasChannels)
        let running = Task { try await scheduler.run() }
        await stage.pass(1200)
        #expect(try await stage.world.calendars.all(in: stage.world.calendar).count == 3)
        #expect(await stage.notion.pages().count == 3)
        let before = try await stage.toll()
        await stage.pass(3600)
        let hour = try await stage.toll() - before
        running.cancel()
        _ = await running.result

        // The hour has one more where a poll was under way as it began; a busy machine comes to fewer by such a clock.
        let googlePolls = (hasChannels ? 4 : 60) + 1
        #expect((1...googlePolls).contains(hour.googleListings), "\(hour)")
        #expect(hour.googleRequests == hour.googleListings, "nothing else is asked")
        #expect((1...61).contains(hour.notionListings), "\(hour)")
        #expect(abs(hour.notionListings - hour.notionLooks) <= 1, "a look, then a listing: \(hour)")
        #expect(hour.writes == 0)
        #expect(hour.rows.allSatisfy { $0.value == 0 }, "\(hour.rows)")
        // When it looked, when it looks again, and where the next listing begins.
        #expect(hour.commits - 1 <= 3 * (hour.googleListings + hour.notionListings))
    }
}
