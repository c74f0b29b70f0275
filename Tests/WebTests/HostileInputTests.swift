import Foundation
import HTTPTypes
import SimulatorGoogle
import Testing

@testable import Web

@Suite("Hostile input")
struct HostileInputTests {
    private typealias JSON = SimulatorGoogle.JSON

    private static let names = [
        "0", "-1", "x", "99999999999999999999", "%00", "..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "1%0d%0aX-Evil:%201",
        "%F0%9F%92%A9", "1;DROP%20TABLE%20object", "%3Cscript%3E",
    ]

    @Test func `no name in a path breaks an operation`() async throws {
        try await TestGateway.run { test in
            for operation in RESTRoutes.operations where !operation.pathNames.isEmpty {
                for name in Self.names {
                    let path = operation.path.replacing("{id}", with: name)
                    let body: [UInt8] = operation.method == .get ? [] : Array("{}".utf8)
                    let reply = try await test.send(operation.method.rawValue, "/api/v1" + path, body: body)
                    #expect((400..<500).contains(reply.status), "\(operation.method) \(path): \(reply.status)")
                    #expect(reply["Content-Type"] == "application/problem+json", "\(operation.method) \(path)")
                    #expect(reply["X-Evil"] == nil)
                }
            }
        }
    }

    /// The fields of all forms, as the pages themselves name them: those of a new page are among them by themselves.
    private static func fields() throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let templates = root.deletingLastPathComponent().appending(path: "Sources/Web/Templates")
        var names: Set<String> = ["verb"]
        for file in try FileManager.default.contentsOfDirectory(at: templates, includingPropertiesForKeys: nil)
        where file.pathExtension == "mustache" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /name="([^"]+)"/) {
                let name = String(match.1)
                // `role.{{number}}`, `merged.{{name}}`: the first of its kind, and one of a field that there is.
                names.insert(name.replacing(/{{[^}]*}}/, with: "1"))
                names.insert(name.replacing(/{{[^}]*}}/, with: "summary"))
            }
        }
        return names.subtracting(["csrf", "viewport"]).sorted()
    }

    @Test func `no form breaks a page, whatever is in it or missing`() async throws {
        let names = try Self.fields()
        #expect(names.count > 40 && names.contains("summary") && names.contains("merged.summary"), "\(names)")
        try await TestGateway.run(admins: ["alice"]) { test in
            let conflict = try await test.makeConflict()
            let event = try await test.makeLunch()
            let browser = try await Browser(test)
            let hostile = Dictionary(names.map { ($0, Self.evil) }, uniquingKeysWith: { $1 })
            let huge = Dictionary(names.map { ($0, String(repeating: "9", count: 900)) }, uniquingKeysWith: { $1 })
            for route in PageRoute.forms {
                let places = ["1", "\(conflict)", "\(event)", "x", "99999999999999999999", "%00", "google", "notion"]
                for name in Set(places).sorted() {
                    let path = "/" + route.segments.map { $0 == "*" ? name : String($0) }.joined(separator: "/")
                    for form in [[:], hostile, huge] {
                        let reply = try await browser.post(path, form)
                        #expect(reply.status < 500 || reply.status == 502, "\(path): \(reply.status)")
                        #expect(!reply.text.contains("<script>alert"), "\(path)")
                        #expect(reply["Set-Cookie"]?.contains("a=b") != true && reply["X-Evil"] == nil, "\(path)")
                        #expect(reply["Location"]?.contains("script") != true, "\(path)")
                    }
                }
            }
            let tooLarge = try await browser.post("/calendars", ["name": String(repeating: "x", count: 70_000)])
            #expect(tooLarge.status == 413)
        }
    }

    /// What a person may have typed into one field of a form that is right otherwise.
    private static let typed = [
        "", " ", evil, String(repeating: "x", count: 30_000), "-1", "99999999999999999999", "2026-02-30", "25:61",
        "Nowhere/Atlantis", "FREQ=SECONDLY", "FREQ=DAILY;COUNT=0", "javascript:alert(1)", "#gggggg", "\u{FEFF}",
        "../..",
    ]

    @Test func `one wrong field is refused clearly or kept as text, and breaks no page afterwards`() async throws {
        try await TestGateway.run(admins: ["alice"]) { test in
            let browser = try await Browser(test)
            let calendar = try await test.calendar()
            let right = [
                "summary": "Tea", "start_date": "2026-11-24", "start_time": "16:00", "end_date": "2026-11-24",
                "end_time": "17:00", "time_zone": "Europe/Berlin", "rrule": "", "custom_rule": "", "location": "Café",
                "description": "one", "url": "https://example.org/", "categories": "a, b", "all_day": "",
            ]
            let forms = [
                ("/calendars/\(calendar)/events", right), ("/calendars", ["name": "Garden", "color": "#112233"]),
                ("/calendars/\(calendar)", ["name": "Garden", "color": "#112233", "description": ""]),
                ("/calendars/\(calendar)/shares", ["who": "bob", "access": "read"]),
                ("/calendars/\(calendar)/feeds", ["label": "Hall", "privacy": "busy", "expires": "2027-01-01"]),
                ("/settings/tokens", ["label": "agent", "write": "yes"]), ("/settings/app-passwords", ["label": "x"]),
                ("/client", ["label": "x"]),
            ]
            for (path, form) in forms {
                #expect(try await browser.post(path, form).status < 400, "\(path) is right as it is")
                for field in form.keys.sorted() {
                    for value in Self.typed + [nil] {
                        var wrong = form
                        wrong[field] = value
                        let reply = try await browser.post(path, wrong)
                        #expect(reply.status < 500 || reply.status == 502, "\(path) \(field): \(reply.status)")
                        #expect(!reply.text.contains("<script>alert"), "\(path) \(field)")
                        // A refusal says what is wrong on a page.
                        let says = reply.text.contains("</html>") && reply.text.contains("<h1")
                        #expect(reply.status < 400 || says, "\(path) \(field): \(reply.status)")
                    }
                }
            }
            for page in ["/", "/calendars", "/calendars/\(calendar)?at=2026-11", "/audit", "/settings", "/client"] {
                let reply = try await browser.get(page)
                #expect(reply.status == 200 && !reply.text.contains("<script>alert"), "\(page)")
            }
        }
    }

    @Test func `no page breaks, whatever its address says`() async throws {
        try await TestGateway.run(admins: ["alice"]) { test in
            let link = try await test.linkGoogle(start: false)
            _ = try await test.makeLunch(["summary": .string(Self.evil)])
            let browser = try await Browser(test)
            let fields = [
                "at", "view", "q", "occurrence", "date", "state", "since", "before", "action", "next", "cursor",
            ]
            let query = fields.map { "\($0)=\(Begun.encoded(Self.evil))" }.joined(separator: "&")
            for route in PageRoute.pages {
                for name in Self.names + ["1", "\(link.id)", "google", "notion"] {
                    let path = "/" + route.segments.map { $0 == "*" ? name : String($0) }.joined(separator: "/")
                    for address in [path, path + "?" + query, path + "?" + String(repeating: "q=x&", count: 2000)] {
                        let reply = try await browser.get(address)
                        #expect(reply.status < 500, "\(address.prefix(200)): \(reply.status)")
                        // A calendar that is saved as a file holds what people wrote.
                        let isPage = reply["Content-Type"]?.hasPrefix("text/calendar") != true
                        #expect(!isPage || !reply.text.contains("<script>alert"), "\(address.prefix(200))")
                        #expect(reply["X-Evil"] == nil && reply["Set-Cookie"]?.contains("a=b") != true)
                    }
                }
            }
        }
    }

    private static let evil = "\u{0}<script>alert(1)</script>\r\nSet-Cookie: a=b\u{202E}=cmd|' /C calc'!A0\"'&{{csrf}}"

    /// Values that no member is, or not so.
    private static let values: [JSON] = [
        .null, true, -1, .integer(.max), .string(""), .string(evil), .string(String(repeating: "x", count: 20_000)), [],
        [[]], [:], ["a": .string(evil)], .string("9999-99-99T99:99:99Z"), .string("FREQ=SECONDLY"),
    ]

    @Test func `no member of a body breaks an operation, whatever it is`() async throws {
        try await TestGateway.run(admins: ["alice"]) { test in
            for operation in RESTRoutes.operations {
                guard let body = operation.body else { continue }
                var meant = body
                if case .named(let name) = body.shape { meant = try #require(Schemas.named[name]) }
                let members = meant.members
                guard !members.isEmpty else { continue }
                let path = operation.path.split(separator: "/").map { $0.hasPrefix("{") ? "1" : String($0) }
                for value in Self.values {
                    let all = JSON.object(Dictionary(members.map { ($0.name, value) }, uniquingKeysWith: { $1 }))
                    for body in [all, .object([Self.evil: value]), value] {
                        let address = "/" + path.joined(separator: "/")
                        let answer = try await test.call(operation.method.rawValue, address, body)
                        let isRefusal = answer.problem != nil && (400..<500).contains(answer.status)
                        #expect(
                            isRefusal || answer.status < 300,
                            "\(operation.name) \(String(decoding: body.octets.prefix(200), as: UTF8.self)): \(answer.status)"
                        )
                    }
                }
            }
        }
    }

    @Test func `no field of a query breaks an operation, whatever it is`() async throws {
        try await TestGateway.run { test in
            let texts = ["", "-1", "0", "99999999999999999999", "%00", "%FF", "true", Begun.encoded(Self.evil)]
            for operation in RESTRoutes.operations where operation.method == .get && operation.name != "stream" {
                let path = operation.path.split(separator: "/").map { $0.hasPrefix("{") ? "1" : String($0) }
                for field in operation.query {
                    for text in texts + [String(repeating: "9", count: 4000)] {
                        let address = "/" + path.joined(separator: "/") + "?\(field.name)=\(text)"
                        let answer = try await test.call("GET", address)
                        #expect(
                            answer.status == 200 || (answer.problem != nil && answer.status < 500),
                            "\(address.prefix(200)): \(answer.status)"
                        )
                    }
                }
            }
        }
    }

    @Test func `paths that climb, and queries that are none, lead to no file`() async throws {
        try await TestGateway.run { test in
            let browser = try await Browser(test)
            for path in [
                "/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%5c..%5cetc%5cpasswd",
                "/calendars/1?at=9999-99&view=agenda", "/calendars/1?at=%00&q=%FF%FE", "/events/1?occurrence=%0d%0a",
                "/audit?since=nonsense&before=x&action=%25", "/conflicts?state=%27", "//evil.example/",
                "/client/../client",
            ] {
                let reply = try await browser.get(path)
                #expect([200, 303, 400, 404].contains(reply.status), "\(path): \(reply.status)")
                #expect(!reply.text.contains("root:"), "\(path)")
            }
        }
    }

    @Test(arguments: [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("plain", "plain"),
        ("=1,\n2", "\"'=1,\n2\""),
    ])
    func `a table holds no formula that somebody else wrote`(_ value: String, _ cell: String) {
        var table = CSV(["title"])
        table.add([value])
        #expect(table.text == "title\r\n\(cell)\r\n")
    }

    @Test func `conflicts are given as a table`() async throws {
        try await TestGateway.run { test in
            let conflict = try await test.makeConflict()
            let reply = try await test.send("GET", "/api/v1/conflicts?format=csv")
            #expect(reply["Content-Type"] == "text/csv; charset=utf-8")
            #expect(reply["Content-Disposition"] == "attachment; filename=\"conflicts.csv\"")
            let lines = reply.text.split(separator: "\r\n")
            #expect(lines.first?.hasPrefix("id,link,event,summary,state,field,") == true)
            #expect(lines.contains { $0.hasPrefix("\(conflict),") && $0.contains(",summary,Talk,Ours,Theirs,") })
            #expect(try await test.call("GET", "/conflicts?format=xml").status == 400)
        }
    }
}
