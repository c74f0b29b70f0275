import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    static let calendarOperations: [Operation] = [
        .list("/calendars", "list_calendars", "Your calendars, and those given to you", of: .named("Calendar")) {
            rest,
            request in
            let all = try await rest.gateway.calendars.calendars(visibleTo: request.visitor.principal.id)
                .filter { $0.properties.source == nil }
            let rows = all.sorted { $0.id.rawValue < $1.id.rawValue }.map { rest.row($0, request.visitor) }
            return try Page(request).reply(rows)
        },
        .post(
            "/calendars",
            "create_calendar",
            "Makes a calendar",
            body: .named("NewCalendar"),
            .created,
            answer: .named("Calendar")
        ) { rest, request in try await rest.createCalendar(request) },
        .get("/calendars/{id}", "show_calendar", "One calendar", answer: .named("Calendar")) { rest, request in
            rest.reply(try await rest.calendar(request), request.visitor)
        },
        .patch(
            "/calendars/{id}",
            "change_calendar",
            "Changes a calendar's name, colour or description",
            body: .named("CalendarChange"),
            answer: .named("Calendar")
        ) { rest, request in try await rest.changeCalendar(request) },
        .delete(
            "/calendars/{id}",
            "delete_calendar",
            "Removes a calendar and its events; of one given to you you only let go",
            condition: .ifMatch
        ) {
            rest,
            request in
            let calendar = try await rest.calendar(request)
            try request.refuseUnless(rest.etag(of: calendar, request.visitor))
            if let received = calendar.received {
                let visitor = request.visitor.principal.id
                _ = try await rest.gateway.calendars.setState(.declined, of: received.id, for: visitor)
            } else {
                _ = try await rest.gateway.calendars.deleteCalendar(calendar.id)
            }
            return .done
        },
    ]

    private func changeCalendar(_ request: RESTRequest) async throws -> RESTReply {
        let calendar = try await calendar(request)
        try request.refuseUnless(etag(of: calendar, request.visitor))
        let members = try request.members()
        _ = try await gateway.calendars.update(calendar, setting: [], removing: []) { properties in
            if let name = members["display_name"] { properties.displayName = name.string }
            if let color = members["color"] { properties.color = color.string }
            if let description = members["description"] { properties.description = description.string }
        }
        return reply(try await self.calendar(request), request.visitor)
    }

    private func reply(_ calendar: CalendarCollection, _ visitor: Visitor) -> RESTReply {
        RESTReply(.ok, row(calendar, visitor), etag: etag(of: calendar, visitor))
    }

    /// Names the state of what a calendar is called; its events have tags of their own.
    private func etag(of calendar: CalendarCollection, _ visitor: Visitor) -> String {
        row(calendar, visitor).digest
    }

    private func createCalendar(_ request: RESTRequest) async throws -> RESTReply {
        let members = try request.members()
        let displayName = members["display_name"]?.string
        guard let name = members["name"]?.string ?? displayName.map(CalendarName.derived), CalendarName.isGood(name)
        else {
            throw RESTProblem.invalid("name must be 1 to 100 of a-z, 0-9, '.', '_' and '-'.")
        }
        let kinds = (members["components"]?.array ?? []).compactMap { $0.string.flatMap(ComponentKind.init) }
        let made = try await gateway.calendars.createCalendar(
            named: name,
            of: request.visitor.principal.id,
            properties: CalendarProperties(
                displayName: displayName ?? name,
                description: members["description"]?.string,
                color: members["color"]?.string,
                components: kinds.isEmpty ? [.event, .todo, .journal] : kinds
            )
        )
        guard let made else {
            throw RESTProblem(.conflict, "conflict", "A calendar is called \(name) already.", "Choose another name.")
        }
        return RESTReply(.created, row(made, request.visitor), etag: etag(of: made, request.visitor))
    }

    /// The calendar that the path names, if the visitor sees it; nobody learns of another's.
    func calendar(_ request: RESTRequest) async throws -> CalendarCollection {
        try await visibleCalendar(CalendarID(rawValue: request.identifier(1)), request.visitor)
    }

    /// A calendar of the visitor's, or one shared with it; a subscription is none.
    func visibleCalendar(_ id: CalendarID, _ visitor: Visitor) async throws -> CalendarCollection {
        guard let calendar = try await gateway.calendars.calendar(id, visibleTo: visitor.principal.id),
            calendar.properties.source == nil
        else { throw RESTProblem.notFound }
        return calendar
    }

    func ownCalendar(_ id: CalendarID, _ visitor: Visitor) async throws -> CalendarCollection {
        let calendar = try await visibleCalendar(id, visitor)
        guard calendar.received == nil else { throw RESTProblem.notFound }
        return calendar
    }

    /// One's own calendar under a link that only reads is `reader`; of a shared one, what was given and can be done.
    private static func access(to calendar: CalendarCollection) -> String {
        guard calendar.received != nil else { return calendar.isWriteProtected ? "reader" : "owner" }
        return (calendar.isWriteProtected ? ShareAccess.read : .write).rawValue
    }

    func row(_ calendar: CalendarCollection, _ visitor: Visitor) -> JSON {
        [
            "id": .integer(calendar.id.rawValue), "name": .string(calendar.name),
            "display_name": .text(calendar.properties.displayName),
            "description": .text(calendar.properties.description),
            "color": .text(calendar.properties.color),
            "components": .array(calendar.properties.components.map { .string($0.rawValue) }),
            "href": .string("/dav/calendars/\(visitor.principal.name)/\(calendar.name)/"),
            "access": .string(Self.access(to: calendar)),
            "owner": .string(calendar.received?.ownerName ?? visitor.principal.name),
            "shared": .bool(calendar.isShared),
        ]
    }
}

/// The last segment of a calendar's address.
enum CalendarName {
    /// What a file name, an address and a person can all bear.
    private static let maximumLength = 100

    static func isGood(_ name: String) -> Bool {
        let isPlain = name.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 46 || byte == 95
        }
        return isPlain && (1...maximumLength).contains(name.utf8.count) && name != "." && name != ".."
    }

    /// A name made from what a person typed.
    static func derived(from title: String) -> String {
        var name = ""
        for byte in title.lowercased().utf8.prefix(maximumLength) {
            let isPlain = (97...122).contains(byte) || (48...57).contains(byte)
            if isPlain { name.append(Character(UnicodeScalar(byte))) } else if !name.hasSuffix("-") { name.append("-") }
        }
        while name.hasSuffix("-") { name.removeLast() }
        while name.hasPrefix("-") { name.removeFirst() }
        return name.isEmpty ? "calendar" : name
    }
}
