import ICalendar

/// The state of a simulated workspace and everything its API does to it; knows no HTTP.
struct NotionWorkspace: Sendable {
    var sources: [String: NotionDataSource] = [:]
    var pages: [String: NotionPage] = [:]
    /// What is said of databases, by id; of one that nobody ever changed, nothing.
    var databases: [String: NotionDatabase] = [:]
    /// The blocks of all bodies, by id, and of each page and block the ids of what is in it.
    var blocks: [String: NotionBlock] = [:]
    var bodies: [String: [String]] = [:]
    /// Ids of pages in the order of creation.
    var order: [String] = []
    /// Shared pages that databases may be made under.
    var parents: Set<String> = []
    /// The most rows one query answers.
    var rowLimit = 10_000
    /// The most rows one answer of a query holds, whatever the page size; the service may answer fewer than asked.
    var answerLimit = 100
    /// The pages as they were when queries stopped to follow; nil while they do.
    var indexedPages: [String: NotionPage]?
    /// Seconds after which a new row shows up in queries.
    var lagSeconds: Int64 = 0
    /// Whether search finds what is made from now on at once; the true one does so late.
    var listsNewSources = true
    /// What happened since the subscription was told last.
    var happenings: [NotionHappening] = []
    private var lastIdentifier: UInt64 = 0

    /// A number that was not given before.
    mutating func nextNumber() -> UInt64 {
        lastIdentifier += 1
        return lastIdentifier
    }

    /// A new id in UUID form, the same in every run.
    mutating func nextIdentifier(_ kind: UInt8) -> String {
        let digits = String(nextNumber(), radix: 16)
        let tail = String(repeating: "0", count: 12 - digits.count) + digits
        return "2f97000\(kind % 10)-1999-4e3f-a46d-" + tail
    }

    /// The data source; to the bot only while it is shared.
    func source(_ id: String, for user: NotionUser) throws(NotionProblem) -> NotionDataSource {
        try Self.checkIdentifier(id, "data_source")
        guard let source = sources[id.bareIdentifier], source.isShared || user == .person else {
            throw .notFound("data_source", id)
        }
        return source
    }

    /// The page and its data source; to the bot only while that is shared.
    func page(_ id: String, for user: NotionUser) throws(NotionProblem) -> (NotionPage, in: NotionDataSource) {
        try Self.checkIdentifier(id, "page")
        guard let page = pages[id.bareIdentifier], let source = sources[page.dataSource.bareIdentifier],
            source.isShared || user == .person
        else { throw .notFound("page", id) }
        return (page, source)
    }

    mutating func store(_ page: NotionPage) {
        let old = pages.updateValue(page, forKey: page.id.bareIdentifier)
        if old == nil { order.append(page.id.bareIdentifier) }
        if let happening = NotionHappening(from: old, to: page) { happenings.append(happening) }
    }

    mutating func store(_ source: NotionDataSource) { sources[source.id.bareIdentifier] = source }

    /// `POST /v1/pages`.
    mutating func createPage(
        _ body: JSONValue,
        by user: NotionUser,
        at now: Instant
    ) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["parent", "properties", "children", "markdown", "icon", "cover"])
        guard let parent = body["parent"]?["data_source_id"]?.string else {
            throw .validation(
                "body failed validation: body.parent.data_source_id should be defined, instead was `undefined`."
            )
        }
        try NotionText.checkLength(body["children"]?.array?.count ?? 0, NotionText.maximumElements, "body.children")
        guard body["children"] == nil || body["markdown"] == nil else {
            throw .validation("body failed validation: body.markdown should be not present beside body.children.")
        }
        var source = try source(parent, for: user)
        guard !source.isTrashed else { throw .inTrash }
        var page = NotionPage(
            id: nextIdentifier(3),
            dataSource: source.id,
            values: try source.accept(body["properties"] ?? [:]),
            created: now.seconds,
            edited: now.seconds,
            createdBy: user,
            editedBy: user
        )
        page.icon = body["icon"] ?? nil
        page.cover = body["cover"] ?? nil
        let bodyBlocks = body["children"]?.array ?? NotionMarkdown.blocks(of: body["markdown"]?.string ?? "")
        try addBody(bodyBlocks, to: page, BodyEdit(user: user, instant: now))
        store(source)
        store(page)
        return page.json(in: source)
    }

    /// `PATCH /v1/pages/{id}`.
    mutating func updatePage(
        _ id: String,
        _ body: JSONValue,
        by user: NotionUser,
        at now: Instant
    ) throws(NotionProblem) -> JSONValue {
        var allowed: Set<String> = ["properties", "in_trash", "icon", "cover", "is_locked"]
        if user == .person { allowed.insert("is_archived") }
        try Self.refuseUnknownKeys(body, allowed: allowed)
        var (page, source) = try page(id, for: user)
        guard !source.isTrashed, !page.isTrashed || body["in_trash"] == false else { throw .inTrash }
        if let properties = body["properties"] { page.values.merge(try source.accept(properties)) { $1 } }
        page.isTrashed = try Self.bool("in_trash", of: body) ?? page.isTrashed
        page.isArchived = try Self.bool("is_archived", of: body) ?? page.isArchived
        page.isLocked = try Self.bool("is_locked", of: body) ?? page.isLocked
        page.icon = body["icon"] ?? page.icon
        page.cover = body["cover"] ?? page.cover
        page.edited = now.seconds
        page.editedBy = user
        store(source)
        store(page)
        return page.json(in: source)
    }

    static func bool(_ key: String, of body: JSONValue) throws(NotionProblem) -> Bool? {
        guard let value = body[key] else { return nil }
        guard let truth = value.bool else {
            throw .validation(
                "body failed validation: body.\(key) should be a boolean or `undefined`, instead was `\(value.text)`."
            )
        }
        return truth
    }

    static func refuseUnknownKeys(
        _ value: JSONValue,
        allowed: Set<String>,
        at path: String = "body"
    ) throws(NotionProblem) {
        guard let members = value.object else {
            throw .validation("body failed validation: \(path) should be an object, instead was `\(value.text)`.")
        }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) where !allowed.contains(key) {
            throw .validation(
                "body failed validation: \(path).\(key) should be not present, instead was `\(value.text)`."
            )
        }
    }

    private static func checkIdentifier(_ id: String, _ what: String) throws(NotionProblem) {
        guard id.bareIdentifier.utf8.count == 32, id.bareIdentifier.allSatisfy(\.isHexDigit) else {
            throw .validation(
                "path failed validation: path.\(what)_id should be a valid uuid, instead was `\"\(id)\"`."
            )
        }
    }
}
