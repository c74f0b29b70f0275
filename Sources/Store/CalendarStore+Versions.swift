import SQL

extension CalendarStore {
    /// The versions of an object, oldest first.
    public func versions(of object: ObjectID) async throws -> [Version] {
        try await database.read { transaction in
            try transaction.rows("\(Version.select) WHERE object = \(object.value) ORDER BY number").map(Version.init)
        }
    }

    /// The versions of everything that had a UID in a calendar, oldest first.
    public func versions(uid: String, in calendar: CalendarID) async throws -> [Version] {
        try await database.read { transaction in
            try transaction.rows(
                "\(Version.select) WHERE calendar = \(calendar.value) AND uid = \(.text(uid)) ORDER BY number"
            )
            .map(Version.init)
        }
    }

    /// The version with that number.
    public func version(_ number: Int64) async throws -> Version? {
        try await database.read { try Self.version(number, $0) }
    }

    static func version(_ number: Int64, _ transaction: borrowing SQLTransaction) throws -> Version? {
        try transaction.row("\(Version.select) WHERE number = \(.integer(number))").map(Version.init)
    }
}

extension Version {
    static let select: SQLStatement = """
        SELECT number, object, calendar, name, uid, kind, at, author_kind, author_name, run, summary, text
        FROM version
        """

    init(_ row: SQLRow) throws {
        self.init(
            number: try row.integer("number"),
            object: ObjectID(rawValue: try row.integer("object")),
            calendar: CalendarID(rawValue: try row.integer("calendar")),
            name: try row.text("name"),
            uid: try row.text("uid"),
            text: try row.text("text"),
            kind: try row.word("kind"),
            at: try row.instant("at"),
            author: Author(
                try row.word("author_kind"),
                name: try row.text("author_name"),
                run: try row.optionalInteger("run")
            ),
            summary: try row.optionalText("summary")
        )
    }
}
