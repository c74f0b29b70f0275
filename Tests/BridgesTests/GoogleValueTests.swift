@testable import BridgeGoogle
import Bridging
import ICalendar
import OutboundHTTP
import Testing

@Suite("JSON as Google sends it (RFC 8259)")
struct GoogleJSONTests {
    @Test(arguments: [
        #"{"a":[1,-2.5e3,true,false,null],"b":{"c":""}}"#, #"[]"#, #""tab\tquote\"backslash\\""#, #"{"ä":"ö€😀"}"#,
    ])
    func `a compact text is written as it was read`(_ text: String) throws {
        #expect(try JSONReader.value(of: text).serialized == text)
    }

    @Test func `escapes become characters, half a pair becomes a replacement`() throws {
        let value = try JSONReader.value(of: #""\u00e4\ud83d\ude00\/\ud83dx""#)
        #expect(value == .string("ä😀/\u{FFFD}x"))
    }

    @Test func `a control character is escaped`() {
        #expect(JSON.string("\u{1}").serialized == #""\u0001""#)
    }

    @Test(arguments: [
        "", "{", "[1,", #"{"a"}"#, #"{"a":1"#, #""abc"#, "[1]]", "nul", "[1 2]", #""\x""#, #""\u12""#, "--1",
    ])
    func `what is garbled or cut short is not read`(_ text: String) {
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.value(of: text) }
    }

    @Test func `hostile nesting is refused before the stack ends`() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.value(of: text) }
        #expect(throws: JSONReader.Malformed.self) {
            try JSONReader.read(text) { reader throws(JSONReader.Malformed) in try reader.skip() }
        }
    }

    @Test func `a page is cut into records whatever its layout`() throws {
        let compact = #"{"id":"a1b2c","etag":"\"1\"","updated":"2026-03-01T08:00:00.500Z","x":{"y":["a b"]}}"#
        let page = "{ \"items\" : [\n  " + compact.replacing(",", with: " ,\n ") + "\n],\"nextSyncToken\":\"s\"}"
        let record = try #require(EventPage(Array(page.utf8)).listed().records.first)
        #expect(record.payload == compact)
        #expect(record.revision == "\"1\"")
        #expect(record.modified == Instant(rfc3339: "2026-03-01T08:00:00Z"))
    }
}

@Suite("Descriptions: HTML ↔ plain text")
struct GoogleRichTextTests {
    @Test(arguments: [
        "plain", "a < b & c > d", "<b>typed</b>", "&amp; typed", "two\nlines", "R&D; x", "<unknown> tag", "1 <br> 2\n3",
    ])
    func `a typed text reads back as it was typed`(_ text: String) {
        #expect(RichText(RichText(plain: text).source).plain == text)
    }

    @Test(arguments: [
        ("one<br>two<br/>three", "one\ntwo\nthree"), ("<p>a</p><p>b</p>", "a\nb"),
        ("a&nbsp;b &#228;&#x1F600;", "a b ä😀"),
        ("<ol><li>x</li><li>y</li></ol>", "- x\n- y"), ("<a href='https://e.org'>https://e.org</a>", "https://e.org"),
        ("<a href=\"https://e.org\"></a>", "https://e.org"), ("<b>unclosed", "unclosed"), ("a <br", "a <br"),
    ])
    func `html becomes lines`(_ html: String, _ plain: String) {
        #expect(RichText(html).plain == plain)
    }
}

@Suite("Colours, durations and identifiers")
struct GoogleValueTests {
    @Test(arguments: PaletteColor.allCases)
    func `a colour that is served is read as itself`(_ color: PaletteColor) {
        #expect(PaletteColor(nearestTo: color.cssName) == color)
    }

    @Test(arguments: [("#FF0000", "11"), ("#ff0000ff", "11"), ("midnightblue", "9"), ("LimeGreen", "10")])
    func `any other colour is the nearest`(_ text: String, _ id: String) {
        #expect(PaletteColor(nearestTo: text)?.rawValue == id)
    }

    @Test(arguments: ["", "#12", "#gggggg", "nocolour"])
    func `what is no colour is none`(_ text: String) {
        #expect(PaletteColor(nearestTo: text) == nil)
    }

    @Test(arguments: [("-PT15M", -900), ("P1W", 604_800), ("P1DT2H3S", 93_603), ("+PT0S", 0)])
    func `a duration is read`(_ text: String, _ seconds: Int64) {
        #expect(TimeSpan(text)?.total == seconds)
    }

    @Test(arguments: ["", "P", "15M", "PT", "P1", "PT9999999999H", "P1X", "P999999999D"])
    func `what is no duration is none`(_ text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test func `an identifier is the same in every try and differs by calendar and by uid`() {
        let id = OurMark(calendar: "link", uid: "lunch@example.org").eventID
        #expect(id == "4stil26ka5m76udk7nn3l53568")
        #expect(id != OurMark(calendar: "link2", uid: "lunch@example.org").eventID)
        #expect(id != OurMark(calendar: "linkl", uid: "unch@example.org").eventID)
    }

    @Test func `the place of an instance is read from its identifier`() {
        let slot = Slot(instanceID: "abcde_20260330T070000Z", of: "abcde")
        #expect(slot?.instanceID(of: "abcde") == "abcde_20260330T070000Z")
        #expect(Slot(instanceID: "abcde_20260330", of: "abcde") == .day(DateTime(date: 2026, 3, 30)))
        #expect(Slot(instanceID: "abcde_x", of: "abcde") == nil)
    }

    @Test(
        arguments: [("owner", .owner), ("writerWithoutPrivateAccess", .writer), ("freeBusyReader", .reader)]
            as [(String, UpstreamCalendar.Access)]
    )
    func `a listing says what the account may do with the calendar`(
        _ role: String,
        _ access: UpstreamCalendar.Access
    ) async throws {
        let body = #"{"accessRole":"\#(role)","items":[],"nextSyncToken":"t"}"#
        let bridge = googleBridge(googleLink, OneAnswer(body: body))
        #expect(bridge.access == nil)
        _ = try await bridge.pull(since: nil)
        #expect(bridge.access == access)
    }

    @Test(arguments: [("insufficientPermissions", "Connect the account again"), ("accessNotConfigured", "Enable")])
    func `a refusal of the whole calendar says what mends it`(_ reason: String, _ remedy: String) throws {
        let body = #"{"error":{"errors":[{"reason":"\#(reason)","message":"No."}],"code":403}}"#
        let failure = GoogleFailure(GoogleReply(status: 403, retryAfter: nil, body: Array(body.utf8)))
        guard case .refused(let refusal) = failure.error(about: .item) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.subject == .calendar && refusal.remedy?.hasPrefix(remedy) == true)
    }

    /// Answers everything the same.
    private struct OneAnswer: HTTPTransport {
        let body: String

        func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
            OutboundReply(status: 200, body: Array(body.utf8))
        }
    }

    // MARK: Pace

    @Test func `a burst goes at once and a thousand requests take as long as the quota says`() {
        let pace = RequestPace(perMinute: 600)
        let start = ContinuousClock.now
        let waits = (0..<1000).map { _ in pace.reserve(.account("one"), at: start) }
        #expect(waits[79] == 0 && waits[80] > 0)
        #expect((100.0...112.0).contains(waits[999]))
        #expect(pace.reserve(.account("another"), at: start) == 0)
        #expect(pace.reserve(.account("one"), at: start + .seconds(300)) == 0)
    }

    @Test func `an account has one budget, whatever token it comes by`() async throws {
        let pace = RequestPace(perMinute: 600)
        let client = { (account: String?) in
            GoogleClient(
                transport: NoTransport(),
                apiURL: "https://g.test",
                credentials: TwoTokens(),
                pace: pace,
                account: account
            )
        }
        let owners = ["first", "second"].map { client("alice@example.com").owner(of: AccessToken($0)) }
        #expect(owners[0] == owners[1])
        #expect(client(nil).owner(of: AccessToken("first")) != client(nil).owner(of: AccessToken("second")))
    }

    @Test func `what somebody waits for goes before what runs in the background`() {
        let pace = RequestPace(perMinute: 600)
        let start = ContinuousClock.now
        while pace.reserve(.account("one"), at: start) == 0 {}
        let waits = (0..<10).map { _ in pace.reserve(.account("one"), isInteractive: true, at: start) }
        #expect(waits == Array(repeating: 0, count: 10))
    }

    @Test func `a batch is as large as the quota has room for, and at first a small one`() {
        let pace = RequestPace(perMinute: 600)
        let (token, start) = (RequestPace.Owner.account("one"), ContinuousClock.now)
        #expect(pace.batchSize(for: token, at: start) == 10)
        for size in [10, 20, 40] { pace.noteBatch(of: size, for: token, took: .milliseconds(200)) }
        #expect(pace.batchSize(for: token, at: start) == 50)
        #expect(pace.reserve(token, 50, at: start) == 0)
        // A burst is a hundred, of which a fifth is kept.
        #expect(pace.batchSize(for: token, at: start) == 30)
        #expect(pace.reserve(token, 30, at: start) == 0)
        #expect(pace.batchSize(for: token, at: start) == 1)
        #expect(pace.batchSize(for: token, at: start + .milliseconds(250)) == 2)
    }

    @Test func `a batch that took long is followed by a smaller one`() {
        let pace = RequestPace(perMinute: 600)
        let (token, start) = (RequestPace.Owner.account("one"), ContinuousClock.now)
        for size in [10, 20, 40] { pace.noteBatch(of: size, for: token, took: .milliseconds(100)) }
        pace.noteBatch(of: 50, for: token, took: .seconds(5))
        #expect(pace.batchSize(for: token, at: start) == 10)
        // A small one that was quick says nothing about larger ones.
        pace.noteBatch(of: 2, for: token, took: .milliseconds(100))
        #expect(pace.batchSize(for: token, at: start) == 10)
        pace.noteBatch(of: 10, for: token, took: .milliseconds(700))
        #expect(pace.batchSize(for: token, at: start) == 10)
    }

    // MARK: Answers

    @Test(arguments: [("declined", true), ("accepted", false), ("needsAction", false)])
    func `an invitation is declined when the account says so`(_ response: String, _ isDeclined: Bool) {
        let payload = """
            {"id":"e","attendees":[{"email":"b@example.com","responseStatus":"declined"},
            {"email":"alice@example.com","self":true,"responseStatus":"\(response)"}]}
            """
        let record = UpstreamRecord(id: "e", series: "e", revision: nil, payload: payload)
        #expect(googleBridge().isDeclined([record]) == isDeclined)
    }

    /// A series that the account answered to, and one occurrence of it with an answer of its own.
    private func series(_ response: String, _ occurrence: String, isCancelled: Bool = false) -> [UpstreamRecord] {
        func record(_ id: String, _ response: String, _ status: String) -> UpstreamRecord {
            let payload = """
                {"id":"\(id)","status":"\(status)",
                "attendees":[{"email":"alice@example.com","self":true,"responseStatus":"\(response)"}]}
                """
            return UpstreamRecord(id: id, series: "e", revision: nil, payload: payload)
        }
        let status = isCancelled ? "cancelled" : "confirmed"
        return [record("e", response, "confirmed"), record("e_20261206T090000Z", occurrence, status)]
    }

    @Test(arguments: [
        ("declined", "accepted", false), ("declined", "tentative", false), ("declined", "declined", true),
        ("declined", "needsAction", true), ("accepted", "declined", false),
    ])
    func `a declined series is none when the account said yes to an occurrence`(
        _ response: String,
        _ occurrence: String,
        _ isDeclined: Bool
    ) {
        #expect(googleBridge().isDeclined(series(response, occurrence)) == isDeclined)
    }

    @Test func `an occurrence that was accepted and called off shows no declined series`() {
        #expect(googleBridge().isDeclined(series("declined", "accepted", isCancelled: true)))
    }
}
