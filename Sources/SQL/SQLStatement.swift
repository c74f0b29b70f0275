/// SQL with its values: interpolation binds, it never pastes.
///
/// `"SELECT etag FROM object WHERE name = \(.text(name))"` has the text `… name = $1` and one value, so that no value is
/// ever read as SQL, and the text is the same for every value: a driver prepares it once.
public struct SQLStatement: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// The SQL around the values.
    public private(set) var pieces: SQLPieces

    /// The value of `$1`, of `$2`, ….
    public private(set) var values: [SQLValue]

    public init(stringLiteral text: String) {
        pieces = SQLPieces(text)
        values = []
    }

    public init(stringInterpolation interpolation: StringInterpolation) { self = interpolation.statement }

    /// A statement without values, from text that the program itself has written.
    public init(raw text: String) { self.init(stringLiteral: text) }

    /// The SQL, its values as `$1`, `$2`, … in order of appearance.
    public var text: String { pieces.text }

    /// Collects the pieces of a statement.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var statement: SQLStatement

        public init(literalCapacity: Int, interpolationCount: Int) {
            statement = SQLStatement(raw: "")
            statement.pieces.reserveCapacity(interpolationCount)
            statement.values.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { statement.pieces.append(literal) }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: SQLValue) {
            statement.pieces.appendValue()
            statement.values.append(value)
        }

        /// Pastes a trusted piece of SQL: a column list, never anything from outside.
        public mutating func appendInterpolation(raw fragment: String) { statement.pieces.append(fragment) }

        /// Nests a statement; its values are numbered on.
        public mutating func appendInterpolation(_ nested: SQLStatement) {
            statement.pieces.append(nested.pieces)
            statement.values += nested.values
        }
    }
}

/// The SQL of a statement, cut where its values are: by it a driver finds again what it has prepared.
///
/// The pieces of a literal are the program's own and are never copied, so that a statement costs little more than its values.
public struct SQLPieces: Sendable {
    /// One more than there are values.
    private var pieces: [String]

    init(_ text: String) { pieces = [text] }

    /// The SQL with `$1`, `$2`, … between the pieces.
    public var text: String {
        var text = pieces[0]
        for (index, piece) in pieces.dropFirst().enumerated() { text += "$\(index + 1)" + piece }
        return text
    }

    mutating func reserveCapacity(_ values: Int) { pieces.reserveCapacity(values + 1) }

    mutating func append(_ text: String) {
        let last = pieces.count - 1
        if pieces[last].isEmpty { pieces[last] = text } else { pieces[last] += text }
    }

    mutating func appendValue() { pieces.append("") }

    mutating func append(_ nested: SQLPieces) {
        append(nested.pieces[0])
        pieces += nested.pieces.dropFirst()
    }
}

extension SQLPieces: Hashable {
    /// Of two statements of the program hardly any agree in this; comparing the pieces of one costs next to nothing.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(pieces.count)
        hasher.combine(pieces[0].utf8.count)
        hasher.combine(pieces[pieces.count - 1].utf8.count)
    }
}
