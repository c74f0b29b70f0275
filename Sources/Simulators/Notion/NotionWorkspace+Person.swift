import ICalendar

/// What the person at the screen does that the API cannot.
extension NotionWorkspace {
    /// Moves a page to another data source; its values go to the columns of the same name and type.
    mutating func move(_ id: String, to target: String, at now: Instant) throws(NotionProblem) -> JSONValue {
        var (page, old) = try page(id, for: .person)
        let new = try source(target, for: .person)
        var values: [String: JSONValue] = [:]
        for column in old.columns {
            guard let twin = new.columns.first(where: { $0.name == column.name && $0.type == column.type }) else {
                continue
            }
            values[twin.id] = Self.value(page.values[column.id], of: column, in: twin)
        }
        page.values = values
        page.dataSource = new.id
        page.edited = now.seconds
        page.editedBy = .person
        store(page)
        return page.json(in: new)
    }

    /// The value in terms of another column's options, by their names.
    private static func value(_ value: JSONValue?, of column: NotionColumn, in twin: NotionColumn) -> JSONValue? {
        func translated(_ id: JSONValue) -> JSONValue? {
            let name = column.options.first { $0.id == id.string }?.name
            return twin.options.first { $0.name == name }.map { .string($0.id) }
        }
        guard column.hasOptions else { return value }
        return value?.array.map { .array($0.compactMap(translated)) } ?? value.flatMap(translated)
    }

    /// What a column that nobody writes works out for a page; the page does not count as edited.
    mutating func compute(_ id: String, _ key: String, _ value: JSONValue) throws(NotionProblem) -> JSONValue {
        var (page, source) = try page(id, for: .person)
        guard let column = source.column(key) else { throw .validation("\(key) is not a property that exists.") }
        page.values[column.id] = value
        store(page)
        return page.json(in: source)
    }

    /// Says what a formula works out for every page.
    mutating func setFormula(_ text: String, ofColumn key: String, in id: String) throws(NotionProblem) -> JSONValue {
        var source = try source(id, for: .person)
        guard let index = source.index(of: key), source.columns[index].type == "formula" else {
            throw .validation("\(key) is not a formula.")
        }
        source.columns[index].formula = text
        store(source)
        return source.json
    }

    /// Makes a copy with all properties, those that identify an event included.
    mutating func duplicate(_ id: String, at now: Instant) throws(NotionProblem) -> JSONValue {
        var (page, source) = try page(id, for: .person)
        guard !page.isTrashed, !source.isTrashed else { throw .inTrash }
        page.id = nextIdentifier(3)
        (page.created, page.edited) = (now.seconds, now.seconds)
        (page.createdBy, page.editedBy) = (.person, .person)
        store(page)
        return page.json(in: source)
    }

    /// Empties the trash of one page: nobody finds it any more.
    mutating func purge(_ id: String) throws(NotionProblem) {
        let (page, _) = try page(id, for: .person)
        pages[page.id.bareIdentifier] = nil
        order.removeAll { $0 == page.id.bareIdentifier }
    }

    /// Gives the connection access to a data source, or takes it away.
    mutating func share(_ id: String, _ isShared: Bool, isListed: Bool) throws(NotionProblem) {
        var source = try source(id, for: .person)
        source.isShared = isShared
        source.isListed = isListed
        store(source)
    }

    /// Gives an option another name, on every page at once.
    mutating func renameOption(
        _ name: String,
        to newName: String,
        ofColumn key: String,
        in id: String
    ) throws(NotionProblem) -> JSONValue {
        var source = try source(id, for: .person)
        guard let index = source.index(of: key) else { throw .validation("\(key) is not a property that exists.") }
        source.columns[index].renameOption(name, to: newName)
        store(source)
        return source.json
    }

    /// A page that databases may be made under, as answered.
    func parentPage(_ id: String) -> JSONValue? {
        let digits = id.bareIdentifier
        guard parents.contains(digits), digits.utf8.count == 32 else { return nil }
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map {
            String(decoding: Array(digits.utf8)[$0], as: UTF8.self)
        }
        return [
            "object": "page", "id": .string(parts.joined(separator: "-")),
            "created_time": .string(NotionPage.stamp(0)), "last_edited_time": .string(NotionPage.stamp(0)),
            "created_by": NotionUser.person.reference, "last_edited_by": NotionUser.person.reference, "cover": nil,
            "icon": nil, "parent": ["type": "workspace", "workspace": true], "in_trash": false, "is_archived": false,
            "is_locked": false,
            "properties": ["title": ["id": "title", "type": "title", "title": [NotionText.run("Home")]]],
            "url": .string("https://www.notion.so/" + digits), "public_url": nil,
        ]
    }

    /// Every page that is anywhere, in the trash too.
    var allPages: [JSONValue] {
        order.compactMap { pages[$0] }.compactMap { page in
            sources[page.dataSource.bareIdentifier].map { page.json(in: $0) }
        }
    }
}
