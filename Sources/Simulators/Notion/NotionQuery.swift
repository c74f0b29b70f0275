/// A query of rows: filters, order, pages.
struct NotionQuery {
    private let source: NotionDataSource

    init(_ source: NotionDataSource) { self.source = source }

    /// Whether a page passes the filter of a request.
    func matches(_ page: NotionPage, _ filter: JSONValue) throws(NotionProblem) -> Bool {
        if let all = filter["and"]?.array {
            for part in all where try !matches(page, part) { return false }
            return true
        }
        if let any = filter["or"]?.array {
            for part in any where try matches(page, part) { return true }
            return false
        }
        if let stamp = filter["timestamp"]?.string {
            guard filter["property"] == nil, let condition = filter[stamp]?.object else {
                throw .validation("body failed validation: body.filter.property should be not present.")
            }
            return try compare(stamp == "created_time" ? page.created : page.edited, condition)
        }
        guard let key = filter["property"]?.string else {
            throw .validation(
                "body failed validation: body.filter.property should be defined, instead was `undefined`."
            )
        }
        guard let column = source.column(key) else {
            throw .validation("Could not find property with name or id: \(key)")
        }
        guard let condition = filter[column.type]?.object else {
            throw .validation(
                "The property type in the database does not match the property type of the filter provided: database property \(column.type) does not match filter"
            )
        }
        return try matches(page.values[column.id], column.type, condition)
    }

    private func matches(
        _ value: JSONValue?,
        _ type: String,
        _ condition: [String: JSONValue]
    ) throws(NotionProblem) -> Bool {
        switch type {
        case "date":
            guard let start = value?["start"]?.string, let order = NotionDate.order(start) else {
                return condition["is_empty"] != nil
            }
            if condition["is_empty"] != nil { return false }
            if condition["is_not_empty"] != nil { return true }
            return try compare(order, condition)
        case "title", "rich_text": return text(NotionText.plain(value), condition)
        case "select", "status": return text(value?["name"]?.string ?? "", condition)
        case "url", "email", "phone_number": return text(value?.string ?? "", condition)
        default: throw .validation("This simulated service does not filter by \(type).")
        }
    }

    private func text(_ text: String, _ condition: [String: JSONValue]) -> Bool {
        if let wanted = condition["equals"]?.string { return text == wanted }
        if let unwanted = condition["does_not_equal"]?.string { return text != unwanted }
        if let part = condition["contains"]?.string { return text.contains(part) }
        if let prefix = condition["starts_with"]?.string { return text.hasPrefix(prefix) }
        if condition["is_empty"] != nil { return text.isEmpty }
        if condition["is_not_empty"] != nil { return !text.isEmpty }
        return false
    }

    private func compare(_ order: Int64, _ condition: [String: JSONValue]) throws(NotionProblem) -> Bool {
        for (relation, bound) in condition {
            guard let text = bound.string, let limit = NotionDate.order(text) else {
                throw .validation("body failed validation: a date filter should be a valid ISO 8601 date string.")
            }
            switch relation {
            case "equals": return order == limit
            case "before": return order < limit
            case "after": return order > limit
            case "on_or_before": return order <= limit
            case "on_or_after": return order >= limit
            default: throw .validation("body failed validation: \(relation) is no condition of a date.")
            }
        }
        return true
    }

    /// The pages in the order of the request's `sorts`; creation order without.
    func sorted(_ pages: [NotionPage], by sorts: [JSONValue]) -> [NotionPage] {
        guard let first = sorts.first, let stamp = first["timestamp"]?.string else { return pages }
        let descends = first["direction"]?.string == "descending"
        func key(_ page: NotionPage) -> Int64 { stamp == "created_time" ? page.created : page.edited }
        return pages.sorted { left, right in
            if key(left) != key(right) { return descends ? key(left) > key(right) : key(left) < key(right) }
            return left.id < right.id
        }
    }
}
