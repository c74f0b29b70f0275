public import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP

extension NotionProvider: MappingProvider {
    /// How many pages a preview shows.
    static let previewedPages = 5

    public func preview(
        _ link: UpstreamLink,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> MappingPreview {
        let mapping: Mapping
        do {
            mapping = try Mapping(link.mapping)
        } catch {
            throw .refused(error)
        }
        let client = client(using: credentials)
        let dataSource = try await Self.dataSource(pastedID(link.calendar), client)
        guard let id = dataSource["id"]?.string else { throw NotionProblem.unreadable.error }
        let schema = TableSchema(dataSource)
        let resolution = mapping.resolved(in: schema)
        var settled = link
        settled.calendar = id
        settled.mapping = Mapping.settled(resolution.columns)
        let bridge = notionBridge(to: settled, using: credentials)
        let pages = resolution.obstacle == nil ? try await Self.latestPages(of: id, client) : []
        return MappingPreview(
            columns: resolution.columns.roles.compactMap { role in
                resolution.columns[role].map { MappingPreview.Column(role, $0) }
            },
            problems: Dictionary(
                resolution.problems.map { ($0.key.rawValue, $0.value) },
                uniquingKeysWith: { first, _ in first }
            ),
            proposal: schema.proposal,
            items: pages.map { bridge.preview(of: $0) }
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
    fileprivate func preview(of json: JSON) -> MappingPreview.Item {
        var item = MappingPreview.Item(
            name: RichText.plainText(json["properties"]?.members.values.lazy.compactMap { $0["title"] }.first),
            address: json["url"]?.string,
            event: nil,
            problem: nil,
            writes: []
        )
        guard let page = Page(json) else {
            item.problem = "Notion's answer has no identifier for this page."
            return item
        }
        let record = page.record(columns)
        do {
            let object = try object(from: [record])
            item.event = object.master?.serialized()
            item.writes = try writes(toMake: object, from: [record]).flatMap(columnNames)
        } catch {
            switch error {
            case .notAnEvent: item.problem = "The page has no date."
            case .unreadable(let sentence), .unsupported(let sentence): item.problem = sentence
            }
        }
        return item
    }

    private func columnNames(_ write: RecordWrite) -> [String] {
        guard case .update(_, _, _, let payload) = write, let json = try? JSONReader.value(of: payload) else {
            return []
        }
        let written = json["properties"]?.members ?? [:]
        return columns.roles.compactMap { columns[$0] }.filter { written[$0.id] != nil }.map(\.name)
    }
}

extension MappingPreview.Column {
    fileprivate init(_ role: ColumnRole, _ column: Column) {
        self.init(
            key: role.rawValue,
            id: column.id,
            name: column.name,
            type: column.type.rawValue,
            isReadOnly: column.type.isReadOnly
        )
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
            guard let entry = named.first ?? first else { continue }
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
            }
        return [defaultName.lowercased()] + others
    }
}
