public import Bridging
import HTTPTypes
import ICalendar

extension NotionBridge {
    /// How long to wait before each further look for a page whose creation got no answer: queries lag behind writes.
    static let lookUpWaits: [Duration] = [.seconds(2), .seconds(5), .seconds(15)]

    /// Performs one write.
    ///
    /// Notion has no conditional writes: the page is read and compared first, which leaves a moment between.
    public func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? {
        switch write {
        case .create(let creation): try await create(creation)
        case .update(let id, _, let revision, let payload): try await update(id, revision, payload)
        case .delete(let id, let series, let revision): try await delete(id, of: series, revision)
        }
    }

    /// Asks for one page; nil where there is none.
    func read(_ id: String) async throws(BridgeError) -> Page? {
        let page = try await client.page(id)
        if let page { await memory.noteAnswer(page, columns, at: now(), of: link.identity) }
        return page
    }

    private func update(_ id: String, _ revision: String?, _ payload: String) async throws(BridgeError)
        -> UpstreamRecord
    {
        guard let page = try await read(id), isHere(page) else {
            await memory.suspect(id, of: link.identity)
            throw .changedUpstream
        }
        try await requireColumns(of: page)
        let known = try await completed([page], columns)[0]
        try require(revision, of: known)
        let body = try Self.json(payload)
        // Only how the page is meant is to be noted.
        if body["properties"]?.members.isEmpty == true { return try await finish((page, body), after: known) }
        return try await finish(patch(id, body), after: known)
    }

    private func delete(
        _ id: String,
        of series: String,
        _ revision: String?
    ) async throws(BridgeError) -> UpstreamRecord? {
        guard let page = try await read(id) else {
            // Purged, or access to everything is lost: the table tells.
            _ = try await client.dataSource(link.calendar)
            return nil
        }
        guard isHere(page) else {
            // A page that was moved to another table is no longer ours to delete; with its table in the trash, a page seems
            // to be there as well, and comes back with it.
            if page.dataSource == compactID(link.calendar) { _ = try await client.dataSource(link.calendar) }
            return nil
        }
        try require(revision, of: try await completed([page], columns)[0])
        try await trash(id, isOccurrence: id != series)
        // A page of an occurrence lost its name, and so does not come back.
        await memory.forget(id, uid: id == series ? page.writtenUID(columns) : nil, at: now(), of: link.identity)
        return nil
    }

    /// Reads the page of an event again; a series whose occurrences have pages of their own is for the listing.
    public func reread(_ records: [UpstreamRecord]) async throws(BridgeError) -> [UpstreamRecord]? {
        guard records.count == 1, let record = records.first, let known = try? Page(record),
            known.note.occurrence == nil, let page = try await read(record.id), isHere(page)
        else { return nil }
        let columns = columns
        // Whether a column is gone, the listing tells.
        guard page.hasAll(columns) else { return nil }
        var ledger = Ledger()
        ledger.note(known, columns)
        let whole = try await completed([page], columns)[0]
        return [ledger.admit(whole, columns, isFresh: isFresh(page)).record(columns)]
    }

    /// Refuses a page that lacks a column, as if somebody had emptied it: the table has lost that column.
    private func requireColumns(of page: Page) async throws(BridgeError) {
        guard !page.hasAll(columns) else { return }
        // Where there are no events without it, that is said here.
        _ = try await refreshColumns()
        throw .changedUpstream
    }

    func isHere(_ page: Page) -> Bool { !page.isGone && page.dataSource == compactID(link.calendar) }

    private func require(_ revision: String?, of page: Page) throws(BridgeError) {
        guard revision == nil || revision == page.revision(columns) else { throw .changedUpstream }
    }

    /// Puts a page into the trash; one of a single occurrence without its name, for what a person trashes is taken off the
    /// series, and what we trash is not.
    func trash(_ id: String, isOccurrence: Bool = false) async throws(BridgeError) {
        var body: JSON = ["in_trash": true]
        if isOccurrence, let column = columns[.uid] {
            body = ["in_trash": true, "properties": [column.id: ["rich_text": []]]]
        }
        do throws(NotionProblem) {
            let (answer, _) = try await send(.patch, "pages/\(id)", body)
            guard let page = Page(answer) else { return }
            await memory.noteAnswer(page, columns, at: now(), of: link.identity)
        } catch {
            // It may be in the trash already, or beyond; or its table is.
            guard error.kind == .archived || error.kind == .notFound else { throw error.error }
            _ = try await client.dataSource(link.calendar)
        }
    }

    /// Changes properties of a page; an unknown outcome is looked up.
    func patch(_ id: String, _ body: JSON) async throws(BridgeError) -> (page: Page, written: JSON) {
        do throws(NotionProblem) {
            let (answer, written) = try await send(.patch, "pages/\(id)", body)
            guard let page = Page(answer) else { throw .unreadable }
            return (page, written)
        } catch {
            switch error.kind {
            case .lost:
                guard let page = try await read(id), says(page, body) else { throw error.error }
                return (page, body)
            case .archived, .notFound:
                await memory.suspect(id, of: link.identity)
                throw .changedUpstream
            case .missingColumn, .unauthorized, .other: throw await judged(error, body)
            }
        }
    }

    /// What a refusal means: of an option that was renamed or removed meanwhile, that the event is to be looked at anew.
    func judged(_ problem: NotionProblem, _ body: JSON) async -> BridgeError {
        guard case .refused(let refusal) = problem.error, refusal.subject == .item,
            columns.namesOption(in: body), let columns = try? await refreshColumns(), columns.lacksOption(in: body)
        else { return problem.error }
        return .changedUpstream
    }

    /// Remembers the page, and checks that the answer has every column that was written.
    ///
    /// Notion was seen to accept unknown properties with 200 and to ignore them. What other columns say otherwise than the
    /// page `known` before is a person's doing, and not what we wrote.
    func finish(
        _ answer: (page: Page, written: JSON),
        after known: Page? = nil
    ) async throws(BridgeError) -> UpstreamRecord {
        if leavesOutUntold(answer) { _ = try await refreshColumns() }
        let columns = columns
        var page = answer.page
        let unwritten = columns.roles.compactMap { columns[$0] }.filter { answer.written["properties"]?[$0.id] == nil }
        if let known { page.take(unwritten, from: known) }
        page.note.occurrence = OccurrenceNote(answer.written[Page.noteKey]?["occurrence"])
        if page.leavesStatus(columns) { page.note.status = answer.written[Page.noteKey]?["status"]?.string }
        let content = ContentDigest(columns) { column in
            answer.written["properties"]?[column.id] == nil ? known ?? page : page
        }
        page.note.occurrence?.written = content.text
        await memory.noteAnswer(answer.page, columns, at: now(), of: link.identity)
        await memory.remember(page, columns, of: link.identity)
        for role in columns.roles {
            guard let column = columns[role], answer.written["properties"]?[column.id] != nil else { continue }
            guard page.has(column) else {
                throw .refused(
                    .mapping("Notion did not take the column “\(column.name)”: it is no longer in the table.")
                )
            }
        }
        return try await completed([page], columns)[0].record(columns)
    }

    /// Whether a page says what the body of a write says.
    private func says(_ page: Page, _ body: JSON) -> Bool {
        let columns = columns
        guard body["in_trash"]?.bool != false || !page.isTrashed else { return false }
        return columns.roles.allSatisfy { role in
            guard let column = columns[role], let written = body["properties"]?[column.id] else { return true }
            return ColumnValue(written, type: column.type).canonical == page.value(of: column).canonical
        }
    }

    static func json(_ payload: String) throws(BridgeError) -> JSON {
        do {
            return try JSONReader.value(of: payload)
        } catch {
            throw .refused(Refusal(.item, code: "invalid_event", message: "The write to Notion is not JSON."))
        }
    }
}

extension Columns {
    /// Whether a body has an option of a column that takes only those it has.
    fileprivate func namesOption(in body: JSON) -> Bool { !options(in: body).isEmpty }

    /// Whether a body has an option that its column does not have.
    fileprivate func lacksOption(in body: JSON) -> Bool {
        options(in: body).contains { column, name in !column.hasOption(name) }
    }

    private func options(in body: JSON) -> [(Column, String)] {
        roles.compactMap { role in
            guard let column = self[role], column.type == .status,
                case .option(let name?) = ColumnValue(body["properties"]?[column.id], type: .status)
            else { return nil }
            return (column, name)
        }
    }
}
