import ICalendar
import Store
import StoreTestSupport
import TestSupport
import Testing
import Web
import XML

@Suite("Conversations with clients, over the socket", .serialized)
struct ConversationTests {
    /// Methods that the HTTP parser does not know are 400 before the gateway sees them.
    private static let beyondTheParser = ["a-method-that-is-not-known-says-which-are"]

    private static let fixtures = Fixture.all(in: "caldav", extension: "txt").filter { fixture in
        !beyondTheParser.contains(fixture.name)
    }

    @Test(arguments: fixtures)
    func `the gateway answers as written`(_ fixture: Fixture) async throws {
        try await TestGateway.run(now: { Instant(seconds: 1_795_251_600) }) { test in
            let differences = try await Conversation(fixture.text).differences(
                send: { try await test.send($0) },
                perform: { try await test.gateway.calendars.perform($0) },
                compareXML: { expected, actual in
                    try Document(parsing: Array(expected.utf8)).root.difference(to: Document(parsing: actual).root)
                }
            )
            #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        }
    }
}

extension TestGateway {
    fileprivate func send(_ request: Conversation.Request) async throws -> Conversation.Reply {
        let reply = try await send(
            request.method,
            request.path,
            as: request.user,
            request.headers.map { ($0.name, $0.value) },
            body: request.body
        )
        return Conversation.Reply(status: reply.status, headers: reply.headers, body: reply.body)
    }
}
