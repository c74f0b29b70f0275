import Bridging
import ICalendar

/// The values of an iCalendar property as options of a column, or as a checkbox.
struct ChoiceTable: Sendable, Hashable {
    /// One value of the property and the options that mean it; the first is the one written.
    struct Row: Sendable, Hashable {
        var value: String
        var options: [String]
    }

    /// What a checkbox says, as an option: `checked` and `unchecked` in a mapping's table.
    static let checked = "checked"
    static let unchecked = "unchecked"

    var rows: [Row]

    /// The value an option means; nil for one that means something else (“In progress” says nothing about STATUS).
    func value(of option: String?) -> String? {
        guard let name = option?.trimmed.lowercased() else { return nil }
        return rows.first { row in row.options.contains { $0.lowercased() == name } }?.value
    }

    /// The option to write for a value; nil where the column has none and must not be given one.
    func option(for value: String, in column: Column) -> String? {
        guard let row = rows.first(where: { $0.value == value && !$0.options.isEmpty }) ?? neighbour(of: value) else {
            return nil
        }
        let names = row.options.map { $0.lowercased() }
        let existing = column.options.first { names.contains($0.lowercased()) }
        return existing ?? (column.type == .status ? nil : row.options.first)
    }
}

extension Page {
    /// The STATUS that the page tells; nil where it tells none.
    func status(_ columns: Columns) -> String? {
        guard let column = columns[.status], case .option(let option) = value(of: column) else { return nil }
        return column.choices(.status).value(of: option)
    }

    /// Whether the page has an option that says nothing of STATUS: then that stays as it was.
    ///
    /// A box that is not checked is no option.
    func leavesStatus(_ columns: Columns) -> Bool {
        guard let column = columns[.status], column.type == .status || column.type == .select,
            case .option(_?) = value(of: column)
        else { return false }
        return status(columns) == nil
    }
}

extension ChoiceTable {
    /// The row nearest to a number that has none of its own, the more urgent one of two; nil for what is no number.
    private func neighbour(of value: String) -> Row? {
        guard let number = Int(value), 1...9 ~= number else { return nil }
        let numbered = rows.compactMap { row in row.options.isEmpty ? nil : Int(row.value).map { ($0, row) } }
        return numbered.min { (abs($0.0 - number), $0.0) < (abs($1.0 - number), $1.0) }?.1
    }

    /// Reads the table of a mapping: value of the property → an option, or several of which the first is written.
    init?(_ json: JSON?, of role: ColumnRole) throws(Refusal) {
        guard let json, json != .null else { return nil }
        guard let property = role.choiceProperty, case .object(let members) = json else {
            throw .mapping("“\(role.rawValue)” takes no table of values.")
        }
        let known = role.choices(.select).rows.map(\.value)
        for (value, options) in members {
            guard known.contains(value.uppercased()) else {
                throw .mapping("\(property) has no value \(value); it has \(known.joined(separator: ", ")).")
            }
            guard !ChoiceTable.options(options).isEmpty else {
                throw .mapping("The options for \(value) must be a name or a list of names.")
            }
        }
        self.init(stored: json)
    }

    /// Reads a table that was checked when it was stored; nil for none.
    init?(stored json: JSON?) {
        guard case .object(let members)? = json else { return nil }
        rows = members.sorted { $0.key < $1.key }
            .map { Row(value: $0.key.uppercased(), options: Self.options($0.value)) }
    }

    var json: JSON {
        let pairs = rows.map { ($0.value, JSON.array($0.options.map(JSON.string))) }
        return .object(Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
    }

    private static func options(_ json: JSON) -> [String] {
        (json.string.map { [$0] } ?? json.elements.compactMap(\.string)).filter { !$0.isEmpty }
    }
}

extension ColumnRole {
    /// The iCalendar property whose values are a few words.
    var choiceProperty: String? {
        switch self {
        case .status: "STATUS"
        case .transparency: "TRANSP"
        case .classification: "CLASS"
        case .priority: "PRIORITY"
        case .color: "COLOR"
        case .title, .when, .description, .location, .url, .categories, .attendees, .repeats, .uid, .reminder, .comment,
            .attachments:
            nil
        }
    }

    /// Colours that people have words for, as CSS and so COLOR (RFC 7986 §5.9) call them.
    private static let colors = [
        "Black", "Gray", "Silver", "White", "Maroon", "Red", "Pink", "Fuchsia", "Purple", "Brown", "Orange", "Gold",
        "Yellow", "Olive", "Lime", "Green", "Teal", "Turquoise", "Aqua", "Blue", "Navy",
    ]

    /// What people call a PRIORITY (RFC 5545 §3.8.1.9).
    private static let priorities = [1: ["High"], 5: ["Medium"], 9: ["Low"]]

    /// What the options mean where the mapping says nothing else.
    func choices(_ type: ColumnType) -> ChoiceTable {
        let isCheckbox = type == .checkbox
        func table(_ rows: [(String, [String], String?)]) -> ChoiceTable {
            ChoiceTable(
                rows: rows.compactMap { value, names, box in
                    guard isCheckbox else { return ChoiceTable.Row(value: value, options: names) }
                    return box.map { ChoiceTable.Row(value: value, options: [$0]) }
                }
            )
        }
        switch self {
        case .status:
            return table([
                ("CONFIRMED", ["Confirmed"], ChoiceTable.checked), ("TENTATIVE", ["Tentative"], ChoiceTable.unchecked),
                ("CANCELLED", ["Cancelled", "Canceled"], nil),
            ])
        case .transparency:
            return table([
                ("OPAQUE", ["Busy"], ChoiceTable.checked), ("TRANSPARENT", ["Free"], ChoiceTable.unchecked),
            ])
        case .classification:
            return table([
                ("PUBLIC", ["Public"], ChoiceTable.unchecked), ("PRIVATE", ["Private"], ChoiceTable.checked),
                ("CONFIDENTIAL", ["Confidential"], nil),
            ])
        case .color: return table(Self.colors.map { ($0.uppercased(), [$0], nil) })
        case .priority:
            return table((1...9).map { (String($0), Self.priorities[$0, default: []], nil) })
        case .title, .when, .description, .location, .url, .categories, .attendees, .repeats, .uid, .reminder, .comment,
            .attachments:
            return ChoiceTable(rows: [])
        }
    }
}
