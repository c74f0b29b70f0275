import Bridging

/// What a column of the table is to a calendar; the raw values are the keys of the mapping in the contract.
enum ColumnRole: String, Sendable, Hashable, CaseIterable {
    case title, when, description, location, url, status, categories, attendees, repeats, uid

    /// The name a column must have to be taken without being named.
    var defaultName: String {
        switch self {
        case .title: "Name"
        case .when: "When"
        case .description: "Description"
        case .location: "Location"
        case .url: "URL"
        case .status: "Status"
        case .categories: "Categories"
        case .attendees: "Attendees"
        case .repeats: "Repeats"
        case .uid: "Calendar UID"
        }
    }

    /// The types the column may have; the first is that of a column we make.
    var types: [ColumnType] {
        switch self {
        case .title: [.title]
        case .when: [.date]
        case .url: [.url, .richText]
        case .status: [.select, .status]
        case .categories: [.multiSelect]
        case .description, .location, .attendees, .repeats, .uid: [.richText]
        }
    }

    /// The field of an event that the column holds.
    ///
    /// Attendees go up as text and are no field: nothing that is done to that text comes down.
    var field: Field? {
        switch self {
        case .title: .summary
        case .when, .repeats: .schedule
        case .description: .description
        case .location: .location
        case .url: .url
        case .status: .status
        case .categories: .categories
        case .attendees, .uid: nil
        }
    }

    /// Whether events cannot be held without the column once it is mapped: a rule that cannot be read would be lost.
    var isIndispensable: Bool { self == .title || self == .when || self == .repeats }

    /// The definition of a column we make (a data source's schema).
    var definition: JSON {
        switch self {
        case .title: ["title": [:]]
        case .when: ["date": [:]]
        case .url: ["url": [:]]
        case .status:
            [
                "select": [
                    "options": [
                        ["name": "Confirmed", "color": "green"], ["name": "Tentative", "color": "yellow"],
                        ["name": "Cancelled", "color": "red"],
                    ]
                ]
            ]
        case .categories: ["multi_select": [:]]
        case .description, .location, .attendees, .repeats, .uid: ["rich_text": [:]]
        }
    }
}

/// The types of column that can be mapped; the raw values are Notion's.
enum ColumnType: String, Sendable, Hashable {
    case title, date, url, select, status
    case richText = "rich_text"
    case multiSelect = "multi_select"
}

/// One mapped column.
struct Column: Sendable, Hashable {
    /// Notion's identifier as returned, percent-encoded, which survives a rename.
    ///
    /// Goes into paths and bodies as it is.
    var id: String
    var name: String
    var type: ColumnType
    /// The names of a status column's options, which are the only ones it takes.
    var options: [String] = []
}
