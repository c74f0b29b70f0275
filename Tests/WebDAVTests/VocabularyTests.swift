import HTTPTypes
import Testing
import WebDAV
import XML

@Suite("RFC 4918 §8.3 hrefs")
struct HrefTests {
    @Test(arguments: ["lunch.ics", "a b", "a/b", "50%", "é", "a+b@c;d", "%2F", "🗓", "..%"])
    func `a segment survives encoding and decoding once`(_ segment: String) {
        let encoded = Percent.encode(segment: segment)
        #expect(Percent.decode(segment: Substring(encoded)) == segment)
        #expect(!encoded.contains("/") && !encoded.contains(" "))
    }

    @Test(arguments: ["%", "%2", "%zz", "%00", "%ff", "a%2"])
    func `what is no percent-encoded UTF-8 is refused`(_ segment: String) {
        #expect(Percent.decode(segment: Substring(segment)) == nil)
    }

    @Test func `an absolute URI gives its path`() {
        #expect(Href(parsing: "http://example.org/dav/a%20b")?.path == "/dav/a%20b")
        #expect(Href(parsing: "/dav/a:b")?.path == "/dav/a:b")
        #expect(Href(parsing: "https://example.org")?.path == "/")
        #expect(Href(parsing: "mailto:alice@example.org") == nil)
        #expect(Href(parsing: "lunch.ics") == nil)
    }
}

@Suite("RFC 6578 §4 sync tokens")
struct SyncTokenTests {
    @Test func `a token names a calendar and a revision`() throws {
        let token = SyncToken(calendar: 4, revision: 17)
        #expect(SyncToken(token.uri) == token)
    }

    @Test(arguments: [
        "", "17", "urn:kalends:sync:", "urn:kalends:sync:4", "urn:kalends:sync:4:", "urn:kalends:sync:4:17:1",
        "urn:kalends:sync:+4:17", "urn:kalends:sync:4:-1", "urn:kalends:sync:4:99999999999999999999",
        "http://example.org/4:17",
    ])
    func `nothing else is a token`(_ text: String) {
        #expect(SyncToken(text) == nil)
    }
}

@Suite("RFC 4791 §7.5 collations")
struct TextMatchTests {
    @Test func `each collation folds what it says`() {
        #expect(TextMatch("LUNCH").accepts("Team lunch"))
        #expect(!TextMatch("CAFÉ").accepts("café"))
        #expect(TextMatch("CAFÉ", collation: .unicodeCasemap).accepts("ein café"))
        #expect(!TextMatch("LUNCH", collation: .octet).accepts("lunch"))
        #expect(TextMatch("lunch", isNegated: true).accepts("dinner"))
        #expect(TextMatch("").accepts("anything"))
    }
}

@Suite("RFC 4918 §16 errors")
struct DAVErrorTests {
    @Test func `the body names the precondition and says a sentence`() throws {
        let error = DAVError.failed(.noUIDConflict(Href(encoded: "/dav/x.ics")), "Taken.")
        let root = try Document(parsing: error.body).root
        #expect(root.name == .dav("error"))
        #expect(root.first(.calDAV("no-uid-conflict"))?.first(.dav("href"))?.text == "/dav/x.ics")
        #expect(root.first(Name(Namespace.kalends, "message"))?.text == "Taken.")
        #expect(error.status == 403)
    }

    @Test func `no error is a bare element, which Thunderbird would read as too many requests`() throws {
        #expect(try !Document(parsing: DAVError.notFound.body).root.children.isEmpty)
    }
}

@Suite("RFC 4918 §13 multistatus")
struct MultiStatusTests {
    @Test func `found and missing properties stand apart`() throws {
        var multiStatus = MultiStatus()
        multiStatus.append(Href(encoded: "/a%20b")) { writer in
            writer.element(.dav("getetag"), text: "\"1\"")
            return [.dav("owner"), Name("urn:x", "y")]
        }
        multiStatus.append(Href(encoded: "/gone"), status: 404)
        let root = try Document(parsing: multiStatus.finished(syncToken: SyncToken(calendar: 1, revision: 2))).root
        let responses = root.all(.dav("response"))
        #expect(responses.count == 2)
        let propStats = try #require(responses.first).all(.dav("propstat"))
        #expect(propStats.map { $0.first(.dav("status"))?.text } == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"])
        #expect(propStats.last?.first(.dav("prop"))?.elements.map(\.name) == [.dav("owner"), Name("urn:x", "y")])
        #expect(responses.last?.first(.dav("status"))?.text == "HTTP/1.1 404 Not Found")
        #expect(root.first(.dav("sync-token"))?.text == "urn:kalends:sync:1:2")
    }

    @Test func `four thousand etags are written whole`() throws {
        let collection = Href(encoded: "/dav/calendars/alice/default/")
        var multiStatus = MultiStatus()
        for number in 0..<4_000 {
            multiStatus.append(collection.appending("event-\(number).ics")) { writer in
                writer.element(.dav("getetag"), text: "\"0123456789abcdef0123456789abcdef\"")
                return []
            }
        }
        #expect(try Document(parsing: multiStatus.finished()).root.all(.dav("response")).count == 4_000)
    }
}
