/// SQL with its values: interpolation binds, it never pastes.
///
/// `"SELECT etag FROM object WHERE name = \(.text(name))"` has the text `… name = $1` and one value, so that no value is
/// ever read as SQL, and the text is the same for every value: a driver prepares it once.
public struct SQLStatement: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// The SQL, its values as `$1`, `$2`, … in order of appearance.
    public private(set) var text: String

    /// The value of `$1`, of `$2`, ….
    public private(set) var values: [SQLValue]

    /// Where in `text` each `$n` begins, in UTF-8 octets: what nesting renumbers.
    private var marks: [Int]

    public init(stringLiteral text: String) {
        self.text = text
        values = []
        marks = []
    }

    public init(stringInterpolation interpolation: StringInterpolation) { self = interpolation.statement }

    /// A statement without values, from text that the program itself has written.
    public init(raw text: String) { self.init(stringLiteral: text) }

    /// Collects the pieces of a statement.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var statement: SQLStatement

        public init(literalCapacity: Int, interpolationCount: Int) {
            statement = SQLStatement(raw: "")
            statement.text.reserveCapacity(literalCapacity + interpolationCount * 3)
            statement.values.reserveCapacity(interpolationCount)
            statement.marks.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { statement.text += literal }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: SQLValue) { statement.bind(value) }

        /// Pastes a trusted piece of SQL: a column list, never anything from outside.
        public mutating func appendInterpolation(raw fragment: String) { statement.text += fragment }

        /// Nests a statement; its values are numbered on.
        public mutating func appendInterpolation(_ nested: SQLStatement) { statement.append(nested) }
    }

    private mutating func bind(_ value: SQLValue) {
        values.append(value)
        marks.append(text.utf8.count)
        text += Self.placeholder(values.count)
    }

    /// `$n`; no statement of ours has more values than are kept ready.
    private static func placeholder(_ number: Int) -> String {
        number <= placeholders.count ? placeholders[number - 1] : "$\(number)"
    }

    private static let placeholders = (1...32).map { "$\($0)" }

    private mutating func append(_ nested: SQLStatement) {
        var rest = Substring(nested.text).utf8
        var consumed = 0
        for (index, value) in nested.values.enumerated() {
            let literal = nested.marks[index] - consumed
            text += String(Substring(rest.prefix(literal)))
            bind(value)
            let placeholder = Self.placeholder(index + 1).utf8.count
            rest = rest.dropFirst(literal + placeholder)
            consumed += literal + placeholder
        }
        text += String(Substring(rest))
    }
}
