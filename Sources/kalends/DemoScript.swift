import Accounts
import Foundation
import ICalendar
import OutboundHTTP
import Store

/// The scripted person of the demonstration: connects the accounts, then edits on every side and watches the others.
struct DemoScript: Sendable {
    private static let user = "demo"
    private static let calendar = "/dav/calendars/demo/default/"

    /// Longer than any change may take; a change that takes longer is a failure worth seeing.
    private static let patience = Duration.seconds(20)

    private let gateway: DemoPeer
    private let google: DemoPeer
    private let notion: DemoPeer
    private let accounts: AccountAdmin
    private let password: String

    init(gateway: String, upstreams: SimulatedUpstreams, accounts: AccountAdmin, transport: any HTTPTransport) {
        password = String(Secret.token().prefix(16))
        self.gateway = DemoPeer(gateway, transport, user: Self.user, password: password)
        google = DemoPeer(upstreams.googleAddress, transport)
        notion = DemoPeer(upstreams.notionAddress, transport)
        self.accounts = accounts
    }

    /// Runs the whole demonstration; with `edits` false it stops once everything is connected.
    func run(edits: Bool) async throws {
        let principal = try await accounts.addUser(
            name: Self.user,
            displayName: "Demo",
            isAdmin: true,
            password: password
        )
        _ = principal
        say("dashboard   \(gateway.base)/")
        say("CalDAV      \(gateway.base)/dav/")
        say("user        \(Self.user)")
        say("password    \(password)")
        let source = try await prepare()
        try await step("Google Calendar and Notion connected through their consent pages") {
            try await connect(source)
            return []
        }
        try await step("events that were there: Google's are in CalDAV and Notion, Notion's are in CalDAV and Google") {
            [("everywhere", { try await self.sides(source).allSatisfy { $0.count == 7 } })]
        }
        if edits { try await edit(source) }
        say("ready; Ctrl-C ends it")
    }

    // MARK: Before

    /// Real events on both sides, and the id of the Notion database.
    private func prepare() async throws -> String {
        for (day, title) in [("23", "Stand-up"), ("24", "Dentist"), ("25", "Lunch with Kim"), ("27", "Release review")]
        {
            _ = try await createInGoogle(title, day: day)
        }
        let made = try await notion.send("POST", "/control/data_sources", ["title": "Team calendar"])
        guard let source = made["id"] as? String else { throw Failure("the simulated Notion made no database") }
        for (day, title) in [
            ("2026-11-26", "Write the newsletter"), ("2026-11-30", "Day off"), ("2026-12-02", "Offsite"),
        ] {
            let properties = ["Name": Self.title(title), "When": ["date": ["start": day]]] as [String: any Sendable]
            _ = try await notion.send("POST", "/control/pages", ["data_source": source, "properties": properties])
        }
        return source
    }

    private func connect(_ source: String) async throws {
        _ = try await google.send("POST", "/control/auto-approve", ["enabled": true])
        _ = try await notion.send("POST", "/control/settings", ["approves_at_once": true])
        for (provider, upstream) in [("google", SimulatedUpstreams.account), ("notion", source)] {
            let begun = try await gateway.send("POST", "/api/v1/connections", ["provider": provider])
            guard let id = begun["id"] as? Int, let address = begun["authorize_url"] as? String else {
                throw Failure("\(provider) could not be connected: \(begun)")
            }
            let back = try await gateway.redirect(of: address)
            _ = try await gateway.redirect(of: back)
            let calendars = try await gateway.send("GET", "/api/v1/calendars")["items"] as? [[String: Any]]
            guard let calendar = calendars?.first?["id"] as? Int else { throw Failure("the user has no calendar") }
            let link: [String: any Sendable] = [
                "connection": id, "upstream_calendar": upstream, "calendar": calendar, "start": true,
            ]
            _ = try await gateway.send("POST", "/api/v1/links", link)
        }
    }

    // MARK: Edits

    private func edit(_ source: String) async throws {
        let title = "Planning"
        try await step("made in Google: \(title), 24 November, 10:00") {
            _ = try await createInGoogle(title, day: "24", hour: "10")
            return [
                ("CalDAV", { try await calDAVText(title) != nil }),
                ("Notion", { try await page(title, in: source) != nil }),
            ]
        }
        try await step("renamed by a CalDAV PUT: \(title) → Planning, second floor") {
            guard let (href, text) = try await calDAVText(title) else { throw Failure("\(title) is not in CalDAV") }
            let changed = text.replacingOccurrences(of: "SUMMARY:\(title)", with: "SUMMARY:\(title)\\, second floor")
            try await gateway.put(href, changed)
            let renamed = title + ", second floor"
            return [
                ("Google", { try await googleEvent(renamed) != nil }),
                ("Notion", { try await page(renamed, in: source) != nil }),
            ]
        }
        let renamed = title + ", second floor"
        try await step("dragged in Notion to 26 November") {
            guard let id = try await page(renamed, in: source)?["id"] as? String else {
                throw Failure("\(renamed) is not in Notion")
            }
            let when: [String: any Sendable] = [
                "start": "2026-11-26T10:00:00.000+01:00", "end": "2026-11-26T11:00:00.000+01:00",
            ]
            _ = try await notion.send("POST", "/control/edit", ["id": id, "properties": ["When": ["date": when]]])
            return [
                (
                    "Google",
                    {
                        let start = try await googleEvent(renamed)?["start"] as? [String: Any]
                        return (start?["dateTime"] as? String)?.hasPrefix("2026-11-26T10:00:00") ?? false
                    }
                ), ("CalDAV", { try await calDAVText(renamed)?.text.contains("20261126T") ?? false }),
            ]
        }
        try await step("deleted in Google") {
            guard let id = try await googleEvent(renamed)?["id"] as? String else {
                throw Failure("\(renamed) is not in Google")
            }
            _ = try await google.send("DELETE", "/control/calendars/\(SimulatedUpstreams.account)/events/\(id)")
            return [
                ("CalDAV", { try await calDAVText(renamed) == nil }),
                ("Notion", { try await page(renamed, in: source) == nil }),
            ]
        }
    }

    /// Does something, then watches where it arrives; every line says how long it took.
    private func step(
        _ what: String,
        _ act: () async throws -> [(side: String, isThere: () async throws -> Bool)]
    ) async throws {
        let begun = ContinuousClock.now
        var waiting = try await act()
        var arrivals: [String] = []
        while !waiting.isEmpty {
            guard ContinuousClock.now - begun < Self.patience else {
                throw Failure("\(what): did not arrive in \(waiting.map(\.side).joined(separator: " and "))")
            }
            for (index, side) in waiting.enumerated().reversed() where try await side.isThere() {
                arrivals.append("\(side.side) after \(Self.seconds(ContinuousClock.now - begun))")
                waiting.remove(at: index)
            }
            if !waiting.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        }
        say(
            what
                + (arrivals.isEmpty
                    ? "  (\(Self.seconds(ContinuousClock.now - begun)))"
                    : "\n    → " + arrivals.joined(separator: ", "))
        )
    }

    private static func seconds(_ duration: Duration) -> String {
        duration.formatted(.units(allowed: [.seconds], width: .narrow, fractionalPart: .show(length: 2)))
    }

    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}

extension DemoScript {
    // MARK: Looking

    private func createInGoogle(_ title: String, day: String, hour: String = "09") async throws -> [String: Any] {
        let event: [String: any Sendable] = [
            "summary": title,
            "start": ["dateTime": "2026-11-\(day)T\(hour):00:00", "timeZone": "Europe/Berlin"],
            "end": ["dateTime": "2026-11-\(day)T\(hour):45:00", "timeZone": "Europe/Berlin"],
        ]
        return try await google.send("POST", "/control/calendars/\(SimulatedUpstreams.account)/events", event)
    }

    private func googleEvents() async throws -> [[String: Any]] {
        try await google.list("/control/calendars/\(SimulatedUpstreams.account)/events").filter { event in
            event["status"] as? String != "cancelled"
        }
    }

    private func googleEvent(_ title: String) async throws -> [String: Any]? {
        try await googleEvents().first { $0["summary"] as? String == title }
    }

    private func pages(in source: String) async throws -> [[String: Any]] {
        try await notion.list("/control/pages").filter { $0["in_trash"] as? Bool != true }
    }

    private func page(_ title: String, in source: String) async throws -> [String: Any]? {
        try await pages(in: source).first { page in
            let name = (page["properties"] as? [String: Any])?["Name"] as? [String: Any]
            let runs = name?["title"] as? [[String: Any]] ?? []
            return runs.compactMap { $0["plain_text"] as? String }.joined() == title
        }
    }

    /// The objects of the CalDAV calendar, by sync-collection as a client asks.
    private func calDAVObjects() async throws -> [(href: String, text: String)] {
        try await gateway.objects(in: Self.calendar)
    }

    private func calDAVText(_ title: String) async throws -> (href: String, text: String)? {
        try await calDAVObjects().first { object in
            let object = try? CalendarObject(parsing: object.text)
            return object?.master?.first("SUMMARY")?.text == title
        }
    }

    /// How many events each side has.
    private func sides(_ source: String) async throws -> [[String]] {
        [
            try await calDAVObjects().map(\.href), try await googleEvents().compactMap { $0["id"] as? String },
            try await pages(in: source).compactMap { $0["id"] as? String },
        ]
    }

    private static func title(_ text: String) -> [String: any Sendable] {
        ["title": [["type": "text", "text": ["content": text]] as [String: any Sendable]]]
    }
}
