import Bridging

/// Which columns a person wants for what, as the contract writes it: role → name, identifier or null.
struct Mapping: Sendable, Hashable {
    /// What is wanted for one role.
    enum Wish: Sendable, Hashable {
        /// Not mentioned: the column of the default name and type, if there is one.
        case byDefault
        /// Null: no column.
        case off
        /// A name or an identifier.
        case named(String)
    }

    private var wishes: [ColumnRole: Wish] = [:]

    /// What the options of columns mean, where the mapping says so.
    private var choices: [ColumnRole: ChoiceTable] = [:]

    /// The columns as they were when the mapping was settled; empty before.
    private(set) var settledColumns = Columns()

    /// For how many days ahead occurrences have pages of their own; nil for none.
    private(set) var daysAhead: Int?

    /// The key beside those of the roles that asks for pages of single occurrences.
    static let occurrencesKey = "occurrences"

    /// How far ahead occurrences can have pages: a year, beyond which nobody moves a single one.
    static let maximumDaysAhead = 366

    /// The stored key beside those of the roles: the columns' types, by role.
    private static let settledKey = "columns"

    /// Reads a mapping, new or settled; nil means that nothing is mentioned.
    init(_ text: String?) throws(Refusal) {
        guard let text, !text.isEmpty else { return }
        guard let json = try? JSONReader.value(of: text), case .object(let members) = json else {
            throw .mapping("The mapping is not a JSON object.")
        }
        daysAhead = try Self.days(members[Self.occurrencesKey])
        for (key, value) in members where key != Self.settledKey && key != Self.occurrencesKey {
            guard let role = ColumnRole(rawValue: key) else {
                let known = (ColumnRole.allCases.map(\.rawValue) + [Self.occurrencesKey]).joined(separator: ", ")
                throw .mapping("The mapping has no key “\(key)”; it has \(known).")
            }
            switch value {
            case .null: wishes[role] = .off
            case .string(let name) where !name.isEmpty: wishes[role] = .named(name)
            case .object(let members):
                guard let name = members["column"]?.string, !name.isEmpty else {
                    throw .mapping("The mapping of “\(key)” does not say its “column”.")
                }
                wishes[role] = .named(name)
                choices[role] = try ChoiceTable(members["values"], of: role)
            case .string, .bool, .number, .array:
                throw .mapping("The mapping of “\(key)” must be the name or id of a column, or null.")
            }
        }
        for (key, value) in members[Self.settledKey]?.members ?? [:] {
            guard let role = ColumnRole(rawValue: key), let column = Column(settled: value) else { continue }
            settledColumns[role] = column
        }
        settledColumns.daysAhead = daysAhead
    }

    /// Reads a number of days; none and null are off.
    private static func days(_ json: JSON?) throws(Refusal) -> Int? {
        guard let json, json != .null else { return nil }
        guard let days = json.integer, 1...maximumDaysAhead ~= days else {
            throw .mapping("“\(occurrencesKey)” must be a number of days from 1 to \(maximumDaysAhead), or null.")
        }
        return days
    }

    /// The text to be stored: every role's identifier or null, and what the identifiers stand for.
    static func settled(_ columns: Columns) -> String {
        var members: [String: JSON] = [:]
        for role in ColumnRole.allCases {
            let id = JSON.optional(columns[role]?.id)
            members[role.rawValue] = columns[role]?.customChoices.map { ["column": id, "values": $0.json] } ?? id
        }
        members[occurrencesKey] = columns.daysAhead.map { .number(String($0)) }
        members[settledKey] = .object(
            Dictionary(
                columns.roles.compactMap { role in columns[role].map { (role.rawValue, $0.settled) } },
                uniquingKeysWith: { first, _ in first }
            )
        )
        return JSON.object(members).serialized
    }

    /// Finds the wanted columns in a table.
    func resolved(in schema: TableSchema) -> Resolution {
        var resolution = Resolution()
        for role in ColumnRole.allCases {
            resolve(role, in: schema, &resolution)
        }
        for role in resolution.columns.roles {
            let id = resolution.columns[role]?.id
            if let other = resolution.columns.roles.first(where: { $0 != role && resolution.columns[$0]?.id == id }) {
                resolution.problems[role] = "One column is mapped to both “\(role.rawValue)” and “\(other.rawValue)”."
                resolution.columns[role] = nil
            }
        }
        resolution.columns.daysAhead = daysAhead
        for role in [ColumnRole.uid, .repeats] where daysAhead != nil && resolution.columns[role] == nil {
            resolution.columns.daysAhead = nil
            guard resolution.problems[role] == nil else { continue }
            resolution.problems[role] = "Pages for single occurrences need a column for “\(role.rawValue)”."
        }
        return resolution
    }

    private func resolve(_ role: ColumnRole, in schema: TableSchema, _ resolution: inout Resolution) {
        switch wishes[role, default: .byDefault] {
        case .off where role == .when:
            resolution.problems[role] = "A calendar needs a date column: “when” cannot be null."
        // A table has exactly one title, whatever its name.
        case .byDefault where role == .title, .off where role == .title:
            take(schema.entries.first { $0.type == ColumnType.title.rawValue }, for: role, &resolution)
        case .off: break
        case .named(let name):
            let entry = schema.entry(name)
            if entry == nil { resolution.missing[role] = settledColumns[role]?.name ?? name }
            take(entry, for: role, &resolution)
        case .byDefault where role.isOptional: break
        case .byDefault:
            let entry = schema.entry(role.defaultName)
            let others = role == .when ? schema.entries.filter { $0.type == ColumnType.date.rawValue } : []
            // A table that has dates has the date of its pages: another column would be an empty calendar.
            if entry == nil, !others.isEmpty {
                let names = others.map { "“\($0.name)”" }.joined(separator: " or ")
                resolution.problems[role] =
                    "The Notion table has no column “\(role.defaultName)”: say whether “\(role.rawValue)” is \(names)."
                return
            }
            if entry == nil { resolution.missing[role] = role.defaultName }
            let fits = entry.map { entry in role.defaultTypes.contains { $0.rawValue == entry.type } } ?? false
            // What is not asked for need not be there, but for the date.
            if fits || role == .when { take(entry, for: role, &resolution) }
        }
    }

    /// Takes a column for a role if it fits.
    private func take(_ entry: TableSchema.Entry?, for role: ColumnRole, _ resolution: inout Resolution) {
        let wanted = role.types.map(\.rawValue).joined(separator: " or ")
        guard let entry else {
            let name = resolution.missing[role] ?? role.defaultName
            resolution.problems[role] =
                "The Notion table has no column “\(name)” of type \(wanted) for “\(role.rawValue)”."
            return
        }
        guard let type = ColumnType(rawValue: entry.type), role.types.contains(type) else {
            resolution.problems[role] =
                "The column “\(entry.name)” is of type \(entry.type); “\(role.rawValue)” needs \(wanted)."
            return
        }
        resolution.columns[role] = Column(
            id: entry.id,
            name: entry.name,
            type: type,
            options: entry.options,
            customChoices: choices[role],
            relatedTable: entry.relatedTable
        )
        resolution.problems[role] = resolution.columns[role]?.choiceProblem(role)
    }

    /// What became of the wishes.
    struct Resolution: Sendable, Hashable {
        /// The columns that were found and fit.
        var columns = Columns()
        /// The names of wanted columns that the table does not have.
        var missing: [ColumnRole: String] = [:]
        /// What stands against a wish, a sentence each.
        var problems: [ColumnRole: String] = [:]
        /// The columns that are of another type than before.
        var isRetyped: Set<ColumnRole> = []

        /// Leaves out columns that are of another type than when the mapping was settled: what they say now is no edit.
        ///
        /// The mapping takes the new type when it is saved again.
        mutating func refuseOtherTypes(than settled: Columns) {
            for role in columns.roles {
                guard let column = columns[role], let former = settled[role], former.type != column.type else {
                    continue
                }
                problems[role] = former.retyped(column.type.rawValue, column.name, fits: true, role)
                columns[role] = nil
                isRetyped.insert(role)
            }
        }

        /// The first problem, in the order of the roles.
        var refusal: Refusal? {
            firstProblem(of: ColumnRole.allCases)
        }

        private func firstProblem(of roles: [ColumnRole]) -> Refusal? {
            guard let role = roles.first(where: { problems[$0] != nil }), let problem = problems[role] else {
                return nil
            }
            return .mapping(problem, remedy: remedy(for: role))
        }

        /// What helps; nil for what the columns of the link alone can help.
        private func remedy(for role: ColumnRole) -> String? {
            if isRetyped.contains(role) {
                return
                    "Change its type back in Notion, or choose the columns of the link again: “Edit the columns” on its page."
            }
            guard missing[role] != nil else { return nil }
            // A new column of the same name is another one.
            return
                "Bring it back in Notion, under the table's “Deleted properties”, or choose the columns of the link again:"
                + " “Edit the columns” on its page."
        }

        /// The first problem without whose solution no event can be held.
        var obstacle: Refusal? {
            firstProblem(of: ColumnRole.allCases.filter(\.isIndispensable))
        }
    }
}

extension Columns {
    /// What is wrong with a column of a table that was of another type when these were settled; nil where it was not.
    func retyping(of entry: TableSchema.Entry) -> String? {
        for role in roles {
            guard let former = self[role], former.id == entry.id, former.type.rawValue != entry.type else { continue }
            let fits = role.types.contains { $0.rawValue == entry.type }
            return former.retyped(entry.type, entry.name, fits: fits, role)
        }
        return nil
    }
}

extension Columns {
    /// What became of an option that stood for a STATUS when these were settled; nil where all are there.
    func lostOption(since settled: Columns) -> Refusal? {
        guard let column = self[.status], let former = settled[.status], former.id == column.id else { return nil }
        let names = column.choices(.status).rows.flatMap(\.options)
        guard let lost = names.first(where: { former.hasOption($0) && !column.hasOption($0) }) else { return nil }
        return .mapping(
            "The column “\(column.name)” has no option “\(lost)” any more: pages that had it keep the STATUS they had.",
            remedy: "Call it so again in Notion, or save the columns of the link again: “Edit the columns” on its page."
        )
    }
}

extension Column {
    /// What is wrong with the table of values that a mapping gives; nil for nothing.
    fileprivate func choiceProblem(_ role: ColumnRole) -> String? {
        guard let table = customChoices, let property = role.choiceProperty else { return nil }
        var values: [String: String] = [:]
        for row in table.rows {
            for option in row.options {
                if let other = values.updateValue(row.value, forKey: option.lowercased()), other != row.value {
                    return "The option “\(option)” of the column “\(name)” cannot stand for both"
                        + " \(property) \(other) and \(row.value)."
                }
            }
            if type == .status, let option = row.options.first, !row.options.contains(where: hasOption) {
                let known = options.map { "“\($0)”" }.joined(separator: ", ")
                return "The column “\(name)” has no option “\(option)” for \(property) \(row.value); it has \(known)."
            }
        }
        return nil
    }

    /// Whether the column has an option of that name.
    func hasOption(_ name: String) -> Bool { options.contains { $0.lowercased() == name.lowercased() } }

    /// Says that the column became one of another type, and what helps.
    fileprivate func retyped(_ type: String, _ name: String, fits: Bool, _ role: ColumnRole) -> String {
        "The column “\(name)” was of type \(self.type.rawValue) and is of type \(type) now: change it back in Notion, or "
            + (fits ? "save the columns of this link again." : "choose another column for “\(role.rawValue)” and save.")
    }
}

extension Refusal {
    /// The contract's code for a mapping that does not hold.
    static func mapping(_ sentence: String, remedy: String? = nil) -> Refusal {
        Refusal(.mapping, code: "invalid_mapping", message: sentence, remedy: remedy)
    }
}

extension Column {
    fileprivate init?(settled value: JSON) {
        guard let id = value["id"]?.string, let name = value["name"]?.string,
            let type = value["type"]?.string.flatMap(ColumnType.init(rawValue:))
        else { return nil }
        let options = value["options"]?.elements.compactMap(\.string) ?? []
        self.init(id: id, name: name, type: type, options: options, customChoices: ChoiceTable(stored: value["values"]))
    }

    fileprivate var settled: JSON {
        [
            "id": .string(id), "name": .string(name), "type": .string(type.rawValue),
            "options": .array(options.map(JSON.string)), "values": customChoices?.json ?? .null,
        ]
    }
}
