/// The order of the rows of a query: what it asks for, then the order of creation.
struct NotionQuery {
    /// What rows are compared by; a row without the value comes last in either direction.
    private enum Key {
        case number(Double)
        case text(String)
    }

    private struct Sort {
        var key: (NotionPage) -> Key?
        var descends: Bool
    }

    private var sorts: [Sort] = []

    init(_ sorts: JSONValue?, in source: NotionDataSource) throws(NotionProblem) {
        for sort in sorts?.array ?? [] {
            let key = try Self.key(of: sort, in: source)
            let direction = sort["direction"]?.string ?? "ascending"
            guard direction == "ascending" || direction == "descending" else {
                throw .validation("body failed validation: body.sorts direction should be ascending or descending.")
            }
            self.sorts.append(Sort(key: key, descends: direction == "descending"))
        }
    }

    private static func key(
        of sort: JSONValue,
        in source: NotionDataSource
    ) throws(NotionProblem) -> (NotionPage) -> Key? {
        switch sort["timestamp"]?.string {
        case "created_time": return { .number(Double(NotionDate.minute($0.created))) }
        case "last_edited_time": return { .number(Double(NotionDate.minute($0.edited))) }
        case .some, nil: break
        }
        guard let name = sort["property"]?.string, let column = source.column(name) else {
            throw .validation(
                "Could not find sort property with name or id: \(sort["property"]?.string ?? "undefined")"
            )
        }
        return { page in key(page.value(of: column), column) }
    }

    private static func key(_ value: JSONValue, _ column: NotionColumn) -> Key? {
        switch column.type {
        case "date": return value["start"]?.string.flatMap(NotionDate.order).map { .number(Double($0)) }
        case "title", "rich_text": return .text(NotionText.plain(value))
        case "select", "status":
            return column.options.firstIndex { $0.id == value["id"]?.string }.map { .number(Double($0)) }
        case "checkbox": return .number(value.bool == true ? 1 : 0)
        case "number":
            guard case .number(let number) = value else { return nil }
            return .number(number)
        default: return value.string.map(Key.text)
        }
    }

    /// The pages, given in the order of creation, in the order asked for.
    func sorted(_ pages: [NotionPage]) -> [NotionPage] {
        guard !sorts.isEmpty else { return pages }
        let rows = pages.enumerated().map { (place: $0.offset, page: $0.element, keys: keys(of: $0.element)) }
        return rows.sorted { left, right in
            for (index, sort) in sorts.enumerated() {
                switch (left.keys[index], right.keys[index]) {
                case (.number(let one), .number(let other)) where one != other: return (one < other) != sort.descends
                case (.text(let one), .text(let other)) where one != other: return (one < other) != sort.descends
                case (.some, nil): return true
                case (nil, .some): return false
                case (.some, .some), (nil, nil): continue
                }
            }
            return left.place < right.place
        }.map(\.page)
    }

    private func keys(of page: NotionPage) -> [Key?] { sorts.map { $0.key(page) } }
}
