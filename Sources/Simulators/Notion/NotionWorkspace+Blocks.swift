import ICalendar

/// The bodies of pages.
///
/// What the API does to a body does not move the page's own stamp, what a person does there does.
extension NotionWorkspace {
    /// How deep blocks may be nested in one request.
    private static let maximumDepth = 2

    /// What asks for a change of a body, and when.
    struct BodyEdit: Sendable {
        var user: NotionUser
        var instant: Instant
    }

    /// `GET /v1/blocks/{id}`; a page is a block, too.
    func block(_ id: String) throws(NotionProblem) -> JSONValue {
        if let block = blocks[id.bareIdentifier] {
            _ = try page(block.page, for: .bot)
            return json(block)
        }
        let (page, _) = try page(id, for: .bot)
        return [
            "object": "block", "id": .string(page.id), "type": "child_page",
            "parent": ["type": "data_source_id", "data_source_id": .string(page.dataSource)],
            "created_time": .string(NotionPage.stamp(page.created)),
            "last_edited_time": .string(NotionPage.stamp(page.edited)), "created_by": page.createdBy.reference,
            "last_edited_by": page.editedBy.reference, "in_trash": .bool(page.isTrashed),
            "has_children": .bool(!children(of: page.id).isEmpty),
            "child_page": ["title": .string(NotionText.plain(page.values["title"]))],
        ]
    }

    /// `GET /v1/blocks/{id}/children`.
    func blockChildren(_ id: String, _ paging: JSONValue) throws(NotionProblem) -> JSONValue {
        _ = try holder(id, for: .bot)
        return try Self.list(children(of: id), paging, type: "block") { json($0) }
    }

    /// `PATCH /v1/blocks/{id}/children`.
    mutating func appendBlocks(_ id: String, _ body: JSONValue, _ edit: BodyEdit) throws(NotionProblem) -> JSONValue {
        try Self.refuseUnknownKeys(body, allowed: ["children", "position"])
        let page = try holder(id, for: edit.user)
        guard let requests = body["children"]?.array else {
            throw .validation("body failed validation: body.children should be an array.")
        }
        let place = try place(body["position"], in: id)
        var made: [NotionBlock] = []
        try insert(requests, into: id.bareIdentifier, of: page, at: place, edit, "body.children", 1, &made)
        touch(page, edit)
        let top = made.filter { $0.parent == id.bareIdentifier }
        return try Self.list(top, [:], type: "block") { json($0) }
    }

    /// `PATCH /v1/blocks/{id}`.
    mutating func updateBlock(_ id: String, _ body: JSONValue, _ edit: BodyEdit) throws(NotionProblem) -> JSONValue {
        var block = try living(id, for: edit.user, orTrashed: body["in_trash"] == false)
        try Self.refuseUnknownKeys(body, allowed: [block.type, "type", "object", "in_trash"])
        if let request = body[block.type] {
            let path = "body.\(block.type)"
            block.content = try NotionBlock.content(request, of: block.type, over: block.content, at: path)
        }
        block.isTrashed = try Self.bool("in_trash", of: body) ?? block.isTrashed
        return store(block, edit)
    }

    /// `DELETE /v1/blocks/{id}`.
    mutating func deleteBlock(_ id: String, _ edit: BodyEdit) throws(NotionProblem) -> JSONValue {
        var block = try living(id, for: edit.user)
        block.isTrashed = true
        return store(block, edit)
    }

    /// `GET /v1/pages/{id}/markdown`.
    func markdown(_ id: String) throws(NotionProblem) -> JSONValue {
        let (page, _) = try page(id, for: .bot)
        var unknown: [JSONValue] = []
        let text = NotionMarkdown.text(of: tree(of: page.id), unknown: &unknown)
        return [
            "object": "page_markdown", "id": .string(page.id), "markdown": .string(text), "truncated": false,
            "unknown_block_ids": .array(unknown),
        ]
    }

    /// `PATCH /v1/pages/{id}/markdown`.
    mutating func updateMarkdown(_ id: String, _ body: JSONValue, _ edit: BodyEdit) throws(NotionProblem) -> JSONValue {
        let (page, source) = try page(id, for: edit.user)
        guard !page.isTrashed, !source.isTrashed else { throw .inTrash }
        var unknown: [JSONValue] = []
        let before = NotionMarkdown.text(of: tree(of: page.id), unknown: &unknown)
        let after = try NotionMarkdown.edited(before, by: body)
        for child in children(of: page.id) { blocks[child.id.bareIdentifier]?.isTrashed = true }
        try addBody(NotionMarkdown.blocks(of: after), to: page, edit)
        touch(page.id, edit)
        return try markdown(id)
    }

    /// Gives a page a body, as a creation has it.
    mutating func addBody(_ requests: [JSONValue], to page: NotionPage, _ edit: BodyEdit) throws(NotionProblem) {
        var made: [NotionBlock] = []
        let end = bodies[page.id.bareIdentifier]?.count ?? 0
        try insert(requests, into: page.id.bareIdentifier, of: page.id, at: end, edit, "body.children", 0, &made)
    }

    // MARK: What is there

    /// The page that a block is on, or that is meant itself, if it may be edited by the user.
    private func holder(_ id: String, for user: NotionUser) throws(NotionProblem) -> String {
        if let block = blocks[id.bareIdentifier] {
            guard !block.isTrashed else { throw .inTrash }
            _ = try page(block.page, for: user)
            return block.page
        }
        let (page, source) = try page(id, for: user)
        guard !page.isTrashed, !source.isTrashed else { throw .inTrash }
        return page.id
    }

    private func living(
        _ id: String,
        for user: NotionUser,
        orTrashed: Bool = false
    ) throws(NotionProblem) -> NotionBlock {
        guard let block = blocks[id.bareIdentifier] else { throw .notFound("block", id) }
        _ = try page(block.page, for: user)
        guard !block.isTrashed || orTrashed else { throw .inTrash }
        return block
    }

    private func children(of id: String) -> [NotionBlock] {
        (bodies[id.bareIdentifier] ?? []).compactMap { blocks[$0] }.filter { !$0.isTrashed }
    }

    private func tree(of id: String) -> [NotionMarkdown.Node] {
        children(of: id).map { NotionMarkdown.Node(block: $0, children: tree(of: $0.id)) }
    }

    private func json(_ block: NotionBlock) -> JSONValue { block.json(hasChildren: !children(of: block.id).isEmpty) }

    /// Where among the children of something new ones go; at the end where nothing is said.
    private func place(_ position: JSONValue?, in id: String) throws(NotionProblem) -> Int {
        let siblings = bodies[id.bareIdentifier] ?? []
        switch position?["type"]?.string {
        case nil where position == nil: return siblings.count
        case "end": return siblings.count
        case "start": return 0
        case "after_block":
            let wanted = position?["after_block"]?["id"]?.string ?? ""
            guard let index = siblings.firstIndex(of: wanted.bareIdentifier) else { throw .notFound("block", wanted) }
            return index + 1
        default:
            throw .validation("body failed validation: body.position.type should be `start`, `end` or `after_block`.")
        }
    }

    // MARK: Changes

    private mutating func insert(
        _ requests: [JSONValue],
        into parent: String,
        of page: String,
        at place: Int,
        _ edit: BodyEdit,
        _ path: String,
        _ depth: Int,
        _ made: inout [NotionBlock]
    ) throws(NotionProblem) {
        if depth > 0 { try NotionText.checkLength(requests.count, NotionText.maximumElements, path) }
        guard depth <= Self.maximumDepth || requests.isEmpty else {
            throw .validation("body failed validation: \(path) should be not present: blocks are nested too deeply.")
        }
        for (index, request) in requests.enumerated() {
            let (type, content) = try NotionBlock.read(request, at: "\(path)[\(index)]")
            let block = NotionBlock(
                id: nextIdentifier(4),
                parent: parent,
                page: page.bareIdentifier,
                type: type,
                content: content,
                created: edit.instant.seconds,
                edited: edit.instant.seconds,
                createdBy: edit.user,
                editedBy: edit.user
            )
            blocks[block.id.bareIdentifier] = block
            bodies[parent, default: []].insert(block.id.bareIdentifier, at: place + index)
            made.append(block)
            let inner = request[type]?["children"]?.array ?? []
            let below = depth == 0 ? 0 : depth + 1
            let innerPath = "\(path)[\(index)].\(type).children"
            try insert(inner, into: block.id.bareIdentifier, of: page, at: 0, edit, innerPath, below, &made)
        }
    }

    private mutating func store(_ block: NotionBlock, _ edit: BodyEdit) -> JSONValue {
        var block = block
        block.edited = edit.instant.seconds
        block.editedBy = edit.user
        blocks[block.id.bareIdentifier] = block
        touch(block.page, edit)
        return json(block)
    }

    /// A person who writes on a page edits the page.
    private mutating func touch(_ page: String, _ edit: BodyEdit) {
        guard edit.user == .person else { return }
        pages[page.bareIdentifier]?.edited = edit.instant.seconds
        pages[page.bareIdentifier]?.editedBy = edit.user
    }
}
