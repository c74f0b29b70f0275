import CalDAV
import HTTPTypes
import Store

extension RESTRoutes {
    /// A calendar as a file.
    static let exportOperations: [Operation] = [
        Operation(
            method: .get,
            path: "/calendars/{id}/export",
            name: "export_calendar",
            summary: "The whole calendar as one iCalendar file",
            answer: .file(type: "text/calendar")
        ) { rest, request in
            let calendar = try await rest.calendar(request)
            let body = try await FeedRoute.body(of: calendar, CalendarFeed(), rest.gateway.calendars)
            var reply = RESTReply(.stream(type: mediaType, body))
            reply.headers[.contentDisposition] = "attachment; filename=\"\(fileName(of: calendar))\""
            return reply
        }
    ]

    private static let mediaType = "text/calendar; charset=utf-8"

    /// A name for a disk: whatever a client called its calendar, nothing of it leads out of a folder or a header.
    private static func fileName(of calendar: CalendarCollection) -> String {
        let plain = calendar.name.utf8.prefix(100).map { byte -> Character in
            let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            return isPlain || byte == 45 || byte == 95 ? Character(UnicodeScalar(byte)) : "-"
        }
        return String(plain) + ".ics"
    }
}
