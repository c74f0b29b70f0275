import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    /// Deleted events, and deleted calendars, which can be had back until the purge takes them.
    ///
    /// Nothing of a deleted calendar is deleted upstream, before or after. How long it is kept, and an event, ``Retention`` says.
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
        .list(
            "/events/trash",
            "list_deleted_events",
            "Events that were deleted and can be restored, the latest first",
            query: ["calendar": .identifier.noted("all calendars without it")],
            of: .named("DeletedEvent")
        ) { rest, request in try await rest.listTrash(request) },
    ]

    /// A page of what grows for a year.
    private static let deletedAtOnce = 100

    private func listTrash(_ request: RESTRequest) async throws -> RESTReply {
        let page = Page(request)
        let (limit, before) = (min(page.limit, Self.deletedAtOnce), try page.number())
        var deletions: [Version] = []
        let calendars = try await calendarsWithTrash(request)
        for calendar in calendars {
            deletions += try await gateway.calendars.trashedObjects(
                in: calendar.id,
                before: before,
                // One more tells whether that was all.
                limit: limit + 1
            )
        }
        deletions.sort { $0.number > $1.number }
        let rows = deletions.prefix(limit).map { deletion in
            row(deletion, in: calendars.first { $0.id == deletion.calendar })
        }
        return Page.reply(rows, hasMore: deletions.count > limit) {
            $0["version"]?.integer.map(String.init)
        }
    }

    /// The calendars in question: what was deleted before is not for those who were only given what is there now.
    private func calendarsWithTrash(_ request: RESTRequest) async throws -> [CalendarCollection] {
        guard let named = request.query["calendar"].flatMap({ Int64($0) }) else {
            return try await gateway.calendars.calendars(visibleTo: request.visitor.principal.id)
                .filter { $0.properties.source == nil && $0.access != .read }
        }
        let calendar = try await visibleCalendar(CalendarID(rawValue: named), request.visitor)
        guard calendar.access != .read else { throw RESTProblem.notFound }
        return [calendar]
    }

    private func row(_ deletion: Version, in calendar: CalendarCollection?) -> JSON {
        let shown = EventRow.times(of: deletion.text, in: calendar)
        let link = deletion.author.kind == .link ? Int64(deletion.author.name) : nil
        return [
            "id": .integer(deletion.object.rawValue), "uid": .string(deletion.uid),
            "calendar": .integer(deletion.calendar.rawValue), "summary": .text(deletion.summary),
            "start": shown["start"] ?? .null, "end": shown["end"] ?? .null, "all_day": shown["all_day"] ?? .null,
            "occurrence": .null, "version": .integer(deletion.number),
            "deleted_at": .string(deletion.at.rfc3339),
            "by": .string("\(deletion.author.kind.rawValue) \(deletion.author.name)"),
            "link": link.map(JSON.integer) ?? .null, "run": deletion.author.run.map(JSON.integer) ?? .null,
            "purged_at": .string(gateway.scheduler.retention.end(ofDeletionAt: deletion.at).rfc3339),
        ]
    }

    /// What a row of the deleted events is.
    static let deletedEvent = Schema.object([
        "id": .identifier, "uid": .text, "calendar": .identifier, "summary": .text.orNull,
        "start": .text.orNull.noted("RFC 3339, or a date; of a series, when it began"), "end": .text.orNull,
        "all_day": .truth.orNull, "occurrence": .text.orNull,
        "version": .identifier.noted("its latest one, which POST /events/{id}/restore brings back"),
        "deleted_at": .time, "by": .text, "link": .identifier.orNull.noted("over which the deletion came here"),
        "run": .identifier.orNull, "purged_at": .time.noted("until then it can be restored"),
    ])

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
