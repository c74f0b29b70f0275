import Bridging

/// The columns a link reads and writes.
struct Columns: Sendable, Hashable {
    private var byRole: [ColumnRole: Column]

    /// For how many days ahead each occurrence of a series has a page of its own; nil for none.
    var daysAhead: Int?

    /// The zone of the link, in which times without one are read: with another one all pages are other events.
    var linkZone = Self.plainZone

    /// The zone that no record mentions.
    static let plainZone = "UTC"

    init(_ byRole: [ColumnRole: Column] = [:]) { self.byRole = byRole }

    subscript(role: ColumnRole) -> Column? {
        get { byRole[role] }
        set { byRole[role] = newValue }
    }

    /// The mapped roles, in the order of their declaration.
    var roles: [ColumnRole] { ColumnRole.allCases.filter { byRole[$0] != nil } }

    /// The columns that name people or other pages.
    var referring: [Column] {
        roles.compactMap { byRole[$0] }.filter { $0.type == .people || $0.type == .relation }
    }

    /// Whether one names other pages.
    var hasRelation: Bool { referring.contains { $0.type == .relation } }

    /// The pages that some pages are related to, by compact identifier.
    func related(by pages: [Page]) -> Set<String> {
        let relations = referring.filter { $0.type == .relation }
        return Set(pages.flatMap { page in relations.flatMap { page.related(in: $0) } })
    }

    /// The columns of rich text, which may mention people and pages.
    var mentioning: [Column] {
        roles.compactMap { byRole[$0] }.filter { $0.type == .title || $0.type == .richText }
    }

    /// The identifiers of the columns, in the order of ``roles``; last the name of the page, if it is none of them.
    var identifiers: [String] { roles.compactMap { byRole[$0]?.id } + (leavesNames ? [Self.nameID] : []) }

    /// The identifier that the name of a page has in every table.
    static let nameID = "title"

    /// Whether the names of pages tell no event: a new page gets one, which is its readers' from then on.
    var leavesNames: Bool { !byRole.isEmpty && !byRole.values.contains { $0.type == .title } }

    /// What events keep in this table.
    ///
    /// Notion has nothing for overrides but pages of single occurrences: without those they stay on our side.
    var fields: FieldSet {
        let readOnly = Set(roles.filter { byRole[$0]?.type.isReadOnly == true }.compactMap(\.field))
        let held = Set(roles.compactMap { role in byRole[role]?.field(as: role) })
        var fields = FieldSet(
            writable: held.union(byRole.isEmpty ? [.summary, .schedule] : [.schedule]).subtracting(readOnly),
            readOnly: readOnly,
            overrides: daysAhead == nil ? .none : .some,
            members: byRole[.attendees]?.directory?.members
        )
        fields.computed = readOnly
        fields.limits.showsFirstReminderOnly = true
        fields.limits.forgottenZone = linkZone
        // What is worked out there is not told by what is here.
        if let column = byRole[.categories], !column.type.isReadOnly { fields.limits.categories = column.categoryNames }
        return fields
    }

    /// Tells one choice of columns from another; a renamed column is still the same.
    var fingerprint: String {
        var digest = Digest()
        for role in roles {
            digest.add(role.rawValue)
            digest.add(byRole[role]?.id ?? "")
            digest.add(byRole[role]?.type.rawValue ?? "")
            if let directory = byRole[role]?.directory { digest.add(directory.digest) }
            for row in byRole[role]?.customChoices?.rows ?? [] {
                digest.add(([row.value] + row.options).joined(separator: "="))
            }
        }
        if let daysAhead { digest.add("occurrences \(daysAhead)") }
        if linkZone != Self.plainZone { digest.add("zone \(linkZone)") }
        return digest.hex
    }

    /// The query that limits the answer's properties to these columns.
    ///
    /// Identifiers come percent-encoded from Notion and are not encoded again.
    var query: String { "?" + identifiers.map { "filter_properties[]=" + $0 }.joined(separator: "&") }
}

/// The columns a table has.
struct TableSchema: Sendable, Hashable {
    /// One column, mapped or not; `type` is Notion's word.
    struct Entry: Sendable, Hashable {
        var id: String
        var name: String
        var type: String
        var options: [String]
        /// The data source that a relation leads to.
        var relatedTable: String?
    }

    /// The columns in order of name.
    let entries: [Entry]

    /// Reads the `properties` of a data source.
    init(_ dataSource: JSON) {
        entries = (dataSource["properties"]?.members ?? [:])
            .sorted { $0.key < $1.key }
            .compactMap { name, property in
                guard let id = property["id"]?.string, let type = property["type"]?.string else { return nil }
                let options = property[type]?["options"]?.elements.compactMap { $0["name"]?.string } ?? []
                return Entry(
                    id: id,
                    name: name,
                    type: type,
                    options: options,
                    relatedTable: property[type]?["data_source_id"]?.string
                )
            }
    }

    /// The column of that identifier, in either of its forms, or of that name.
    func entry(_ nameOrID: String) -> Entry? {
        entries.first { $0.id == nameOrID || percentDecoded($0.id) == nameOrID }
            ?? entries.first { $0.name == nameOrID }
            ?? entries.first { $0.name.lowercased() == nameOrID.lowercased() }
    }

    /// The contract's listing of what can be mapped: name → identifier and type.
    var listing: JSON {
        .object(
            Dictionary(
                entries.map { ($0.name, ["id": .string($0.id), "type": .string($0.type)]) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }
}

/// Decodes `%XX`; what is no such escape stays.
func percentDecoded(_ text: String) -> String {
    var octets: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let octet = rest.popFirst() {
        if octet == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
            rest.count >= 2
        {
            octets.append(value)
            rest = rest.dropFirst(2)
        } else {
            octets.append(octet)
        }
    }
    return String(decoding: octets, as: UTF8.self)
}
