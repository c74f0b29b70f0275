import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    /// Deleted calendars, which can be had back until the purge takes them (thirty days); nothing is deleted upstream, before or after.
    static let trashOperations: [Operation] = [
        .list(
            "/calendars/trash",
            "list_deleted_calendars",
            "Calendars that were deleted and can be restored",
            of: .named("DeletedCalendar")
        ) { rest, request in
            let trashed = try await rest.gateway.calendars.trashedCalendars(of: request.visitor.principal.id)
            let rows = trashed.sorted { $0.calendar.id < $1.calendar.id }.map { RESTRoutes.row($0) }
            return try Page(request).reply(rows)
        },
        .post(
            "/calendars/{id}/restore",
            "restore_calendar",
            "Takes a calendar out of the trash, with all that was in it and with its links",
            answer: .named("Calendar")
        ) { rest, request in
            let id = CalendarID(rawValue: try request.identifier(1))
            let owner = request.visitor.principal.id
            guard let restored = try await rest.gateway.calendars.restoreCalendar(id, of: owner) else {
                throw RESTProblem.notFound
            }
            try await rest.gateway.scheduler.goOn(in: restored.id)
            return RESTReply(.ok, rest.row(restored, request.visitor))
        },
    ]

    /// What a row of the trash is.
    static let deletedCalendar = Schema.object([
        "id": .identifier, "name": .text, "display_name": .text.orNull, "color": .text.orNull,
        "deleted_at": .time,
    ])

    private static func row(_ trashed: TrashedCalendar) -> JSON {
        [
            "id": .integer(trashed.calendar.id.rawValue), "name": .string(trashed.calendar.name),
            "display_name": .text(trashed.calendar.properties.displayName),
            "color": .text(trashed.calendar.properties.color),
            "deleted_at": .string(trashed.deletedAt.rfc3339),
        ]
    }
}
