public import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP

extension NotionProvider: MappingProvider {
    public func moved(from former: String?, to mapping: String?) -> Set<Field> {
        // A mapping that cannot be read kept nothing anywhere.
        let (old, new) = ((try? Mapping(former))?.settledColumns, (try? Mapping(mapping))?.settledColumns)
        return Set(
            ColumnRole.allCases.compactMap { role in
                let (from, to) = (old?[role], new?[role])
                guard from?.id != to?.id || from?.type != to?.type else { return nil }
                return role == .attendees ? .attendees : role.field
            }
        )
    }

    /// How many pages a preview shows.
    static let previewedPages = 5

    public func preview(
        _ link: UpstreamLink,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> MappingPreview {
        let client = client(using: credentials)
        let (mapping, table) = try await Self.foundation(of: link, client)
        let resolution = mapping.resolved(in: table.schema)
        var settled = link
        settled.calendar = table.id
        settled.mapping = Mapping.settled(resolution.columns)
        let bridge = notionBridge(to: settled, using: credentials)
        // Who the people are is not in the table.
        if resolution.obstacle == nil, resolution.columns[.attendees]?.type == .people {
            _ = try await bridge.refreshColumns()
        }
        let rows = resolution.obstacle == nil ? try await Self.latestPages(of: table.id, client) : []
        let pages = try await bridge.completed(rows.compactMap(Page.init), bridge.columns)
        return MappingPreview(
            name: table.name,
            daysAhead: resolution.columns.daysAhead,
            table: table.schema.entries.map { entry in
                MappingPreview.TableColumn(entry, note: mapping.settledColumns.retyping(of: entry))
            },
            uses: ColumnRole.allCases.map(MappingPreview.Use.init),
            columns: resolution.columns.roles.compactMap { role in
                resolution.columns[role].map { MappingPreview.Column(role, $0) }
            },
            problems: Dictionary(
                resolution.problems.map { ($0.key.rawValue, $0.value) },
                uniquingKeysWith: { first, _ in first }
            ),
            proposal: table.schema.proposal,
            items: rows.map { row in
                bridge.preview(of: row, as: pages.first { $0.id == row["id"]?.string?.lowercased() })
            }
        )
    }

    private static func latestPages(of id: String, _ client: NotionClient) async throws(BridgeError) -> [JSON] {
        let body: JSON = [
            "page_size": .number(String(previewedPages)),
            "sorts": [["timestamp": "last_edited_time", "direction": "descending"]],
        ]
        let path = "data_sources/\(percentEncodeSegment(id))/query"
        let answer = try await client.ask(.post, path, body, about: .calendar)
        return Array((answer["results"]?.elements ?? []).prefix(previewedPages))
    }
}

extension NotionBridge {
    /// A page as an event, and the columns that would be written to make it say the same.
    fileprivate func preview(of json: JSON, as shown: Page?) -> MappingPreview.Item {
        var item = MappingPreview.Item(
            name: RichText.plainText(json["properties"]?.members.values.lazy.compactMap { $0["title"] }.first),
            address: json["url"]?.string,
            event: nil,
            problem: nil,
            writes: []
        )
        guard var page = shown else {
            item.problem = "Notion's answer has no identifier for this page."
            return item
        }
        if columns.daysAhead != nil, let named = page.namedOccurrence(columns) {
            page.note.occurrence = OccurrenceNote(series: "", stamp: named.stamp)
        }
        let record = page.record(columns)
        do {
            let object = try object(from: [record])
            item.event = object.master?.serialized()
            item.writes = try writes(toMake: object, from: [record]).flatMap { changes($0, to: page) }
        } catch {
            switch error {
            case .notAnEvent where page.note.occurrence != nil:
                item.problem = "The page shows one occurrence of a series."
            case .notAnEvent: item.problem = "The page has no date."
            case .unreadable(let sentence), .unsupported(let sentence): item.problem = sentence
            }
        }
        return item
    }

    private func changes(_ write: RecordWrite, to page: Page) -> [MappingPreview.Change] {
        guard case .update(_, _, _, let payload) = write, let json = try? JSONReader.value(of: payload) else {
            return []
        }
        let written = json["properties"]?.members ?? [:]
        return columns.roles.compactMap { columns[$0] }.compactMap { column in
            written[column.id].map { value in
                MappingPreview.Change(
                    column: column.name,
                    from: page.value(of: column).shown(column.directory),
                    to: ColumnValue(value, type: column.type).shown(column.directory)
                )
            }
        }
    }
}

extension ColumnValue {
    /// The value for people to read.
    fileprivate func shown(_ directory: Directory?) -> String {
        switch self {
        case .text(let text): text
        case .option(let name): name ?? ""
        case .options(let names): names.joined(separator: ", ")
        case .number(let number): number.map(JSON.numeral) ?? ""
        case .people(let ids): ids.map { directory?.person($0)?.mail ?? $0 }.joined(separator: ", ")
        case .related(let pages): pages.compactMap(\.title).joined(separator: ", ")
        case .when(let when):
            switch when?.span {
            case .days(let first, let last)?:
                first == last ? When.text(first) : "\(When.text(first)) – \(When.text(last))"
            case .time(let start, let end)?: start.rfc3339 + (end.map { " – " + $0.rfc3339 } ?? "")
            case nil: ""
            }
        }
    }
}

extension MappingPreview.Column {
    fileprivate init(_ role: ColumnRole, _ column: Column) {
        self.init(
            key: role.rawValue,
            id: column.id,
            name: column.name,
            type: column.type.rawValue,
            isReadOnly: column.type.isReadOnly,
            values: column.choices(role).optionsByValue,
            usualValues: role.choices(column.type).optionsByValue
        )
    }
}

extension MappingPreview.Use {
    fileprivate init(_ role: ColumnRole) {
        self.init(
            key: role.rawValue,
            property: role.property,
            columnName: role.defaultName,
            values: role.choices(.select).rows.map(\.value),
            isNeeded: role == .title || role == .when,
            canBeAdded: role.canBeAdded
        )
    }
}

extension MappingPreview.TableColumn {
    fileprivate init(_ entry: TableSchema.Entry, note: String?) {
        let isCheckbox = entry.type == ColumnType.checkbox.rawValue
        self.init(
            id: entry.id,
            name: entry.name,
            type: entry.type,
            options: isCheckbox ? [ChoiceTable.checked, ChoiceTable.unchecked] : entry.options,
            keys: ColumnRole.allCases.filter { role in role.types.contains { $0.rawValue == entry.type } }
                .map(\.rawValue),
            note: note,
            hint: Self.hint(on: entry.type)
        )
    }

    /// What there is to know of columns that hold less in a calendar than one might think, or more.
    private static func hint(on type: String) -> String? {
        switch type {
        case ColumnType.files.rawValue:
            "Addresses of files elsewhere come down. Files that Notion keeps stay there:"
                + " their addresses end within the hour."
        case "created_time": "Every event tells it, as CREATED."
        case "last_edited_time": "Every event tells it, as LAST-MODIFIED."
        case "last_edited_by": "Stays in Notion: it would change every event with every edit, the gateway's own too."
        default: nil
        }
    }
}

extension ChoiceTable {
    fileprivate var optionsByValue: [String: [String]] {
        Dictionary(rows.map { ($0.value, $0.options) }, uniquingKeysWith: { first, _ in first })
    }
}

extension TableSchema {
    /// A column for each role by name, then by words people use; the date and the address also by their type alone.
    var proposal: [String: String] {
        var proposal: [String: String] = [:]
        var taken: Set<String> = []
        for role in ColumnRole.allCases {
            let fitting = entries.filter { entry in
                !taken.contains(entry.id) && role.types.contains { $0.rawValue == entry.type }
            }
            let named = role.usualNames.lazy.compactMap { name in
                fitting.first { $0.name.lowercased() == name }
            }
            let isByType = role == .title || role == .when || role == .url
            let first = isByType ? fitting.first { $0.type == role.types.first?.rawValue } : nil
            // What a page is called names its event, whatever else is called so.
            guard let entry = role == .title ? first : named.first ?? first else { continue }
            proposal[role.rawValue] = entry.id
            taken.insert(entry.id)
        }
        return proposal
    }
}

extension ColumnRole {
    /// What people call such a column, in lower case, the best first.
    fileprivate var usualNames: [String] {
        let others: [String] =
            switch self {
            case .title: []
            case .when: ["date", "time", "day", "due", "due date", "deadline", "event time"]
            case .description: ["notes", "details", "agenda", "summary", "comment"]
            case .location: ["place", "where", "room", "venue", "address"]
            case .url: ["link", "website", "meeting link"]
            case .status: ["stage", "state", "confirmed", "done"]
            case .categories: ["tags", "category", "tag", "labels", "label", "type", "project"]
            case .attendees: ["guests", "participants"]
            case .repeats: ["recurrence", "repeat", "rrule"]
            case .uid: ["uid"]
            case .reminder: ["reminder", "alarm", "remind"]
            case .transparency: ["busy", "free/busy", "show as"]
            case .classification: ["private", "privacy"]
            case .priority: ["prio"]
            case .color: ["colour"]
            case .comment: ["id"]
            case .attachments: ["files & media", "attachments", "documents"]
            }
        return [defaultName.lowercased()] + others
    }
}
