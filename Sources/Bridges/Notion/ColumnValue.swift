import Bridging
import ICalendar

/// The value of one mapped column.
enum ColumnValue: Sendable, Hashable {
    /// Of a title, rich text or URL column; empty for none.
    case text(String)
    /// Of a date column.
    case when(When?)
    /// Of a select or status column: an option's name.
    case option(String?)
    /// Of a multi-select column: names.
    case options([String])
    /// Of a people column: identifiers.
    case people([String])
    /// Of a relation: other pages.
    case related([RelatedPage])
    /// Of a number column.
    case number(Double?)

    /// Reads a property of a page.
    init(_ property: JSON?, type: ColumnType) {
        let value = property?[type.rawValue]
        if type.isComputed {
            self.init(computed: value)
            return
        }
        switch type {
        case .title, .richText: self = .text(RichText.plainText(value))
        case .url, .email, .phoneNumber: self = .text(value?.string ?? "")
        case .checkbox: self = .option(value?.bool == true ? ChoiceTable.checked : ChoiceTable.unchecked)
        case .number: self = .number(value?.double)
        case .date: self = .when(When(value))
        case .select, .status: self = .option(value?["name"]?.string)
        case .multiSelect: self = .options((value?.elements ?? []).compactMap { $0["name"]?.string })
        case .people: self = .people((value?.elements ?? []).compactMap { $0["id"]?.string })
        case .relation: self = .related((value?.elements ?? []).compactMap(RelatedPage.init))
        case .uniqueID: self = .text(Self.identifier(value))
        case .createdBy: self = .text(value?["name"]?.string ?? "")
        case .files: self = .text(Self.addresses(of: value).joined(separator: "\n"))
        case .formula, .rollup: preconditionFailure("what Notion works out was read above")
        }
    }

    /// The number that Notion gives a page: `TASK-42`.
    private static func identifier(_ value: JSON?) -> String {
        guard let number = value?["number"]?.integer else { return "" }
        return (value?["prefix"]?.string.map { $0 + "-" } ?? "") + String(number)
    }

    /// Where files are that are not Notion's own: the addresses of those end within the hour.
    private static func addresses(of value: JSON?) -> [String] {
        (value?.elements ?? []).compactMap { $0["external"]?["url"]?.string }.compactMap { EventURL($0)?.text }
    }

    /// Reads what Notion worked out; a text, a number or a truth says the same as a column of its type, the values of
    /// several pages are told one after the other.
    private init(computed value: JSON?) {
        switch value?["type"]?.string {
        case "number": self = .number(value?["number"]?.double)
        case "boolean": self = .option(value?["boolean"]?.bool == true ? ChoiceTable.checked : ChoiceTable.unchecked)
        case "date": self = .text(value?["date"]?["start"]?.string ?? "")
        case "array":
            let parts = (value?["array"]?.elements ?? []).compactMap { Self.text(of: $0) }.filter { !$0.isEmpty }
            self = .text(parts.joined(separator: ", "))
        default: self = .text(value?["string"]?.string ?? "")
        }
    }

    /// One value of a rollup as text; nil for one of a type that is not mapped.
    private static func text(of element: JSON) -> String? {
        guard let type = element["type"]?.string.flatMap(ColumnType.init(rawValue:)) else { return nil }
        switch ColumnValue(element, type: type) {
        case .text(let text): return text
        case .option(let name): return name
        case .options(let names): return names.joined(separator: ", ")
        case .number(let number): return number.map(JSON.numeral)
        case .when(let when): return when.map { _ in element["date"]?["start"]?.string ?? "" }
        case .related(let pages): return pages.compactMap(\.title).joined(separator: ", ")
        case .people: return element["people"]?.elements.compactMap { $0["name"]?.string }.joined(separator: ", ")
        }
    }

    /// The value as a write has it.
    func json(type: ColumnType) -> JSON {
        [type.rawValue: content(type)]
    }

    private func content(_ type: ColumnType) -> JSON {
        switch self {
        case .text(let text) where [.url, .email, .phoneNumber].contains(type): text.isEmpty ? .null : .string(text)
        case .text(let text): RichText.runs(text)
        case .when(let when): when?.json ?? .null
        case .option(let name) where type == .checkbox: .bool(name == ChoiceTable.checked)
        case .option(let name): name.map { ["name": .string($0)] } ?? .null
        case .options(let names) where type == .select: names.first.map { ["name": .string($0)] } ?? .null
        case .number(let number): number.map(JSON.double) ?? .null
        case .options(let names): .array(names.map { ["name": .string($0)] })
        case .people(let ids): .array(ids.map { ["id": .string($0)] })
        case .related(let pages): .array(pages.map { ["id": .string($0.id)] })
        }
    }

    /// Whether there is nothing to write into a new page.
    var isEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .when(let when): when == nil
        case .option(let name): name == nil
        case .options(let names): names.isEmpty
        case .number(let number): number == nil
        case .people(let ids): ids.isEmpty
        case .related(let pages): pages.isEmpty
        }
    }

    /// The value without what Notion may change in it: runs, seconds, zones, the order of options.
    var canonical: String {
        switch self {
        case .text(let text): text
        case .option(let name): name ?? ""
        case .number(let number): number.map { String($0) } ?? ""
        case .options(let names): names.map { $0.lowercased() }.sorted().joined(separator: ",")
        case .people(let ids): ids.map(compactID).sorted().joined(separator: ",")
        // Without their titles: those are no part of this page.
        case .related(let pages): pages.map { compactID($0.id) }.sorted().joined(separator: ",")
        case .when(nil): ""
        case .when(let when?):
            switch when.span {
            case .days(let first, let last): "\(first.text)/\(last.text)"
            case .time(let start, let end): "\(start.seconds)/\(end.map { String($0.seconds) } ?? "")"
            }
        }
    }
}

/// A page that another one is related to.
struct RelatedPage: Sendable, Hashable {
    var id: String
    /// What it is called; nil for a page that we never could read, which says nothing: nobody knows it by its identifier.
    var title: String?

    /// The key beside Notion's under which a pull notes the title.
    static let titleKey = "title"

    init?(_ json: JSON) {
        guard let id = json["id"]?.string else { return nil }
        self.id = id
        title = json[Self.titleKey]?.string
    }
}
