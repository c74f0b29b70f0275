/// What a person chose in the mapping editor: for each column what it holds, and what its options mean.
struct MappingForm: Sendable {
    /// The choice for one column.
    struct Choice: Sendable {
        var column: String
        /// The key of the mapping; empty for a column that stays out.
        var key: String
        /// What the options mean, where the form showed them for this key and they are not as usual.
        var values: [String: [String]]?
    }

    /// More columns than a Notion table has.
    static let maximumColumns = 500

    private(set) var choices: [Choice] = []
    /// The keys for which a column is to be added.
    private(set) var added: Set<String> = []
    private let keys: [String]
    /// For how many days ahead occurrences are to have pages, as it was typed.
    let daysAhead: String

    /// Reads the form.
    init(_ form: FormFields) {
        keys = (form["keys"] ?? "").split(separator: ",").map(String.init)
        daysAhead = form["occurrences"] ?? ""
        added = Set(keys.filter { form["add.\($0)"] == "yes" })
        for index in 0..<Self.maximumColumns {
            guard let column = form["column.\(index)"] else { break }
            let key = form["role.\(index)"] ?? ""
            // A table that was shown for another property says nothing about this one.
            let values = form["shown.\(index)"] == key ? Self.values(form, index) : nil
            choices.append(Choice(column: column, key: key, values: values))
        }
    }

    /// The table of one column; nil where it says what would be said without it.
    private static func values(_ form: FormFields, _ index: Int) -> [String: [String]]? {
        var values: [String: [String]] = [:]
        for option in 0..<maximumColumns {
            guard let name = form["name.\(index).\(option)"] else { break }
            guard let value = form["option.\(index).\(option)"], !value.isEmpty else { continue }
            values[value, default: []].append(name)
        }
        for (value, names) in values {
            // The first of them is the one that is written.
            guard let written = form["written.\(index).\(value)"], let place = names.firstIndex(of: written) else {
                continue
            }
            values[value] = [names[place]] + names[..<place] + names[(place + 1)...]
        }
        return text(values) == form["usual.\(index)"] ? nil : values
    }

    /// A table in one order, so that equal ones are the same text.
    static func text(_ values: [String: [String]]) -> String {
        let members = values.filter { !$0.value.isEmpty }.mapValues { JSON.array($0.map(JSON.string)) }
        return String(decoding: JSON.object(members).octets, as: UTF8.self)
    }

    /// The mapping as the REST interface takes it: every key, null for what nothing was chosen for.
    ///
    /// With `adding`, a key for which a column is to be added names that column; `others` are further members.
    func mapping(adding names: [String: String] = [:], beside others: [String: JSON] = [:]) -> JSON {
        var members = others
        for key in keys { members[key] = .null }
        for (key, name) in names where added.contains(key) { members[key] = .string(name) }
        for choice in choices where !choice.key.isEmpty && members[choice.key] != nil {
            guard !repeated.contains(choice.column) else { continue }
            members[choice.key] =
                choice.values.map { values in
                    ["column": .string(choice.column), "values": .object(values.mapValues(Self.array))]
                } ?? .string(choice.column)
        }
        // What is no number is left to the check of the mapping.
        let days = daysAhead.filter { $0 != " " }
        if !days.isEmpty { members["occurrences"] = Int64(days).map(JSON.integer) ?? .string(daysAhead) }
        return .object(members)
    }

    private static func array(_ names: [String]) -> JSON { .array(names.map(JSON.string)) }

    /// The columns for which something was chosen that an earlier one holds already.
    var repeated: Set<String> {
        var seen: Set<String> = []
        return Set(choices.filter { !$0.key.isEmpty && !seen.insert($0.key).inserted }.map(\.column))
    }

    /// What was chosen for a column.
    func key(of column: String) -> String? { choices.first { $0.column == column }?.key }
}
