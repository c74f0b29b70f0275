/// Tells one state of what a page says of its event from another, column by column.
///
/// So an edit can be told from what we wrote even after the mapping was changed: by the columns that both mappings have.
struct ContentDigest: Sendable, Hashable {
    /// A digest for each column, by a digest of which column that is and of what.
    private var parts: [(column: String, value: String)] = []

    private static let columnLength = 6
    private static let valueLength = 8

    /// What the columns that tell an event say, each on the page that counts for it.
    init(_ columns: Columns, on page: (Column) -> Page) {
        parts = columns.telling.compactMap { role in
            guard let column = columns[role] else { return nil }
            let value = Digest.of(page(column).value(of: column).canonical)
            return (Self.name(of: role, column), String(value.suffix(Self.valueLength)))
        }
    }

    private static func name(of role: ColumnRole, _ column: Column) -> String {
        var name = Digest()
        name.add(role.rawValue)
        name.add(column.id)
        return String(name.hex.suffix(columnLength))
    }

    /// What tells one value of a column from another; nil where nothing is known of that column.
    func part(of role: ColumnRole, _ column: Column) -> String? {
        let name = Self.name(of: role, column)
        return parts.first { $0.column == name }?.value
    }

    /// Reads ``text``; nil for another form of it.
    init?(_ text: String) {
        guard text.utf8.count.isMultiple(of: Self.columnLength + Self.valueLength) else { return nil }
        var rest = text[...]
        while !rest.isEmpty {
            let column = rest.prefix(Self.columnLength)
            rest = rest.dropFirst(Self.columnLength)
            parts.append((String(column), String(rest.prefix(Self.valueLength))))
            rest = rest.dropFirst(Self.valueLength)
        }
    }

    /// The digests in one word.
    var text: String { parts.map { $0.column + $0.value }.joined() }

    /// The digest with what was written of the columns that were written.
    func keeping(_ written: String) -> ContentDigest {
        guard let written = ContentDigest(written) else { return self }
        let known = Dictionary(written.parts.map { ($0.column, $0.value) }, uniquingKeysWith: { first, _ in first })
        var digest = self
        digest.parts = parts.map { ($0.column, known[$0.column] ?? $0.value) }
        return digest
    }

    static func == (first: ContentDigest, second: ContentDigest) -> Bool { first.text == second.text }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension Page {
    /// Tells one state of what the page says of its event from another.
    func contentDigest(_ columns: Columns) -> ContentDigest { ContentDigest(columns) { _ in self } }

    /// Whether the page of an occurrence says what we wrote on it.
    func isAsWritten(_ columns: Columns) -> Bool {
        guard let written = note.occurrence?.written else { return false }
        // Earlier releases noted one digest of all columns.
        return written == contentDigest(columns).text || written == digest(of: columns.telling, columns)
    }

    /// Whether one column of it does.
    func isAsWritten(_ role: ColumnRole, _ columns: Columns) -> Bool {
        guard let column = columns[role], let written = note.occurrence?.written.flatMap(ContentDigest.init),
            let part = written.part(of: role, column)
        else { return false }
        return part == contentDigest(columns).part(of: role, column)
    }
}
