import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import Testing

@testable import BridgeNotion

@Suite("Notion: long texts (request limits)")
struct NotionTextTests {
    @Test func `a text of two thousand units is one run`() {
        #expect(RichText.runs(String(repeating: "a", count: 2_000)).elements.count == 1)
        #expect(RichText.runs(String(repeating: "a", count: 2_001)).elements.count == 2)
    }

    @Test(arguments: ["😀", "👩‍👩‍👧‍👦", "e\u{301}", "🇩🇪", "क्षि"])
    func `no run is cut inside a character`(_ character: String) {
        let text = "x" + String(repeating: character, count: 3_000)
        let runs = RichText.runs(text).elements.map { $0["text"]?["content"]?.string ?? "" }
        #expect(runs.joined() == text)
        #expect(runs.allSatisfy { $0.utf16.count <= RichText.maximumRun })
        #expect(runs.map(\.count).reduce(0, +) == text.count, "as many characters apart as together")
    }

    @Test func `a character longer than a run is cut between its scalars`() {
        let text = "z" + String(repeating: "\u{301}", count: 5_000)
        let runs = RichText.runs(text).elements.map { $0["text"]?["content"]?.string ?? "" }
        #expect(runs.joined().utf16.elementsEqual(text.utf16))
        #expect(runs.allSatisfy { $0.utf16.count <= RichText.maximumRun })
    }

    @Test func `a text that is too long is cut and marked`() {
        let cut = RichText.fitting(String(repeating: "a", count: 250_000), octets: 1_000_000)
        #expect(cut.utf16.count <= RichText.maximumRun * RichText.maximumRuns)
        #expect(cut.hasSuffix("…"))
        #expect(RichText.runs(cut).elements.count == RichText.maximumRuns)
        #expect(RichText.fitting(cut, octets: 1_000_000) == cut)
    }

    @Test func `a text takes no more than its share of a request`() {
        let cut = RichText.fitting(String(repeating: "\"\n", count: 30_000), octets: EventValues.textOctets)
        #expect(JSON.string(cut).octets.count <= EventValues.textOctets + 2)
        #expect(cut.hasSuffix("…"))
    }

    @Test func `the largest event stays below five hundred kilobytes`() throws {
        let long = String(repeating: "ü", count: 240_000)
        let event = try NotionEvent("DTSTART:20261123T090000Z", "SUMMARY:\(long)", "DESCRIPTION:\(long)").object
        let write = try #require(NotionStage.bridge.writes(toMake: event, from: []).first)
        guard case .create(let creation) = write else { throw NotionEvent.Unexpected() }
        #expect(creation.payload.utf8.count < 500_000)
    }

    @Test func `a cut text is no difference`() throws {
        let long = String(repeating: "a long description ", count: 20_000)
        let event = try NotionEvent("DTSTART:20261123T090000Z", "DESCRIPTION:\(long)").object
        let bridge = NotionStage.bridge
        let write = try #require(bridge.writes(toMake: event, from: []).first)
        let answer = try #require(NotionEcho.record(of: write))
        #expect(try bridge.writes(toMake: event, from: [answer]).isEmpty)
    }
}

@Suite("Notion: writes")
struct NotionWriteTests {
    private let bridge = NotionStage.bridge

    private func page(_ members: [String: JSON]) throws -> UpstreamRecord {
        var all: [String: JSON] = ["$page": 1, "uid": "a@x", "title": "Stand-up"]
        for (key, value) in members { all[key] = value }
        return try #require(Page(NotionShorthand.expanded(.object(all)))).record(NotionStage.columns)
    }

    private func update(_ event: CalendarObject, _ record: UpstreamRecord) throws -> JSON? {
        let writes = try bridge.writes(toMake: event, from: [record])
        guard case .update(let id, _, let revision, let payload)? = writes.first, writes.count == 1 else { return nil }
        #expect(id == record.id && revision == record.revision)
        return try JSONReader.value(of: payload)["properties"]
    }

    @Test func `only what differs is written, each column by its identifier`() throws {
        let event = try NotionEvent("DTSTART;VALUE=DATE:20261123", "SUMMARY:Stand-up", "LOCATION:Here").object
        let written = try update(event, page(["description": "old", "location": "There"]))
        #expect(
            written == [
                "dE%3A1": ["rich_text": []],
                "lOc%60": ["rich_text": [["type": "text", "text": ["content": "Here"]]]],
            ]
        )
    }

    @Test func `an emptied value is cleared in the way of its type`() throws {
        let event = try NotionEvent("DTSTART;VALUE=DATE:20261123").object
        let full: [String: JSON] = [
            "url": "https://a.example", "status": "Confirmed", "categories": ["work"],
            "repeats": "RRULE:FREQ=DAILY", "location": "There",
        ]
        #expect(
            try update(event, page(full)) == [
                "title": ["title": []], "lOc%60": ["rich_text": []], "uRl_": ["url": .null],
                "sTa%3F": ["select": .null],
                "%3B%5Cds": ["multi_select": []], "rEp%40": ["rich_text": []],
            ]
        )
    }

    @Test func `styles of a text that did not change are kept`() throws {
        let event = try NotionEvent("DTSTART;VALUE=DATE:20261123", "SUMMARY:Stand-up", "DESCRIPTION:bold move").object
        let record = try page([:])
        var json = try JSONReader.value(of: record.payload).members
        var properties = json["properties"]?.members ?? [:]
        properties["dE%3A1"] = [
            "id": "dE%3A1", "rich_text": [["plain_text": "bo"], ["plain_text": "ld "], ["plain_text": "move"]],
        ]
        json["properties"] = .object(properties)
        let styled = try #require(Page(.object(json))).record(NotionStage.columns)
        #expect(try bridge.writes(toMake: event, from: [styled]).isEmpty)
    }

    @Test func `the option of a task board is left alone until there is a status to tell`() throws {
        let silent = try NotionEvent("DTSTART;VALUE=DATE:20261123", "SUMMARY:Stand-up").object
        #expect(try bridge.writes(toMake: silent, from: [page(["status": "Doing"])]).isEmpty)
        let told = try NotionEvent("DTSTART;VALUE=DATE:20261123", "SUMMARY:Stand-up", "STATUS:TENTATIVE").object
        #expect(try update(told, page(["status": "Doing"])) == ["sTa%3F": ["select": ["name": "Tentative"]]])
    }

    @Test func `a status column never gets an option it does not have`() throws {
        var columns = NotionStage.columns
        columns[.status] = Column(id: "sTa%3F", name: "Status", type: .status, options: ["Open", "canceled"])
        let link = NotionStage.link(mapping: Mapping.settled(columns))
        let bridge = NotionStage.provider(NotionScript([])).notionBridge(to: link, using: NotionTokens())
        func written(_ status: String) throws -> JSON? {
            let event = try NotionEvent("DTSTART;VALUE=DATE:20261123", "STATUS:\(status)").object
            guard case .create(let creation)? = try bridge.writes(toMake: event, from: []).first else { return nil }
            return try JSONReader.value(of: creation.payload)["properties"]?["sTa%3F"]
        }
        #expect(try written("CONFIRMED") == nil)
        #expect(try written("CANCELLED") == ["status": ["name": "canceled"]])
    }

    @Test func `a UID that is missing on the page is written back`() throws {
        let record = try page(["uid": ""])
        let event = try bridge.object(from: [record])
        let uid = "00000000000040008000000000000001@notion.kalends"
        #expect(
            try update(event, record) == [
                "uId%7D": ["rich_text": [["type": "text", "text": ["content": .string(uid)]]]]
            ]
        )
    }

    @Test func `a nonsensical rule is replaced by the true one`() throws {
        let event = try NotionEvent("DTSTART;VALUE=DATE:20261123", "SUMMARY:Stand-up", "RRULE:FREQ=DAILY").object
        let text = "Every day\nRRULE:FREQ=DAILY"
        #expect(
            try update(event, page(["repeats": "RRULE:FREQ=SOMETIMES"])) == [
                "rEp%40": ["rich_text": [["type": "text", "text": ["content": .string(text)]]]]
            ]
        )
    }

    @Test func `a nonsensical rule that nobody knows otherwise is quarantined`() throws {
        let record = try page(["repeats": "RRULE:FREQ=SOMETIMES"])
        #expect(throws: TranslationError.self) { try bridge.object(from: [record]) }
    }

    @Test func `different occurrences are counted, for they cannot be shown`() throws {
        let event = try NotionEvent(
            "DTSTART:20261123T090000Z",
            "RRULE:FREQ=DAILY",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:a@x",
            "DTSTAMP:20261120T100000Z",
            "RECURRENCE-ID:20261124T090000Z",
            "DTSTART:20261124T100000Z"
        ).object
        guard case .create(let creation)? = try bridge.writes(toMake: event, from: []).first else {
            throw NotionEvent.Unexpected()
        }
        let text = RichText.plainText(
            try JSONReader.value(of: creation.payload)["properties"]?["rEp%40"]?["rich_text"]
        )
        #expect(text == "Every day (changes: 1)\nDTSTART:20261123T090000Z\nRRULE:FREQ=DAILY")
    }

    @Test func `a series is deleted page by page`() throws {
        let record = try page([:])
        #expect(
            try bridge.writes(toMake: nil, from: [record, Page.deletedRecord("x")])
                == [.delete(id: record.id, series: record.id, revision: record.revision)]
        )
    }

    @Test func `a page without a date is no event`() throws {
        let record = try page(["when": .null])
        #expect(throws: TranslationError.notAnEvent) { try bridge.object(from: [record]) }
        #expect(throws: TranslationError.notAnEvent) { try bridge.object(from: [Page.deletedRecord("x")]) }
    }

    @Test func `an occurrence without its series is not written`() throws {
        let event = try NotionEvent("RECURRENCE-ID:20261124T090000Z", "DTSTART:20261124T100000Z").object
        #expect(throws: TranslationError.self) { try bridge.writes(toMake: event, from: []) }
    }

    @Test func `a series needs a column for its rule`() throws {
        var columns = NotionStage.columns
        columns[.repeats] = nil
        let link = NotionStage.link(mapping: Mapping.settled(columns))
        let bridge = NotionStage.provider(NotionScript([])).notionBridge(to: link, using: NotionTokens())
        let series = try NotionEvent("DTSTART:20261123T090000Z", "RRULE:FREQ=DAILY").object
        #expect(throws: TranslationError.self) { try bridge.writes(toMake: series, from: []) }
        let single = try NotionEvent("DTSTART:20261123T090000Z").object
        #expect(try bridge.writes(toMake: single, from: []).count == 1)
    }

    @Test func `a time is written in its zone, and by its offset where the clock shows it twice`() throws {
        let plain = When(start: Instant(seconds: 1_795_420_800), end: nil, zone: "Europe/Berlin")
        #expect(plain.json["start"] == "2026-11-23T09:00:00" && plain.json["time_zone"] == "Europe/Berlin")
        let second = try #require(Instant(rfc3339: "2026-10-25T01:30:00Z"))
        let twice = When(start: second, end: nil, zone: "Europe/Berlin")
        #expect(twice.json["start"] == "2026-10-25T01:30:00Z" && twice.json["time_zone"] == .null)
    }
}

@Suite("Notion: what a process remembers between pulls")
struct NotionMemoryTests {
    private static let empty: JSON = ["$list": []]

    /// Makes a page in one pass and pulls in the next.
    private func records(_ pulled: JSON..., after made: JSON) async throws -> [UpstreamRecord] {
        let pages = pulled.map { NotionShorthand.expanded(["$list": $0]) }
        let query = "/v1/data_sources/\(NotionStage.table)/query"
        let schema = NotionShorthand.expanded(["$table": 1])
        let script = NotionScript(
            [
                ("POST", "/v1/pages", NotionShorthand.expanded(made)),
                ("GET", "/v1/data_sources/\(NotionStage.table)", schema), ("POST", query, pages[0]),
            ].map { method, path, answer in
                let reply = OutboundReply(status: 200, body: answer.octets)
                return NotionExchange(method: method, path: path, body: nil, answer: .success(reply))
            }
        )
        let bridge = NotionStage.provider(script).notionBridge(to: NotionStage.link(), using: NotionTokens())
        let creation = RecordCreation(id: nil, uid: "a@x", payload: #"{"properties":{}}"#)
        _ = try await bridge.perform(.create(creation))
        let cursor = PullCursor(
            newest: NotionStage.now,
            swept: NotionStage.now,
            columns: NotionStage.columns.fingerprint,
            ledger: Ledger()
        ).cursor
        return try await bridge.pull(since: cursor).records
    }

    @Test func `a page copied before it was pulled is known to be the original`() async throws {
        let original: JSON = ["$page": 9, "uid": "a@x"]
        let copy: JSON = ["$page": 3, "uid": "a@x"]
        let records = try await records([copy, original], after: original)
        let uids = try records.map { try NotionStage.bridge.object(from: [$0]).uid }
        #expect(uids == ["00000000000040008000000000000003@notion.kalends", "a@x"])
    }

    @Test func `a rule destroyed before it was pulled is known`() async throws {
        let made: JSON = ["$page": 9, "uid": "a@x", "repeats": "Every day\nRRULE:FREQ=DAILY"]
        let edited: JSON = "2026-11-20T10:05:00.000Z"
        let broken: JSON = ["$page": 9, "uid": "a@x", "repeats": "RRULE:NO", "edited": edited]
        let records = try await records([broken], after: made)
        let object = try NotionStage.bridge.object(from: records)
        #expect(object.master?.first("RRULE")?.value == "FREQ=DAILY")
    }
}

@Suite("Notion: requests")
struct NotionRequestTests {
    @Test func `every request names the version and bears the token`() async throws {
        let answer = NotionShorthand.expanded(["$list": []])
        let refusal = NotionShorthand.expanded(["$error": "unauthorized"])
        let script = NotionScript(
            [OutboundReply(status: 401, body: refusal.octets), OutboundReply(status: 200, body: answer.octets)].map {
                NotionExchange(method: "POST", path: "/v1/search", body: nil, answer: .success($0))
            }
        )
        #expect(try await NotionStage.provider(script).calendars(using: NotionTokens()).isEmpty)
        let version = try #require(HTTPField.Name("Notion-Version"))
        #expect(script.requests.map { $0.headers[version] } == ["2026-03-11", "2026-03-11"])
        #expect(script.requests.map { $0.headers[.authorization] } == ["Bearer first", "Bearer second"])
        #expect(script.requests.allSatisfy { $0.headers[.contentType] == "application/json" })
    }

    @Test func `a settled mapping settles to itself`() async throws {
        let schema = NotionShorthand.expanded(["$table": 1])
        let reply = OutboundReply(status: 200, body: schema.octets)
        let path = "/v1/data_sources/\(NotionStage.table)"
        let script = NotionScript([
            NotionExchange(method: "GET", path: path, body: nil, answer: .success(reply))
        ])
        let link = NotionStage.link()
        let again = try await NotionStage.provider(script).settle(link, createColumns: .none, using: NotionTokens())
        #expect(again == link)
    }

    @Test(arguments: [
        "0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789ABCDEF",
        "collection://0123456789abcdef0123456789abcdef",
        "  https://www.notion.so/0123456789abcdef0123456789abcdef\n",
        "https://www.notion.so/0123456789abcdef0123456789abcdef\u{200B}",
        "<https://www.notion.so/0123456789abcdef0123456789abcdef>",
        "<https://www.notion.so/0123456789abcdef0123456789abcdef/>",
        "[One](https://www.notion.so/One-0123456789abcdef0123456789abcdef)",
        "https://www.notion.so/Kalender-2026-0123456789abcdef0123456789abcdef?v=ffffffffffffffffffffffffffffffff&pvs=4#x",
        "https://www.notion.so/0123456789abcdef0123456789abcdef&v=ffffffffffffffffffffffffffffffff",
    ])
    func `the identifier is found in whatever comes along with it`(_ text: String) {
        #expect(pastedID(text) == "01234567-89ab-cdef-0123-456789abcdef")
    }

    @Test(arguments: ["", "..", "https://www.notion.so/home", "0123456789abcdef0123456789abcde"])
    func `what has no identifier stays as it is`(_ text: String) { #expect(pastedID(text) == text) }

    @Test(arguments: ["", "{", "[1,]", "\"\\u12\"", "\"abc", "{\"a\":1}x", "nul", "\"\\", "01x", "{1:2}"])
    func `what is no JSON is refused`(_ text: String) {
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.value(of: text) }
    }

    @Test func `nesting without end is refused`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.value(of: deep) }
    }

    @Test func `JSON comes through reading and writing`() throws {
        let text = #"{"a":[1.50,true,null,"\ud83d\ude00 \"\\\n\u0001é"],"b":{}}"#
        let value = try JSONReader.value(of: text)
        #expect(value["a"]?.elements.last == "😀 \"\\\n\u{1}é")
        #expect(try JSONReader.value(of: value.serialized) == value)
    }
}

/// An event of some lines.
struct NotionEvent {
    struct Unexpected: Error {}

    let object: CalendarObject

    init(_ lines: String...) throws { try self.init(lines) }

    init(_ lines: [String]) throws {
        let text = NotionTranslationTests.whole((["UID:a@x"] + lines).joined(separator: "\n"))
        object = try CalendarObject(parsing: text)
    }
}
