@testable import BridgeGoogle
import Bridging
import ICalendar

/// What Google would hold after some writes: merge patches laid over resources (RFC 7396).
struct GoogleMemory {
    private var resources: [(id: String, json: JSON)]

    init(_ records: [UpstreamRecord]) throws {
        resources = try records.filter { !$0.isDeleted }.map { ($0.id, try JSONReader.value(of: $0.payload)) }
    }

    func records() throws -> [UpstreamRecord] {
        try resources.map { try UpstreamRecord(event: $0.json.octets[...], defaultReminders: .array([])) }
    }

    mutating func carryOut(_ writes: [RecordWrite]) throws {
        for write in writes {
            switch write {
            case .create(let creation):
                let body = try JSONReader.value(of: creation.payload)
                resources.append((creation.id ?? "", Self.stamped(body)))
            case .update(let id, let series, _, let payload):
                try patch(id, series, JSONReader.value(of: payload))
            case .delete(let id, _, _):
                resources.removeAll { $0.id == id }
            }
        }
    }

    private mutating func patch(_ id: String, _ series: String, _ body: JSON) throws {
        if !resources.contains(where: { $0.id == id && $0.json["start"] != nil }) {
            let instance = try instance(id, of: series)
            resources.removeAll { $0.id == id }
            resources.append((id, instance))
        }
        for index in resources.indices where resources[index].id == id {
            resources[index].json = Self.merge(body, into: resources[index].json)
        }
    }

    /// An occurrence that is not stored: the master's members at its own time.
    private func instance(_ id: String, of series: String) throws -> JSON {
        guard let master = resources.first(where: { $0.id == series }), let slot = Slot(instanceID: id, of: series),
            let details = EventResource(master.json, linkZone: googleLink.timeZone)?.details.at(slot)
        else { throw JSONReader.Malformed() }
        return master.json.removing("recurrence").setting("id", .string(id))
            .setting("recurringEventId", .string(series))
            .setting("originalStartTime", details.start.json())
            .setting("start", details.start.json()).setting("end", details.end.json())
    }

    /// What the upstream adds to a new event.
    private static func stamped(_ body: JSON) -> JSON {
        var event = body
        if event["reminders"] == nil {
            event = event.setting("reminders", .members([("useDefault", .bool(true))]))
            let defaults = JSON.array([Reminder(method: .popup, minutes: 30).json])
            event = event.setting(UpstreamRecord.defaultRemindersMember, defaults)
        }
        return event.setting("etag", .string("\"1\"")).setting("creator", .members([("self", .bool(true))]))
    }

    private static func merge(_ patch: JSON, into target: JSON) -> JSON {
        guard case .object(let members) = patch else { return patch }
        var result: JSON = if case .object = target { target } else { .object([]) }
        for member in members {
            result =
                member.value.isNull
                ? result.removing(member.name)
                : result.setting(member.name, merge(member.value, into: result[member.name] ?? .null))
        }
        return result
    }
}
