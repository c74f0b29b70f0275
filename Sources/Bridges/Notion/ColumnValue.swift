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

    /// Reads a property of a page.
    init(_ property: JSON?, type: ColumnType) {
        let value = property?[type.rawValue]
        switch type {
        case .title, .richText: self = .text(RichText.plainText(value))
        case .url: self = .text(value?.string ?? "")
        case .date: self = .when(When(value))
        case .select, .status: self = .option(value?["name"]?.string)
        case .multiSelect: self = .options((value?.elements ?? []).compactMap { $0["name"]?.string })
        }
    }

    /// The value as a write has it.
    func json(type: ColumnType) -> JSON {
        [type.rawValue: content(type)]
    }

    private func content(_ type: ColumnType) -> JSON {
        switch self {
        case .text(let text) where type == .url: text.isEmpty ? .null : .string(text)
        case .text(let text): RichText.runs(text)
        case .when(let when): when?.json ?? .null
        case .option(let name): name.map { ["name": .string($0)] } ?? .null
        case .options(let names): .array(names.map { ["name": .string($0)] })
        }
    }

    /// Whether there is nothing to write into a new page.
    var isEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .when(let when): when == nil
        case .option(let name): name == nil
        case .options(let names): names.isEmpty
        }
    }

    /// The value without what Notion may change in it: runs, seconds, zones, the order of options.
    var canonical: String {
        switch self {
        case .text(let text): text
        case .option(let name): name ?? ""
        case .options(let names): names.map { $0.lowercased() }.sorted().joined(separator: ",")
        case .when(nil): ""
        case .when(let when?):
            switch when.span {
            case .days(let first, let last): "\(first.text)/\(last.text)"
            case .time(let start, let end): "\(start.seconds)/\(end.map { String($0.seconds) } ?? "")"
            }
        }
    }
}

/// STATUS of an event as an option of a select or status column.
enum EventStatus: String, Sendable, Hashable, CaseIterable {
    case confirmed = "CONFIRMED"
    case tentative = "TENTATIVE"
    case cancelled = "CANCELLED"

    /// The option of a column we make.
    var optionName: String {
        switch self {
        case .confirmed: "Confirmed"
        case .tentative: "Tentative"
        case .cancelled: "Cancelled"
        }
    }

    /// Reads an option; one that means something else (“In progress”) says nothing about STATUS.
    init?(option: String?) {
        switch option?.trimmed.lowercased() {
        case "confirmed": self = .confirmed
        case "tentative": self = .tentative
        case "cancelled", "canceled": self = .cancelled
        default: return nil
        }
    }

    /// The option to write; nil where the column has none and must not be given one.
    func option(in column: Column) -> String? {
        let existing = column.options.first { EventStatus(option: $0) == self }
        return existing ?? (column.type == .status ? nil : optionName)
    }
}
