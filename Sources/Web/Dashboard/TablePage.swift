/// Which of many rows a page shows, and the way to the others.
struct TablePage: Sendable, Hashable {
    /// How many rows one page shows.
    static let rows = 200

    /// Counted from 0.
    let number: Int

    /// The rows there are.
    let count: Int

    /// The page that an address asks for, or the last one there is: what was asked for may be gone since.
    init(_ asked: String?, of count: Int) {
        self.count = count
        number = min(max(0, asked.flatMap { Int($0) } ?? 0), max(0, count - 1) / Self.rows)
    }

    /// The places of its rows.
    var range: Range<Int> { number * Self.rows..<max(number * Self.rows, min((number + 1) * Self.rows, count)) }

    /// What it shows of a table that may be shorter than the longest one on it.
    func part<Row>(_ rows: [Row]) -> [Row] { Array(rows.dropFirst(range.lowerBound).prefix(Self.rows)) }

    /// What a template shows of it; where all rows are on one page, there is no `range`, and no other page.
    var content: [String: Any] {
        var content: [String: Any] = ["page": number]
        if number > 0 { content["previous"] = String(number - 1) }
        if range.upperBound < count { content["next"] = String(number + 1) }
        if count > Self.rows { content["range"] = "\(range.lowerBound + 1) to \(range.upperBound)" }
        return content
    }
}
