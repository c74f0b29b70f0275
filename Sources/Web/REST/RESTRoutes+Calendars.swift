import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    /// `/calendars`.
    func calendars(_ request: RESTRequest) async throws -> RESTReply {
        switch (request.method, request.path.count) {
        case (.get, 1):
            let all = try await gateway.calendars.calendars(of: request.visitor.principal.id)
            return .list(all.map { row($0, request.visitor) })
        case (.post, 1): return try await createCalendar(request)
        case (.get, 2): return RESTReply(.ok, row(try await calendar(request), request.visitor))
        case (.patch, 2):
            let calendar = try await calendar(request)
            let members = try request.members()
            _ = try await gateway.calendars.updateCalendar(calendar.id) { properties in
                if let name = members["display_name"]?.string { properties.displayName = name }
                if let color = members["color"]?.string { properties.color = color }
                if let description = members["description"]?.string { properties.description = description }
            }
            return RESTReply(.ok, row(try await self.calendar(request), request.visitor))
        case (.delete, 2):
            _ = try await gateway.calendars.deleteCalendar(try await calendar(request).id)
            return .done
        default: throw request.methodNotAllowed
        }
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
                color: members["color"]?.string,
                components: kinds.isEmpty ? [.event, .todo, .journal] : kinds
            )
        )
        guard let made else {
            throw RESTProblem(.conflict, "conflict", "A calendar is called \(name) already.", "Choose another name.")
        }
        return RESTReply(.created, row(made, request.visitor))
    }

    /// The calendar that the path names, if it is the visitor's; nobody learns of another's.
    func calendar(_ request: RESTRequest) async throws -> CalendarCollection {
        try await ownCalendar(CalendarID(rawValue: request.identifier(1)), request.visitor)
    }

    func ownCalendar(_ id: CalendarID, _ visitor: Visitor) async throws -> CalendarCollection {
        guard let calendar = try await gateway.calendars.calendar(id), calendar.owner == visitor.principal.id else {
            throw RESTProblem.notFound
        }
        return calendar
    }

    private func row(_ calendar: CalendarCollection, _ visitor: Visitor) -> JSON {
        [
            "id": .integer(calendar.id.rawValue), "name": .string(calendar.name),
            "display_name": .text(calendar.properties.displayName),
            "description": .text(calendar.properties.description),
            "color": .text(calendar.properties.color),
            "components": .array(calendar.properties.components.map { .string($0.rawValue) }),
            "href": .string("/dav/calendars/\(visitor.principal.name)/\(calendar.name)/"),
            "access": .string(calendar.isWriteProtected ? "reader" : "owner"),
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
