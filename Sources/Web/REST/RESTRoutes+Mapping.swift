import Accounts
import Bridging
import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    /// What a mapping makes of a table, before anything is linked or changed.
    static let mappingOperations: [Operation] = [
        .post(
            "/connections/{id}/mapping",
            "preview_mapping",
            "What a mapping makes of some rows of a table, and what would be written back; changes nothing",
            body: .object([
                "upstream_calendar": .text(1...2000), "mapping?": Schema.anyObject.orNull,
                "time_zone?": .text(1...100).orNull,
            ]),
            answer: preview
        ) { rest, request in try await rest.previewMapping(request) }
    ]

    private static let preview = Schema.object([
        "columns": .list(
            of: .object([
                "key": .text, "id": .text, "name": .text, "type": .text, "read_only": .truth,
                "values": Schema(.table(of: .list(of: .text))), "usual_values": Schema(.table(of: .list(of: .text))),
            ])
        ),
        "name": .text, "occurrences": .count.orNull,
        "table": .list(
            of: .object([
                "id": .text, "name": .text, "type": .text, "options": .list(of: .text), "keys": .list(of: .text),
                "note": .text.orNull, "hint": .text.orNull,
            ])
        ),
        "uses": .list(
            of: .object([
                "key": .text, "property": .text, "column_name": .text, "values": .list(of: .text), "needed": .truth,
                "addable": .truth,
            ])
        ),
        "problems": Schema(.table(of: .text)), "proposal": Schema(.table(of: .text)),
        "items": .list(
            of: .object([
                "name": .text, "url": .text.orNull, "event": .text.orNull, "problem": .text.orNull,
                "writes": .list(of: .text),
                "changes": .list(of: .object(["column": .text, "from": .text, "to": .text])),
            ])
        ),
    ])

    /// The zone of times without one where a preview names none.
    private static let defaultZone = "UTC"

    private func previewMapping(_ request: RESTRequest) async throws -> RESTReply {
        let connection = try await connection(request)
        guard let provider = gateway.provider(connection.provider) as? any MappingProvider else {
            throw RESTProblem.invalid("\(connection.provider) has no columns to map.", "Link the calendar as it is.")
        }
        let members = try request.members()
        let zone = try Self.zoneName(members["time_zone"]?.string) ?? Self.defaultZone
        let link = UpstreamLink(
            identity: "preview",
            calendar: members["upstream_calendar"]?.string ?? "",
            timeZone: zone,
            mapping: members["mapping"].flatMap { $0 == .null ? nil : String(decoding: $0.octets, as: UTF8.self) },
            notifiesGuests: false
        )
        let made = try await provider.preview(link, using: gateway.vault.source(for: connection.id))
        return RESTReply(.ok, Self.row(made))
    }

    private static func row(_ made: MappingPreview) -> JSON {
        [
            "name": .string(made.name),
            "occurrences": made.daysAhead.map { .integer(Int64($0)) } ?? .null,
            "columns": .array(made.columns.map(row)), "table": .array(made.table.map(row)),
            "uses": .array(made.uses.map(row)), "problems": .object(made.problems.mapValues(JSON.string)),
            "proposal": .object(made.proposal.mapValues(JSON.string)), "items": .array(made.items.map(row)),
        ]
    }

    private static func texts(_ texts: [String]) -> JSON { .array(texts.map(JSON.string)) }

    private static func row(_ column: MappingPreview.Column) -> JSON {
        [
            "key": .string(column.key), "id": .string(column.id), "name": .string(column.name),
            "type": .string(column.type), "read_only": .bool(column.isReadOnly),
            "values": .object(column.values.mapValues(texts)),
            "usual_values": .object(column.usualValues.mapValues(texts)),
        ]
    }

    private static func row(_ column: MappingPreview.TableColumn) -> JSON {
        [
            "id": .string(column.id), "name": .string(column.name), "type": .string(column.type),
            "options": texts(column.options), "keys": texts(column.keys), "note": .text(column.note),
            "hint": .text(column.hint),
        ]
    }

    private static func row(_ use: MappingPreview.Use) -> JSON {
        [
            "key": .string(use.key), "property": .string(use.property), "column_name": .string(use.columnName),
            "values": texts(use.values), "needed": .bool(use.isNeeded),
            "addable": .bool(use.canBeAdded),
        ]
    }

    private static func row(_ item: MappingPreview.Item) -> JSON {
        [
            "name": .string(item.name), "url": .text(item.address), "event": .text(item.event),
            "problem": .text(item.problem), "writes": texts(item.writes.map(\.column)),
            "changes": .array(
                item.writes.map { ["column": .string($0.column), "from": .string($0.from), "to": .string($0.to)] }
            ),
        ]
    }
}
