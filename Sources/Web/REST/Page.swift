/// One page of a list.
struct Page {
    /// The most rows of one page: a year of a busy calendar.
    static let maximum = 10_000

    /// Which way the identifiers of a list go.
    enum Order { case ascending, descending }

    let limit: Int
    let cursor: String?

    init(_ request: RESTRequest) {
        limit = request.query["limit"].flatMap { Int($0) } ?? Self.maximum
        cursor = request.query["cursor"]
    }

    /// The number behind which the page begins.
    ///
    /// - Throws: ``RESTProblem`` where the cursor is none of ours.
    func number() throws(RESTProblem) -> Int64? {
        guard let cursor else { return nil }
        guard let number = Int64(cursor) else { throw Self.unknownCursor }
        return number
    }

    static let unknownCursor = RESTProblem.invalid("The cursor is not known.", "Use next of the page before.")

    /// The page of rows that are sorted by their numeric `id`; a row that was removed meanwhile moves no other.
    func reply(_ rows: [JSON], _ order: Order = .ascending) throws(RESTProblem) -> RESTReply {
        let after = try number()
        let rest = rows.filter { row in
            guard let after, let id = row["id"]?.integer else { return true }
            return order == .ascending ? id > after : id < after
        }
        return Self.reply(rest.prefix(limit), hasMore: rest.count > limit) { $0["id"]?.integer.map(String.init) }
    }

    /// The page of rows in an order of their own, with unique texts as `id`.
    func reply(ofNamed rows: [JSON]) throws(RESTProblem) -> RESTReply {
        var rest = rows[...]
        if let cursor {
            guard let last = rows.firstIndex(where: { $0["id"]?.string == cursor }) else { throw Self.unknownCursor }
            rest = rows[(last + 1)...]
        }
        return Self.reply(rest.prefix(limit), hasMore: rest.count > limit) { $0["id"]?.string }
    }

    static func reply(_ rows: some Collection<JSON>, hasMore: Bool, cursor: (JSON) -> String?) -> RESTReply {
        let last = hasMore ? Array(rows.suffix(1)).first.flatMap(cursor) : nil
        return .list(Array(rows), next: last)
    }
}
