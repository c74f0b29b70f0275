import Bridging
import ICalendar

@testable import BridgeNotion

/// What Notion makes of a write: pages with offsets instead of zone names, and plain texts instead of contents.
enum NotionEcho {
    /// The record that Notion answers to a creation, or to a change of `old`.
    static func record(of write: RecordWrite, changing old: UpstreamRecord? = nil) -> UpstreamRecord? {
        let payload: String
        switch write {
        case .create(let creation): payload = creation.payload
        case .update(_, _, _, let body): payload = body
        case .delete: return nil
        }
        let written = (try? JSONReader.value(of: payload))?["properties"]?.members ?? [:]
        let before = old.flatMap { try? JSONReader.value(of: $0.payload) }?["properties"]?.members ?? [:]
        var properties: [String: JSON] = [:]
        for role in NotionStage.columns.roles {
            guard let column = NotionStage.columns[role] else { continue }
            let type = column.type.rawValue
            var property = before[column.id]?.members ?? [:]
            property["id"] = .string(column.id)
            property["type"] = .string(type)
            property[type] = written[column.id]?[type].map { answered($0, column.type) } ?? property[type] ?? .null
            properties[column.name] = .object(property)
        }
        let json: JSON = [
            "id": .string(old?.id ?? NotionShorthand.id(1)), "created_time": "2026-11-20T10:00:00.000Z",
            "last_edited_time": "2026-11-20T10:00:00.000Z", "properties": .object(properties),
            "parent": ["data_source_id": .string(NotionStage.table)],
        ]
        return Page(json)?.record(NotionStage.columns)
    }

    private static func answered(_ value: JSON, _ type: ColumnType) -> JSON {
        switch type {
        case .title, .richText: [["type": "text", "plain_text": .string(RichText.plainText(value))]]
        case .date: date(value)
        case .url, .email, .phoneNumber, .select, .status, .multiSelect, .checkbox, .number, .people, .formula, .rollup,
            .relation, .files, .uniqueID, .createdBy:
            value
        }
    }

    /// Notion forgets the name of the zone and tells its offset.
    private static func date(_ value: JSON) -> JSON {
        guard let when = When(value), case .time(let start, let end) = when.span else { return value }
        let text = { (instant: Instant) -> String in
            let zones = ZoneResolver()
            let offset = when.zone.map { zones.offset(ofUTC: instant, tzid: $0) } ?? 0
            let minutes = abs(offset) / 60
            let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
            let local = (instant + Int64(offset)).rfc3339.dropLast()
            return "\(local).000\(offset < 0 ? "-" : "+")\(pad(minutes / 60)):\(pad(minutes % 60))"
        }
        return ["start": .string(text(start)), "end": .optional(end.map(text)), "time_zone": .null]
    }
}
