import Bridging
import ICalendar

/// A page of a data source: a row of the table.
struct Page: Sendable, Hashable {
    /// The identifier in lower case, with dashes.
    let id: String
    /// The stamps as Notion writes them, cut down to the minute.
    let created: String
    let edited: String
    /// Who made it; nil where Notion does not say.
    let maker: String?
    /// In the trash, or archived: in no listing any more.
    let isGone: Bool
    /// In the trash, from which it can come back.
    let isTrashed: Bool
    /// The data source it is in, compactly; nil for a page elsewhere.
    let dataSource: String?
    /// The properties by identifier.
    private var properties: [String: JSON]
    /// What our pull found out about the page and wrote into the record.
    var note: Note

    /// What one page cannot tell by itself.
    struct Note: Sendable, Hashable {
        /// Whether the UID on the page belongs to another page, of which this one is a copy.
        var isCopy = false
        /// The text that `Repeats` had before it became nonsense.
        var repeats: String?
        /// The zone that the series had before its rule was written anew without one.
        var zone: String?
        /// The STATUS there was before the page got an option that means none.
        var status: String?
        /// Which occurrence of a series the page shows; nil of a page that stands for itself.
        var occurrence: OccurrenceNote?
    }

    /// Our key in a record's payload, beside Notion's.
    static let noteKey = "kalends"

    /// Reads a page as Notion or a record has it.
    init?(_ json: JSON) {
        guard let id = json["id"]?.string else { return nil }
        self.id = id.lowercased()
        created = json["created_time"]?.string ?? ""
        edited = json["last_edited_time"]?.string ?? ""
        maker = json["created_by"]?["id"]?.string
        isTrashed = json["in_trash"]?.bool == true
        isGone = isTrashed || json["is_archived"]?.bool == true
        dataSource = json["parent"]?["data_source_id"]?.string.map(compactID)
        properties = Dictionary(
            (json["properties"]?.members ?? [:]).map { name, property in (property["id"]?.string ?? name, property) },
            uniquingKeysWith: { first, _ in first }
        )
        note = Note(
            isCopy: json[Self.noteKey]?["copy"]?.bool ?? false,
            repeats: json[Self.noteKey]?["repeats"]?.string,
            zone: json[Self.noteKey]?["own_zone"]?.string,
            status: json[Self.noteKey]?["status"]?.string,
            occurrence: OccurrenceNote(json[Self.noteKey]?["occurrence"])
        )
    }

    /// Reads the page of a record.
    init(_ record: UpstreamRecord) throws(TranslationError) {
        guard let json = try? JSONReader.value(of: record.payload), let page = Page(json) else {
            throw .unreadable("The stored copy of the Notion page \(record.id) cannot be read.")
        }
        self = page
    }

    /// When the page was edited last, by the minute.
    var modified: Instant? { Instant(rfc3339: edited) }

    /// The UID of a page that carries none of its own.
    var derivedUID: String { compactID(id) + Self.derivedUIDSuffix }

    private static let derivedUIDSuffix = "@notion.kalends"

    /// The page from whose identifier a UID is derived; nil where it is from none.
    static func id(derivedUID uid: String) -> String? {
        guard uid.hasSuffix(derivedUIDSuffix), case let id = uid.dropLast(derivedUIDSuffix.count),
            id.utf8.count == 32, id.allSatisfy(\.isHexDigit)
        else { return nil }
        return dashedID(String(id))
    }

    /// Whether the page has a property of that identifier and type.
    func has(_ column: Column) -> Bool {
        guard let property = properties[column.id] else { return false }
        return property["type"]?.string.map { $0 == column.type.rawValue } ?? true
    }

    /// Whether the table that the page was read from has all these columns.
    func hasAll(_ columns: Columns) -> Bool { columns.roles.allSatisfy { columns[$0].map(has) ?? true } }

    /// Takes the columns that its table has lost since from how the page was read before.
    mutating func take(_ columns: [Column], from known: Page) {
        for column in columns where !has(column) { properties[column.id] = known.properties[column.id] }
    }

    /// The date that stands in a date column and makes no sense; nil where there is none, or a sensible one.
    func nonsensicalDate(in column: Column) -> String? {
        guard case .when(nil) = value(of: column) else { return nil }
        return properties[column.id]?[column.type.rawValue]?["start"]?.string
    }

    /// What the page is called; empty for a page without a name.
    var name: String { RichText.plainText(properties[Columns.nameID]?["title"]).onOneLine.trimmed }

    /// What the page is called, for people.
    var title: String { name.isEmpty ? UpstreamCalendar.untitled : name }

    /// The name where it tells what the event is called, because Notion works that out and comes to nothing.
    func nameInstead(_ columns: Columns) -> String? {
        guard let column = columns[.title], column.type.isReadOnly, !name.isEmpty,
            EventProperties(.title, value(of: column), of: column).properties.isEmpty
        else { return nil }
        return name
    }

    // MARK: People and other pages

    /// How many references a column of people or pages has.
    func referenceCount(in column: Column) -> Int { references(in: column).count }

    /// How many people, pages or dates a text mentions.
    func mentionCount(in column: Column) -> Int {
        references(in: column).count { $0["type"]?.string == "mention" }
    }

    /// The pages that a column names, by compact identifier.
    func related(in column: Column) -> [String] {
        references(in: column).compactMap { $0["id"]?.string.map(compactID) }
    }

    /// Puts the whole list in place of the part that Notion shows.
    mutating func setReferences(_ references: [JSON], in column: Column) {
        var property = properties[column.id]?.members ?? [:]
        property[column.type.rawValue] = .array(references)
        property["has_more"] = nil
        properties[column.id] = .object(property)
    }

    /// Notes what related pages are called.
    mutating func name(related titles: [String: String?], in column: Column) {
        let named = references(in: column).map { reference -> JSON in
            guard let id = reference["id"]?.string else { return reference }
            let title = titles[compactID(id)].flatMap(\.self)
            return ["id": .string(id), RelatedPage.titleKey: .optional(title)]
        }
        setReferences(named, in: column)
    }

    private func references(in column: Column) -> [JSON] {
        properties[column.id]?[column.type.rawValue]?.elements ?? []
    }

    /// Where a person finds the page.
    var address: String { "https://www.notion.so/" + compactID(id) }

    /// The value of a column; an empty one where the page has none.
    func value(of column: Column) -> ColumnValue { ColumnValue(properties[column.id], type: column.type) }

    /// The series and the occurrence that the UID column names.
    func namedOccurrence(_ columns: Columns) -> (uid: String, stamp: String)? {
        guard let column = columns[.uid], case .text(let text) = value(of: column) else { return nil }
        return OccurrenceNote.reading(text.onOneLine.trimmed)
    }

    /// The UID of the event.
    ///
    /// A page that shows an occurrence of a series that is not there is an event of its own, and has a UID of its own.
    func uid(_ columns: Columns) -> String {
        note.occurrence == nil && namedOccurrence(columns) != nil ? derivedUID : writtenUID(columns)
    }

    /// The UID on the page, unless that is missing or another page's.
    func writtenUID(_ columns: Columns) -> String {
        guard !note.isCopy, let column = columns[.uid], case .text(let text) = value(of: column),
            case let uid = text.onOneLine.trimmed, !uid.isEmpty
        else { return derivedUID }
        return uid
    }

    /// Tells one state of the mapped columns from another; what else changed on the page is of no account.
    func revision(_ columns: Columns) -> String {
        let digest = digest(of: columns.roles, columns)
        return nameInstead(columns).map { digest + Digest.of($0) } ?? digest
    }

    /// Tells one state of some of the columns from another.
    func digest(of roles: [ColumnRole], _ columns: Columns) -> String {
        var digest = Digest()
        for role in roles {
            guard let column = columns[role] else { continue }
            digest.add(role.rawValue)
            digest.add(value(of: column).canonical)
        }
        return digest.hex
    }

    /// The page as a record: reduced to the mapped columns, so that pages that differ elsewhere are equal records.
    func record(_ columns: Columns) -> UpstreamRecord {
        let types = Dictionary(columns.roles.compactMap { columns[$0] }.map { ($0.id, $0.type) }) { first, _ in first }
        let mapped = columns.identifiers.compactMap { id in
            properties[id].map { (id, Self.lasting($0, types[id])) }
        }
        var json: [String: JSON] = [
            "id": .string(id), "created_time": .string(created),
            "properties": .object(Dictionary(mapped, uniquingKeysWith: { first, _ in first })),
        ]
        var noted: [String: JSON] = [:]
        if note != Note() {
            noted = ["copy": .bool(note.isCopy), "repeats": .optional(note.repeats)]
            noted["own_zone"] = note.zone.map(JSON.string)
            noted["status"] = note.status.map(JSON.string)
            noted["occurrence"] = note.occurrence?.json
        }
        if columns.linkZone != Columns.plainZone { noted["zone"] = .string(columns.linkZone) }
        if !noted.isEmpty { json[Self.noteKey] = .object(noted) }
        return UpstreamRecord(
            id: id,
            series: note.occurrence.map { dashedID($0.series) } ?? id,
            revision: revision(columns),
            payload: JSON.object(json).serialized,
            modified: modified
        )
    }

    /// A property without what is another at every look: addresses that end within the hour.
    private static func lasting(_ property: JSON, _ type: ColumnType?) -> JSON {
        guard let type, type == .files || type == .createdBy else { return property }
        var members = property.members
        let value = property[type.rawValue]
        members[type.rawValue] =
            type == .files
            ? .array((value?.elements ?? []).filter { $0["external"] != nil })
            : ["id": value?["id"] ?? .null, "name": value?["name"] ?? .null]
        return .object(members)
    }

    /// The record that says the page is gone.
    ///
    /// Of a page that showed one occurrence it says which, where that is to be taken off the series.
    static func deletedRecord(_ id: String, showing occurrence: OccurrenceNote? = nil, isTold: Bool = false)
        -> UpstreamRecord
    {
        let payload: JSON? = isTold ? occurrence.map { [noteKey: ["occurrence": $0.json]] } : nil
        return UpstreamRecord(
            id: id,
            series: occurrence.map { dashedID($0.series) } ?? id,
            revision: nil,
            payload: payload?.serialized ?? "",
            isDeleted: true
        )
    }
}

/// An identifier without dashes, in lower case: the form in which identifiers are compared.
func compactID(_ id: String) -> String { String(decoding: id.lowercased().utf8.filter { $0 != 0x2D }, as: UTF8.self) }

/// An identifier with dashes, as Notion writes it.
func dashedID(_ compact: String) -> String {
    let octets = Array(compact.utf8)
    guard octets.count == 32 else { return compact }
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        .map { String(decoding: octets[$0], as: UTF8.self) }
        .joined(separator: "-")
}

/// The identifier in what a person pasted: an identifier, or an address that ends in 32 hexadecimal digits, with whatever
/// came along around it.
func pastedID(_ text: String) -> String {
    let path = text.prefix { !"?#&".contains($0) }
    for part in path.split(separator: "/").reversed() {
        let octets = compactID(String(part)).utf8.reversed().drop { !isHexDigit($0) }.prefix(32).reversed()
        if octets.count == 32, octets.allSatisfy(isHexDigit) {
            return dashedID(String(decoding: octets, as: UTF8.self))
        }
    }
    return text
}

private func isHexDigit(_ octet: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(octet)
}
