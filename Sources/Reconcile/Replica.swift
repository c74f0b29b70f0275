/// What is compared as one: a field of an item, or of one occurrence of it that differs from its series.
public struct FieldKey: Sendable, Hashable, Comparable {
    /// Which occurrence; nil for the item itself.
    public let occurrence: String?

    public let name: String

    /// Names a field.
    public init(_ name: String, of occurrence: String? = nil) {
        self.name = name
        self.occurrence = occurrence
    }

    /// The field that says when the item takes place; of an occurrence, when that one does, or that it does not.
    ///
    /// Where the item's changes, an occurrence of which the sides tell differently stands and falls with it.
    public static let schedule = FieldKey("schedule")

    /// The value of the schedule of an occurrence that does not take place.
    public static let cancelled = "CANCELLED"

    public static func < (left: FieldKey, right: FieldKey) -> Bool {
        (left.occurrence ?? "", left.name) < (right.occurrence ?? "", right.name)
    }
}

/// Canonical values by field: two sides say the same where the values are equal.
public typealias Fields = [FieldKey: String]

extension Fields {
    /// The occurrences that are told of by themselves, and whether they take place.
    public var toldOccurrences: [String: Bool] {
        var occurrences: [String: Bool] = [:]
        for (key, value) in self {
            guard let occurrence = key.occurrence else { continue }
            let isCancelled = key.name == FieldKey.schedule.name && value == FieldKey.cancelled
            occurrences[occurrence] = occurrences[occurrence, default: true] && !isCancelled
        }
        return occurrences
    }
}

/// An item as one side has it now.
public struct ItemVersion: Sendable, Hashable {
    public var fields: Fields

    /// When that side says it was modified last, in seconds of one clock; nil where it does not say.
    public var modified: Int64?

    /// Occurrences the sides tell differently of that have no place in this side's schedule.
    public var placeless: Set<String>

    /// Whether this side made other items of a part of this one: overruled in when it takes place, that part would be twice.
    public var isSplit: Bool

    /// Describes an item.
    public init(fields: Fields, modified: Int64?, placeless: Set<String> = [], isSplit: Bool = false) {
        self.fields = fields
        self.modified = modified
        self.placeless = placeless
        self.isSplit = isSplit
    }
}

/// The items one side has now.
public typealias Replica = [String: ItemVersion]

/// An item as it was last agreed on.
///
/// Each side has its own: an upstream normalises what it is given, so a side has changed when it differs from what it
/// itself said then, never because it differs from the other.
public struct Agreement: Sendable, Hashable {
    public var local: Fields
    public var remote: Fields

    /// Joins what both sides said when they agreed.
    public init(local: Fields, remote: Fields) {
        self.local = local
        self.remote = remote
    }
}

/// The items last agreed on.
public typealias Base = [String: Agreement]
