import HTTPTypes
import ICalendar
import SQL
import Store
import Testing
import WebDAV
import XML

@testable import CalDAV

@Suite("Long answers")
struct LongAnswerTests {
    private let calendar = "/dav/calendars/alice/default/"

    private func fill(_ test: TestServer, _ count: Int) async throws {
        let owner = try #require(await test.calendars.principal(named: "alice"))
        let collection = try #require(await test.calendars.calendar(named: "default", of: owner.id))
        let calendars = test.calendars
        try await calendars.database.write { transaction in
            for number in 0..<count {
                let text =
                    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//F//EN\r\nBEGIN:VEVENT\r\nUID:uid-\(number)\r\n"
                    + "DTSTAMP:20261101T000000Z\r\nDTSTART:20261121T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
                _ = try calendars.put(
                    CalendarObject(parsing: text),
                    named: "a & \(number).ics",
                    in: collection.id,
                    if: .always,
                    by: Author(.client, name: "test"),
                    transaction
                )
            }
        }
    }

    private func ask(_ test: TestServer, _ method: String, _ depth: String, _ body: String) async throws -> DAVResponse
    {
        let principal = try await test.calendars.principal(named: "alice")
        return await test.server.respond(
            to: DAVRequest(
                method: method,
                path: calendar,
                headers: [.depth: depth],
                body: Array(body.utf8),
                principal: principal
            )
        )
    }

    private static let query = """
        <C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/><C:calendar-data/></prop>
        <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>
        </C:calendar-query>
        """
    private static let sync = """
        <sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>
        """
    private static let propfind = #"<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>"#

    private static let allprop = #"<propfind xmlns="DAV:"><allprop/></propfind>"#
    private static let propname = #"<propfind xmlns="DAV:"><propname/></propfind>"#
    private static let locksAndRoom = """
        <propfind xmlns="DAV:"><prop><lockdiscovery/><quota-used-bytes/>\
        <calendar-availability xmlns="urn:ietf:params:xml:ns:caldav"/></prop></propfind>
        """

    @Test(arguments: [
        ("PROPFIND", "1", propfind, 1), ("PROPFIND", "1", allprop, 1), ("PROPFIND", "1", propname, 1),
        ("PROPFIND", "1", locksAndRoom, 1), ("REPORT", "1", query, 0), ("REPORT", "0", sync, 0),
    ])
    func `a long answer comes in blocks and is whole`(_ method: String, _ depth: String, _ body: String, _ more: Int)
        async throws
    {
        let test = try await TestServer()
        try await fill(test, 1_200)
        let response = try await ask(test, method, depth, body)
        #expect(response.status == 207 && response.body.count < 300_000)
        let (octets, blocks) = try await response.whole()
        #expect(blocks > 1)
        let root = try Document(parsing: octets).root
        let hrefs = root.all(.dav("response")).compactMap { $0.first(.dav("href"))?.text }
        #expect(Set(hrefs).count == 1_200 + more && hrefs.count == 1_200 + more)
        #expect(hrefs.contains(calendar + "a%20%26%20777.ics"))
    }

    @Test func `what is deleted while an answer is sent is told as it was when the answer began`() async throws {
        let test = try await TestServer()
        try await fill(test, 1_200)
        let response = try await ask(test, "REPORT", "1", Self.query)
        let owner = try #require(await test.calendars.principal(named: "alice"))
        let collection = try #require(await test.calendars.calendar(named: "default", of: owner.id))
        for object in try await test.calendars.entries(in: collection.id) {
            let author = Author(.client, name: "test")
            _ = try await test.calendars.delete(named: object.name, in: collection.id, if: .always, by: author)
        }
        let root = try Document(parsing: await response.whole().octets).root
        #expect(root.all(.dav("response")).count == 1_200)
    }

    @Test func `an error behind the first block is thrown, not swallowed`() async throws {
        struct Broken: Error {}
        struct Steps: AnswerSteps {
            var count = 0
            mutating func step(_ multiStatus: inout MultiStatus) async throws -> Bool {
                count += 1
                guard count < 3 else { throw Broken() }
                for _ in 0..<1_000 {
                    multiStatus.append(Href(encoded: "/dav/calendars/alice/default/x.ics"), status: 404)
                }
                return true
            }
        }
        let response = try await DAVResponse(Steps())
        let rest = try #require(response.rest)
        await #expect(throws: Broken.self) { try await rest.write { _ in } }
    }

    /// The properties that are told of an entry alone are told like those of any resource.
    @Test(arguments: MemberAnswer.direct.keys.sorted { $0.description < $1.description })
    func `a property is told alike with and without its resource`(_ name: PropertyName) async throws {
        let test = try await TestServer()
        try await fill(test, 1)
        let owner = try #require(await test.calendars.principal(named: "alice"))
        let collection = try #require(await test.calendars.calendar(named: "default", of: owner.id))
        let object = try #require(await test.calendars.matches(in: collection.id, kinds: nil, range: nil).first)
        let property = try #require(LiveProperty.byName[name])
        let place = MemberPlace(calendar: collection, requester: owner, href: Href(encoded: calendar))

        let answer = try #require(MemberAnswer([property]) { $0 })
        var short = MultiStatus()
        short.append(memberOf: place.href, named: object.name) { answer.append(object, data: nil, to: &$0) }
        var long = MultiStatus()
        let resource = place.resource(object)
        long.append(resource.href) { property.write(resource, to: &$0) ? [] : [name] }
        let (shortText, longText) = (
            String(decoding: short.finished(), as: UTF8.self), String(decoding: long.finished(), as: UTF8.self)
        )
        #expect(shortText == longText)
    }
}

extension DAVResponse {
    /// The body with all that follows the first block, and in how many blocks it came.
    func whole() async throws -> (octets: [UInt8], blocks: Int) {
        var octets = body
        var blocks = 1
        try await rest?.write { block in
            octets += block
            blocks += 1
        }
        return (octets, blocks)
    }
}
