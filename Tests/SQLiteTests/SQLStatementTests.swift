import SQL
import Testing

@Suite("SQLStatement")
struct SQLStatementTests {
    @Test func `interpolation binds and never pastes`() {
        let statement: SQLStatement = "SELECT 1 WHERE a = \(.text("x' OR 1")) AND b = \(.integer(Int64(2)))"
        #expect(statement.text == "SELECT 1 WHERE a = $1 AND b = $2")
        #expect(statement.values == [.text("x' OR 1"), .integer(Int64(2))])
    }

    @Test func `nested statements are numbered on`() {
        let inner: SQLStatement = "a = \(.text("1")) AND é = '$1' AND b = \(.null)"
        let outer: SQLStatement = "x = \(.text("0")) AND (\(inner)) AND y = \(.text("9")) AND (\(inner))"
        #expect(
            outer.text
                == "x = $1 AND (a = $2 AND é = '$1' AND b = $3) AND y = $4 AND (a = $5 AND é = '$1' AND b = $6)"
        )
        #expect(outer.values.count == 6)
    }

    @Test func `a statement nested twice deep keeps its values in order`() {
        let innermost: SQLStatement = "\(.integer(Int64(1))), \(.integer(Int64(2)))"
        let inner: SQLStatement = "(\(innermost), \(.integer(Int64(3))))"
        let outer: SQLStatement = "IN \(inner) AND \(.integer(Int64(4)))"
        #expect(outer.text == "IN ($1, $2, $3) AND $4")
        #expect(outer.values == [1, 2, 3, 4].map { .integer(Int64($0)) })
    }

    @Test func `more than nine values are numbered on when nested`() {
        let parts = (1...11).map { SQLStatement.StringInterpolation(value: $0) }
        var all: SQLStatement = ""
        for part in parts { all = "\(all)\(SQLStatement(stringInterpolation: part))," }
        let outer: SQLStatement = "\(.null) \(all)"
        #expect(outer.text == "$1 " + (2...12).map { "$\($0)," }.joined())
    }

    @Test func `a raw fragment is pasted as it is`() {
        let statement: SQLStatement = "SELECT \(raw: "a, b") FROM t"
        #expect(statement.text == "SELECT a, b FROM t")
        #expect(statement.values.isEmpty)
    }
}

extension SQLStatement.StringInterpolation {
    fileprivate init(value: Int) {
        self.init(literalCapacity: 0, interpolationCount: 1)
        appendInterpolation(.integer(Int64(value)))
    }
}
