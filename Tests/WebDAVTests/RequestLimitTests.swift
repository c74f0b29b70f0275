import Testing
import WebDAV
import XML

@Suite("Requests that ask for too much")
struct RequestLimitTests {
    private func body(_ root: Name, _ children: [Element]) -> [UInt8] {
        Array(Element(root, children: children.map { .element($0) }).serialized().utf8)
    }

    private func properties(_ count: Int) -> Element {
        Element(.dav("prop"), children: (0..<count).map { .element(Element(.dav("property\($0)"))) })
    }

    @Test func `a propfind names so many properties and no more`() throws {
        let most = RequestLimits.maximumProperties
        _ = try PropFind(parsing: body(.dav("propfind"), [properties(most)]))
        let error = #expect(throws: DAVError.self) {
            try PropFind(parsing: body(.dav("propfind"), [properties(most + 1)]))
        }
        #expect(error?.status == 400)
    }

    @Test func `a report names so many properties and no more`() throws {
        let most = RequestLimits.maximumProperties
        let token = Element(.dav("sync-token"))
        _ = try Report(parsing: body(.dav("sync-collection"), [token, properties(most)]))
        let error = #expect(throws: DAVError.self) {
            try Report(parsing: body(.dav("sync-collection"), [token, properties(most + 1)]))
        }
        #expect(error?.status == 400)
    }

    @Test func `a proppatch makes so many changes and no more`() throws {
        let most = RequestLimits.maximumChanges
        let update = { body(.dav("propertyupdate"), [Element(.dav("set"), children: [.element(properties($0))])]) }
        _ = try PropertyUpdate(parsing: update(most))
        #expect(throws: DAVError.self) { try PropertyUpdate(parsing: update(most + 1)) }
    }

    @Test func `a multiget names so many resources and no more`() throws {
        let most = RequestLimits.maximumHrefs
        let multiget = { (count: Int) in
            body(.calDAV("calendar-multiget"), (0..<count).map { Element(.dav("href"), text: "/dav/\($0)") })
        }
        _ = try Report(parsing: multiget(most))
        let error = #expect(throws: DAVError.self) { try Report(parsing: multiget(most + 1)) }
        #expect(error?.precondition == .numberOfMatchesWithinLimits)
    }

    @Test func `a resource named twice is told once`() throws {
        let hrefs = ["/dav/a", "/dav/b", "/dav/a"].map { Element(.dav("href"), text: $0) }
        guard case .calendarMultiget(let multiget) = try Report(parsing: body(.calDAV("calendar-multiget"), hrefs))
        else {
            Issue.record("no multiget")
            return
        }
        #expect(multiget.hrefs == ["/dav/a", "/dav/b"])
    }

    @Test func `a text to be matched has so many octets and no more`() throws {
        let most = RequestLimits.maximumSearchOctets
        let match = { Element(.calDAV("text-match"), text: String(repeating: "a", count: $0)) }
        _ = try TextMatch(match(most))
        let error = #expect(throws: DAVError.self) { try TextMatch(match(most + 1)) }
        #expect(error?.precondition == .supportedFilter)
    }

    @Test func `a search of principals has so many conditions and no more`() throws {
        let most = RequestLimits.maximumSearches
        let search = { (count: Int) in
            body(.dav("principal-property-search"), (0..<count).map { _ in Element(.dav("property-search")) })
        }
        _ = try Report(parsing: search(most))
        #expect(throws: DAVError.self) { try Report(parsing: search(most + 1)) }
    }

    @Test func `a filter has so many conditions, so deep, and no more`() throws {
        let condition = Element(.calDAV("prop-filter"), children: [.element(Element(.calDAV("is-not-defined")))])
        let filter = { (count: Int) in
            var condition = condition
            condition.attributes[Name("", "name")] = "SUMMARY"
            var filter = Element(.calDAV("comp-filter"), children: Array(repeating: .element(condition), count: count))
            filter.attributes[Name("", "name")] = "VCALENDAR"
            return filter
        }
        _ = try ComponentFilter(filter(ComponentFilter.maximumConditions - 1))
        let broad = #expect(throws: DAVError.self) {
            try ComponentFilter(filter(ComponentFilter.maximumConditions + 1))
        }
        #expect(broad?.precondition == .supportedFilter)
        let nested = { (depth: Int) in
            (1..<depth).reduce(filter(0)) { inner, _ in
                var outer = filter(0)
                outer.children = [.element(inner)]
                return outer
            }
        }
        _ = try ComponentFilter(nested(ComponentFilter.maximumDepth))
        let deep = #expect(throws: DAVError.self) { try ComponentFilter(nested(ComponentFilter.maximumDepth + 1)) }
        #expect(deep?.precondition == .supportedFilter)
    }

    @Test func `a full answer tells of the rest that it is too much`() throws {
        var answer = MultiStatus(maximumOctets: 400)
        #expect(!answer.isFull)
        answer.append(Href(encoded: "/dav/a")) { writer in
            writer.element(.calDAV("calendar-data"), text: String(repeating: "a", count: 400))
            return []
        }
        #expect(answer.isFull)
        answer.appendUntold(Href(encoded: "/dav/b"))
        let root = try Document(parsing: answer.finished()).root
        let last = try #require(root.elements.last)
        #expect(last.first(.dav("status"))?.text == "HTTP/1.1 507 Insufficient Storage")
        #expect(last.first(.dav("error"))?.first(.dav("number-of-matches-within-limits")) != nil)
    }
}
