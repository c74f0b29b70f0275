import Bridging
import Testing

@testable import BridgeNotion

@Suite("Notion: the budget of a connection")
struct NotionBudgetTests {
    private let token = RateBudget.Payer(AccessToken("a"))
    private let clock = NotionClock()

    private func budget(_ rate: Int = 180) -> RateBudget {
        let clock = clock
        return RateBudget(requestsPerMinute: rate) { clock.elapsed }
    }

    /// Somebody who asks again when told to.
    private struct Client {
        var isInteractive = false
        var ticket: RateBudget.Ticket?
        var due = Duration.zero
        /// When each request was sent.
        var sent: [Duration] = []
    }

    /// Lets everybody send one request after the other until a time, each as soon as it may; in steps of a millisecond.
    private func run(
        _ clients: inout [Client],
        over budget: RateBudget,
        until end: Duration,
        each limit: Int = .max
    ) async {
        while clock.elapsed <= end {
            for index in clients.indices
            where clients[index].due <= clock.elapsed && clients[index].sent.count < limit {
                let client = clients[index]
                switch await budget.turn(token, isInteractive: client.isInteractive, client.ticket) {
                case .now:
                    clients[index].sent.append(clock.elapsed)
                    clients[index].ticket = nil
                case .wait(let wait, let ticket):
                    clients[index].due = clock.elapsed + wait
                    clients[index].ticket = ticket
                case .paused: Issue.record("nobody asked for a pause")
                }
            }
            clock.advance(.milliseconds(1))
        }
    }

    @Test func `a connection keeps its budget with its next token, and shares it with another one of the same token`()
        async
    {
        let budget = budget()
        let first = RateBudget.Payer(connection: "1", AccessToken("a"))
        await budget.pause(first, seconds: 90)
        let renewed = RateBudget.Payer(connection: "1", AccessToken("b"))
        #expect(await budget.turn(renewed) == .paused(seconds: 90))
        #expect(await budget.turn(.init(connection: "2", AccessToken("b"))) == .paused(seconds: 90))
        #expect(await budget.turn(.init(connection: "3", AccessToken("c"))) == .now)
    }

    @Test(arguments: [1, 5])
    func `no minute sees more requests than allowed, and a long pass nine tenths of them`(_ links: Int) async {
        var clients = [Client](repeating: Client(), count: links)
        clients[0].isInteractive = links > 1
        await run(&clients, over: budget(), until: .seconds(180))
        let sent = clients.flatMap(\.sent).sorted()
        for (number, time) in sent.enumerated() {
            let minute = sent[number...].prefix { $0 <= time + .seconds(60) }.count
            guard minute > 180 else { continue }
            Issue.record("\(minute) requests in the minute from \(time)")
            break
        }
        #expect(Double(sent.count) / (3 * 180) > 0.92)
    }

    @Test func `each connection has its own`() async {
        let budget = budget()
        var clients = [Client()]
        await run(&clients, over: budget, until: .milliseconds(10), each: 4)
        #expect(clients[0].sent.count == 4)
        guard case .wait = await budget.turn(token) else {
            Issue.record("the burst had no end")
            return
        }
        #expect(await budget.turn(.init(AccessToken("another"))) == .now)
    }

    @Test(arguments: [1, 30])
    func `of a budget that the background has drained a few edits find their part at once`(_ links: Int) async {
        let budget = budget()
        var background = [Client](repeating: Client(), count: links)
        await run(&background, over: budget, until: .seconds(90))
        for _ in 1...8 { #expect(await budget.turn(token, isInteractive: true) == .now) }
    }

    @Test func `what somebody waits for passes everything that waits already`() async {
        let budget = budget()
        var clients = [Client](repeating: Client(), count: 20)
        await run(&clients, over: budget, until: .seconds(90))
        let before = clients.map(\.sent.count).reduce(0, +)
        let begun = clock.elapsed
        clients.insert(Client(isInteractive: true), at: 0)
        await run(&clients, over: budget, until: begun + .seconds(2))
        #expect(clients[0].sent.count >= 12, "the part that is kept, and all that comes in two seconds")
        #expect(clients.dropFirst().map(\.sent.count).reduce(0, +) == before)
    }

    @Test func `those who wait go in the order in which they came`() async {
        let budget = budget()
        var clients = [Client](repeating: Client(), count: 10)
        await run(&clients, over: budget, until: .seconds(30))
        let counts = clients.map(\.sent.count)
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "\(counts)")
    }

    @Test func `who goes away makes nobody wait`() async {
        let budget = budget(15)
        #expect(await budget.turn(token) == .now)
        guard case .wait(let first, let ticket) = await budget.turn(token) else {
            Issue.record("there was a second one")
            return
        }
        await budget.leave(token, ticket)
        guard case .wait(let second, _) = await budget.turn(token) else { return }
        #expect(first == second)
    }

    @Test func `a short pause is sat out and a long one is told`() async {
        let budget = budget()
        await budget.pause(token, seconds: 4)
        guard case .wait(.seconds(4), let ticket) = await budget.turn(token) else {
            Issue.record("the pause was not kept")
            return
        }
        clock.advance(.seconds(4))
        #expect(await budget.turn(token, isInteractive: false, ticket) == .now)
        await budget.pause(token, seconds: 90)
        #expect(await budget.turn(token, isInteractive: true) == .paused(seconds: 90))
        clock.advance(.seconds(90))
        #expect(await budget.turn(token) == .now)
    }
}
