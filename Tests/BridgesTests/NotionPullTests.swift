import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import Synchronization
import Testing

@testable import BridgeNotion

@Suite("Notion: pulls")
struct NotionPullTests {
    /// Answers queries with an outage as long as it is told to, and notes how many rows were asked for.
    private final class HardTable: HTTPTransport {
        private let state = Mutex<(isHard: Bool, sizes: [Int])>((true, []))

        var sizes: [Int] { state.withLock(\.sizes) }
        func relent() { state.withLock { $0.isHard = false } }

        func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
            guard request.url.contains("/query") else {
                return OutboundReply(status: 200, body: NotionShorthand.expanded(["$table": 1]).octets)
            }
            let size = (try? JSONReader.value(of: request.body))?["page_size"]?.integer ?? 0
            let isHard = state.withLock { state in
                if size != 1 { state.sizes.append(size) }
                return state.isHard && size != 1
            }
            let answer: JSON = isHard ? ["$error": "service_unavailable"] : ["$list": []]
            var reply = OutboundReply(status: isHard ? 503 : 200, body: NotionShorthand.expanded(answer).octets)
            if let name = HTTPField.Name("x-notion-request-id") { reply.headers[name] = "5f0c3ed0" }
            return reply
        }
    }

    @Test func `a query that Notion finds too hard asks for fewer rows the next time`() async throws {
        let table = HardTable()
        let provider = NotionStage.provider(table)
        for _ in 1...5 {
            let bridge = provider.notionBridge(to: NotionStage.link(), using: NotionTokens())
            await #expect(throws: BridgeError.self) { try await bridge.pull(since: nil) }
        }
        #expect(table.sizes == [100, 50, 25, 12, 10])
        table.relent()
        for _ in 1...5 {
            _ = try await provider.notionBridge(to: NotionStage.link(), using: NotionTokens()).pull(since: nil)
        }
        #expect(table.sizes.suffix(5) == [10, 20, 40, 80, 100])
    }

    @Test func `the log has Notion's number of each request that was refused`() async throws {
        let lines = Mutex<[String]>([])
        let provider = NotionProvider(
            transport: HardTable(),
            apiURL: "https://notion.test",
            requestsPerMinute: 60_000,
            now: { NotionStage.now },
            sleep: { _ in },
            note: { line in lines.withLock { $0.append(line) } }
        )
        let bridge = provider.notionBridge(to: NotionStage.link(), using: NotionTokens())
        await #expect(throws: BridgeError.self) { try await bridge.pull(since: nil) }
        let path = "https://notion.test/v1/data_sources/\(NotionStage.table)/query"
        #expect(lines.withLock { $0 } == ["POST \(path): 503 service_unavailable, request 5f0c3ed0"])
    }

    @Test func `a related page that cannot be read any more is called what it was`() throws {
        let workspace = Workspace()
        workspace.keep(titles: ["a": "Alpha", "b": "Beta"], of: "k")
        workspace.forgetTitles(of: "k")
        workspace.keep(titles: ["a": nil, "b": "Gamma", "c": nil], of: "k")
        #expect(workspace.titles(of: "k") == ["a": "Alpha", "b": "Gamma", "c": nil])

        let titles = workspace.knownTitles(of: "k")
        let place = PullCursor(newest: nil, swept: NotionStage.now, columns: "", ledger: Ledger(), titles: titles)
        let later = Workspace()
        later.recall(titles: try #require(PullCursor(place.cursor)).titles, of: "k")
        later.keep(titles: ["a": nil, "b": nil], of: "k")
        #expect(later.titles(of: "k") == ["a": "Alpha", "b": "Gamma"], "after a restart, too")
        later.keepTitles(ofOnly: ["b"], of: "k")
        #expect(later.knownTitles(of: "k") == ["b": "Gamma"])
    }

    /// Counts queries of a table that has nothing new.
    private final class QuietTable: HTTPTransport {
        private let queries = Mutex(0)
        var count: Int { queries.withLock { $0 } }

        func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
            guard request.url.contains("/query") else {
                return OutboundReply(status: 200, body: NotionShorthand.expanded(["$table": 1]).octets)
            }
            queries.withLock { $0 += 1 }
            return OutboundReply(status: 200, body: NotionShorthand.expanded(["$list": []]).octets)
        }
    }

    @Test(arguments: [(8_000, true), (12_000, false)])
    func `a large table is listed with no more than a tenth of the rate`(_ pages: Int, _ isFull: Bool) async throws {
        var ledger = Ledger()
        for number in 1...pages {
            ledger.set(Ledger.Entry(uid: Digest.of("\(number)")), of: compactID(NotionShorthand.id(number)))
        }
        let cursor = PullCursor(
            newest: NotionStage.now + -301,
            swept: NotionStage.now + -301,
            columns: NotionStage.columns.fingerprint,
            ledger: ledger
        )
        let transport = QuietTable()
        let provider = NotionProvider(
            transport: transport,
            apiURL: "https://notion.test",
            requestsPerMinute: 60_000,
            sweepInterval: 300,
            now: { NotionStage.now },
            sleep: { _ in }
        )
        let bridge = provider.notionBridge(to: NotionStage.link(), using: NotionTokens())
        // A full listing begins with a look at the newest stamp, and then misses every page that is known.
        do { _ = try await bridge.pull(since: cursor.cursor) } catch {}
        #expect((transport.count > 1) == isFull)
    }
}
