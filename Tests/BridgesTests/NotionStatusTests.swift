import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import Testing

@testable import BridgeNotion

/// What becomes of STATUS where a page has an option that means none.
@Suite("Notion: options that say nothing of STATUS")
struct NotionStatusTests {
    private static func page(_ status: String, title: String = "Stand-up") throws -> Page {
        let json = NotionShorthand.expanded([
            "$page": 1, "uid": "a@x", "title": .string(title), "status": .string(status),
        ])
        return try #require(Page(json))
    }

    private static func status(_ object: CalendarObject) -> String? { object.master?.first("STATUS")?.value }

    /// The record of a page that said TENTATIVE, and then got an option that means nothing.
    private static func record(through cursor: Bool, title: String = "Stand-up") throws -> UpstreamRecord {
        var ledger = Ledger()
        _ = ledger.admit(try page("Tentative"), NotionStage.columns)
        if cursor {
            let place = PullCursor(newest: nil, swept: NotionStage.now, columns: "", ledger: ledger)
            ledger = try #require(PullCursor(place.cursor)).ledger
        }
        return ledger.admit(try page("Doing", title: title), NotionStage.columns).record(NotionStage.columns)
    }

    @Test(arguments: [false, true])
    func `an option that means nothing leaves STATUS as it was`(_ isStored: Bool) throws {
        let bridge = NotionStage.bridge
        let record = try Self.record(through: isStored)
        let object = try bridge.object(from: [record])
        #expect(Self.status(object) == "TENTATIVE")
        #expect(try bridge.writes(toMake: object, from: [record]).isEmpty)
    }

    @Test func `a page that never had a STATUS has none with an option that means nothing`() throws {
        var ledger = Ledger()
        let record = ledger.admit(try Self.page("Doing"), NotionStage.columns).record(NotionStage.columns)
        #expect(try Self.status(NotionStage.bridge.object(from: [record])) == nil)
    }

    @Test func `what is written elsewhere on the page keeps its STATUS, too`() async throws {
        let record = try Self.record(through: true)
        let renamed = try Self.record(through: true, title: "Review")
        let wanted = try NotionStage.bridge.object(from: [renamed])
        let write = try #require(try NotionStage.bridge.writes(toMake: wanted, from: [record]).first)
        let (before, after) = (NotionExchange.page("Doing", "Stand-up"), NotionExchange.page("Doing", "Review"))
        let script = NotionScript([before("GET"), after("PATCH")])
        let bridge = NotionStage.provider(script).notionBridge(to: NotionStage.link(), using: NotionTokens())
        let answer = try #require(try await bridge.perform(write))
        #expect(Self.status(try bridge.object(from: [answer])) == "TENTATIVE")
        #expect(script.complaints.isEmpty)
    }

    @Test func `a STATUS of another value is written over an option that means nothing`() throws {
        var columns = NotionStage.columns
        columns[.status]?.options.append("Doing")
        let bridge = NotionStage.bridge
        let record = try Self.record(through: false)
        var ledger = Ledger()
        let other = ledger.admit(try Self.page("Cancelled"), columns).record(columns)
        let writes = try bridge.writes(toMake: bridge.object(from: [other]), from: [record])
        guard case .update(_, _, _, let payload) = try #require(writes.first) else { return #expect(Bool(false)) }
        #expect(payload.contains("Cancelled"))
    }

    // MARK: Options that were renamed

    private static func table(_ options: String...) -> NotionExchange {
        let column: JSON = [
            "id": "sTg", "name": "Stage", "type": "status",
            "status": ["options": .array(options.map { ["name": .string($0)] })],
        ]
        return NotionExchange(answering: NotionShorthand.expanded(["$table": 1, "and": ["Stage": column]]))
    }

    private static func bridge(_ script: NotionScript) -> NotionBridge {
        var columns = NotionStage.columns
        columns[.status] = Column(
            id: "sTg",
            name: "Stage",
            type: .status,
            options: ["Planned", "Sure"],
            customChoices: ChoiceTable(stored: ["CONFIRMED": "Sure", "TENTATIVE": "Planned"])
        )
        let link = NotionStage.link(mapping: Mapping.settled(columns))
        return NotionStage.provider(script).notionBridge(to: link, using: NotionTokens())
    }

    @Test func `a creation refused for an option that was renamed is decided again`() async throws {
        let refusal = NotionShorthand.expanded([
            "$error": "validation_error", "message": "Status option does not exist",
        ])
        let post = NotionExchange(
            method: "POST",
            path: "/v1/pages",
            body: nil,
            answer: .success(OutboundReply(status: 400, body: refusal.octets))
        )
        for (options, error) in [
            (["Planned", "Definite"], BridgeError.changedUpstream), (["Planned", "Sure"], nil),
        ] {
            let script = NotionScript([post, Self.table(options[0], options[1])])
            let creation = RecordCreation(
                id: nil,
                uid: "n@x",
                payload: #"{"properties":{"sTg":{"status":{"name":"Sure"}}}}"#
            )
            let thrown = await #expect(throws: BridgeError.self) {
                try await Self.bridge(script).perform(.create(creation))
            }
            #expect((thrown == .changedUpstream) == (error == .changedUpstream))
            #expect(script.complaints.isEmpty)
        }
    }

    @Test func `a link whose option was renamed says so and goes on`() async throws {
        let bridge = Self.bridge(NotionScript([Self.table("Planned", "Definite")]))
        let columns = try await bridge.refreshColumns()
        #expect(columns[.status]?.options == ["Planned", "Definite"])
        #expect(bridge.complaint?.message.contains("“Sure”") == true)
    }
}

extension NotionExchange {
    /// An answer that is a page with a status.
    fileprivate static func page(_ status: String, _ title: String) -> (String) -> NotionExchange {
        let json: JSON = ["$page": 1, "uid": "a@x", "title": .string(title), "status": .string(status)]
        let body = NotionShorthand.expanded(json).octets
        return { method in
            NotionExchange(
                method: method,
                path: "/v1/pages/\(NotionShorthand.id(1))",
                body: nil,
                answer: .success(OutboundReply(status: 200, body: body))
            )
        }
    }
}
