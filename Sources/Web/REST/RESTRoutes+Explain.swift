import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    /// `GET /events/{id}/explain`.
    func explain(_ request: RESTRequest) async throws -> RESTReply {
        let id = ObjectID(rawValue: try request.identifier(1))
        guard let stored = try await gateway.calendars.object(id) else { return try await explainDeleted(request) }
        let calendar = try await event(request).1
        return try await explain(id, stored.uid, in: calendar, ["etag": .string(stored.etag.rawValue)])
    }

    /// The same of an event that was deleted, as long as it can be restored.
    private func explainDeleted(_ request: RESTRequest) async throws -> RESTReply {
        guard let last = try await versions(request).last(where: { $0.kind == .deleted }) else {
            throw RESTProblem.notFound
        }
        let calendar = try await visibleCalendar(last.calendar, request.visitor)
        return try await explain(
            last.object,
            last.uid,
            in: calendar,
            [
                "deleted_at": .string(last.at.rfc3339),
                "purged_at": .string(gateway.scheduler.retention.end(ofDeletionAt: last.at).rfc3339),
            ]
        )
    }

    private func explain(
        _ id: ObjectID,
        _ uid: String,
        in calendar: CalendarCollection,
        _ more: [String: JSON]
    ) async throws -> RESTReply {
        // Links and what they hold upstream are their owner's.
        guard calendar.received == nil else { throw RESTProblem.notFound }
        var rows: [JSON] = []
        for explanation in try await gateway.links.explain(uid: uid, in: calendar.id) {
            guard let status = try await gateway.scheduler.status(of: explanation.link) else { continue }
            rows.append(Self.row(explanation, status))
        }
        let members: [String: JSON] = [
            "id": .integer(id.rawValue), "uid": .string(uid), "etag": .null, "deleted_at": .null, "purged_at": .null,
            "calendar": .integer(calendar.id.rawValue), "links": .array(rows),
        ]
        return RESTReply(.ok, .object(members.merging(more) { $1 }))
    }

    /// Where a person finds the event upstream, as far as its first record tells.
    private static func address(of records: [String], at provider: String) -> String? {
        guard let record = records.first.flatMap({ JSON(parsing: Array($0.utf8)) }) else { return nil }
        guard provider == "notion" else { return record["htmlLink"]?.string }
        return record["id"]?.string.map { "https://www.notion.so/" + NotionCall.plain($0) }
    }

    private static func row(_ explanation: ItemExplanation, _ status: LinkStatus) -> JSON {
        let fields = explanation.fields.map { field -> (String, JSON) in
            (
                field.name,
                ["base": .text(field.base), "gateway": .text(field.gateway), "upstream": .text(field.upstream)]
            )
        }
        return [
            "id": .integer(explanation.link.rawValue), "upstream_name": .string(status.link.upstreamName),
            "provider": .string(status.link.provider), "state": .string(explanation.state),
            "sentence": .string(explanation.sentence), "agreed_at": .text(explanation.agreedAt?.rfc3339),
            "last_run": explanation.lastRun.map { .integer($0.rawValue) } ?? .null,
            "last_synced_at": .text(status.lastSyncedAt?.rfc3339),
            "next_sync_at": .text(status.nextSyncAt?.rfc3339), "last_webhook_at": .text(status.lastRangAt?.rfc3339),
            "last_error": explanation.error.map(row) ?? .null,
            "records": .array(explanation.records.map(JSON.string)),
            "url": .text(address(of: explanation.records, at: status.link.provider)),
            "fields": .object(Dictionary(fields, uniquingKeysWith: { $1 })),
            "mapping": status.link.mapping.flatMap { JSON(parsing: Array($0.utf8)) } ?? .null,
        ]
    }
}
