/// The filter of a query, checked whole before any row is looked at.
struct NotionFilter {
    /// Whether a page passes.
    let matches: (NotionPage) -> Bool

    /// How deep `and` and `or` may nest.
    private static let maximumDepth = 2

    init(_ filter: JSONValue, in source: NotionDataSource, depth: Int = 1) throws(NotionProblem) {
        for (key, isAll) in [("and", true), ("or", false)] {
            guard let parts = filter[key]?.array else { continue }
            guard depth <= Self.maximumDepth else {
                throw .validation("body failed validation: body.filter is nested too deeply.")
            }
            var filters: [NotionFilter] = []
            for part in parts { filters.append(try NotionFilter(part, in: source, depth: depth + 1)) }
            matches = { page in
                isAll ? filters.allSatisfy { $0.matches(page) } : filters.contains { $0.matches(page) }
            }
            return
        }
        if let stamp = filter["timestamp"]?.string {
            matches = try Self.stamp(stamp, filter)
        } else {
            matches = try Self.property(filter, in: source)
        }
    }

    private static func stamp(_ stamp: String, _ filter: JSONValue) throws(NotionProblem) -> (NotionPage) -> Bool {
        guard filter["property"] == nil else {
            throw .validation("body failed validation: body.filter.property should be not present.")
        }
        guard stamp == "created_time" || stamp == "last_edited_time" else {
            throw .validation("body failed validation: body.filter.timestamp should name a timestamp.")
        }
        let test = try moment(condition(filter[stamp], stamp), stamp)
        return { page in test(NotionDate.minute(stamp == "created_time" ? page.created : page.edited)) }
    }

    private static func property(
        _ filter: JSONValue,
        in source: NotionDataSource
    ) throws(NotionProblem) -> (NotionPage) -> Bool {
        guard let key = filter["property"]?.string else {
            throw .validation(
                "body failed validation: body.filter.property should be defined, instead was `undefined`."
            )
        }
        guard let column = source.column(key) else {
            throw .validation("Could not find property with name or id: \(key)")
        }
        guard let asked = filter[column.type] else {
            let named = filter.object?.keys.sorted().first { $0 != "property" && $0 != "type" } ?? "undefined"
            throw .validation(
                "The property type in the database does not match the property type of the filter provided: database property \(column.type) does not match filter \(named)"
            )
        }
        let test = try test(of: column.type, condition(asked, column.type))
        return { page in test(page.value(of: column)) }
    }

    /// The one condition that a filter must have.
    private static func condition(_ value: JSONValue?, _ type: String) throws(NotionProblem) -> Condition {
        guard let members = value?.object, members.count == 1, let only = members.first else {
            throw .validation("body failed validation: body.filter.\(type) should have exactly one condition.")
        }
        return only
    }

    private typealias Condition = (key: String, value: JSONValue)

    private static func test(
        of type: String,
        _ condition: Condition
    ) throws(NotionProblem) -> (JSONValue) -> Bool {
        switch type {
        case "date":
            let test = try moment(condition, type)
            return { test($0["start"]?.string.flatMap(NotionDate.order)) }
        case "created_time", "last_edited_time":
            let test = try moment(condition, type)
            return { test($0.string.flatMap(NotionDate.order)) }
        case "title", "rich_text": return try text(condition) { NotionText.plain($0) }
        case "url", "email", "phone_number": return try text(condition) { $0.string ?? "" }
        case "select", "status": return try option(condition)
        case "multi_select": return try member(condition, "name")
        case "people", "relation": return try member(condition, "id")
        case "checkbox", "number": return try scalar(condition, type)
        default: throw .validation("This simulated service does not filter by \(type).")
        }
    }

    private static func unknown(_ condition: Condition) -> NotionProblem {
        .validation(
            "body failed validation: \(condition.key) `\(condition.value.text)` is no condition of this filter."
        )
    }

    /// A condition on a time; a bound without a time of day stands for the whole day.
    private static func moment(_ condition: Condition, _ type: String) throws(NotionProblem) -> (Int64?) -> Bool {
        if condition.key == "is_empty" { return { $0 == nil } }
        if condition.key == "is_not_empty" { return { $0 != nil } }
        guard let text = condition.value.string, let first = NotionDate.order(text) else {
            throw .validation(
                "body failed validation: body.filter.\(type).\(condition.key) should be a valid ISO 8601 date string."
            )
        }
        let last = text.utf8.count == 10 ? first + 86_399 : first
        switch condition.key {
        case "equals": return { $0.map { (first...last).contains($0) } ?? false }
        case "before": return { $0.map { $0 < first } ?? false }
        case "after": return { $0.map { $0 > last } ?? false }
        case "on_or_before": return { $0.map { $0 <= last } ?? false }
        case "on_or_after": return { $0.map { $0 >= first } ?? false }
        default: throw unknown(condition)
        }
    }

    private static func text(
        _ condition: Condition,
        _ text: @escaping (JSONValue) -> String
    ) throws(NotionProblem) -> (JSONValue) -> Bool {
        if condition.key == "is_empty" { return { text($0).isEmpty } }
        if condition.key == "is_not_empty" { return { !text($0).isEmpty } }
        guard let wanted = condition.value.string else { throw unknown(condition) }
        switch condition.key {
        case "equals": return { text($0) == wanted }
        case "does_not_equal": return { text($0) != wanted }
        case "contains": return { wanted.isEmpty || text($0).contains(wanted) }
        case "does_not_contain": return { !wanted.isEmpty && !text($0).contains(wanted) }
        case "starts_with": return { text($0).hasPrefix(wanted) }
        case "ends_with": return { text($0).hasSuffix(wanted) }
        default: throw unknown(condition)
        }
    }

    private static func option(_ condition: Condition) throws(NotionProblem) -> (JSONValue) -> Bool {
        let wanted = condition.value.array?.compactMap(\.string) ?? condition.value.string.map { [$0] } ?? []
        switch condition.key {
        case "equals": return { $0["name"]?.string.map(wanted.contains) ?? false }
        case "does_not_equal": return { $0["name"]?.string.map { !wanted.contains($0) } ?? true }
        case "is_empty": return { $0 == .null }
        case "is_not_empty": return { $0 != .null }
        default: throw unknown(condition)
        }
    }

    private static func member(_ condition: Condition, _ key: String) throws(NotionProblem) -> (JSONValue) -> Bool {
        func has(_ value: JSONValue) -> Bool { value.array?.contains { $0[key] == condition.value } ?? false }
        switch condition.key {
        case "contains": return has
        case "does_not_contain": return { !has($0) }
        case "is_empty": return { $0 == [] }
        case "is_not_empty": return { $0 != [] }
        default: throw unknown(condition)
        }
    }

    private static func scalar(_ condition: Condition, _ type: String) throws(NotionProblem) -> (JSONValue) -> Bool {
        let bound = condition.value
        func number(_ value: JSONValue) -> Double { if case .number(let number) = value { number } else { .nan } }
        switch (type, condition.key) {
        case (_, "equals"): return { $0 == bound }
        case (_, "does_not_equal"): return { $0 != bound }
        case ("number", "greater_than"): return { number($0) > number(bound) }
        case ("number", "less_than"): return { number($0) < number(bound) }
        case ("number", "greater_than_or_equal_to"): return { number($0) >= number(bound) }
        case ("number", "less_than_or_equal_to"): return { number($0) <= number(bound) }
        case ("number", "is_empty"): return { $0 == .null }
        case ("number", "is_not_empty"): return { $0 != .null }
        default: throw unknown(condition)
        }
    }
}
