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

    private func isHere(_ page: Page) -> Bool { !page.isGone && page.dataSource == compactID(link.calendar) }

    private func require(_ revision: String?, of page: Page) throws(BridgeError) {
        guard revision == nil || revision == page.revision(columns) else { throw .changedUpstream }
    }

    /// Puts a page into the trash; one of a single occurrence without its name, for what a person trashes is taken off the
    /// series, and what we trash is not.
    private func trash(_ id: String, isOccurrence: Bool = false) async throws(BridgeError) {
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
    private func patch(_ id: String, _ body: JSON) async throws(BridgeError) -> (page: Page, written: JSON) {
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
    private func judged(_ problem: NotionProblem, _ body: JSON) async -> BridgeError {
        guard case .refused(let refusal) = problem.error, refusal.subject == .item,
            columns.namesOption(in: body), let columns = try? await refreshColumns(), columns.lacksOption(in: body)
        else { return problem.error }
        return .changedUpstream
    }

    /// Remembers the page, and checks that the answer has every column that was written.
    ///
    /// Notion was seen to accept unknown properties with 200 and to ignore them. What other columns say otherwise than the
    /// page `known` before is a person's doing, and not what we wrote.
    private func finish(
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

    private static func json(_ payload: String) throws(BridgeError) -> JSON {
        do {
            return try JSONReader.value(of: payload)
        } catch {
            throw .refused(Refusal(.item, code: "invalid_event", message: "The write to Notion is not JSON."))
        }
    }
}

// MARK: - Creating

extension NotionBridge {
    /// Makes a page, at most one for each UID, or takes the one that another link has just made.
    private func create(_ creation: RecordCreation) async throws(BridgeError) -> UpstreamRecord {
        let body = try Self.json(creation.payload)
        let (makers, link, table) = (memory.makers, link.identity, compactID(link.calendar))
        switch await makers.turn(of: link, toMake: creation.uid, in: table, at: now()) {
        case .make: break
        case .wait: throw .changedUpstream
        case .take(let id):
            // If it is not gone again, or another event by now.
            if let page = try await read(id), isHere(page), page.writtenUID(columns) == creation.uid {
                return try await adopt(page, body, orElse: .changedUpstream)
            }
        }
        do throws(BridgeError) {
            let record = try await make(creation, body)
            await makers.note(record.id, madeBy: link, for: creation.uid, in: table, at: now())
            return record
        } catch {
            await makers.note(nil, madeBy: link, for: creation.uid, in: table, at: now())
            throw error
        }
    }

    /// Makes a page: Notion has no idempotency key, so an unknown outcome is looked up.
    private func make(_ creation: RecordCreation, _ body: JSON) async throws(BridgeError) -> UpstreamRecord {
        if creation.mayExist, let page = try await findPage(of: creation, body) {
            return try await adopt(page, body, orElse: .changedUpstream)
        }
        if creation.isUnlisted { try await requireAbsence(of: creation.uid) }
        if let page = try await restored(creation, body) { return page }
        let made: (page: Page, written: JSON)
        do throws(NotionProblem) {
            let (answer, written) = try await send(.post, "pages", body)
            guard let page = Page(answer) else { throw .unreadable }
            made = (page, written)
        } catch {
            return try await settle(error, creation, body)
        }
        return try await finish(made)
    }

    /// Takes the page out of the trash that the event had before, and writes what the event says otherwise: everything else
    /// that is on it stays; nil where there is none.
    private func restored(_ creation: RecordCreation, _ body: JSON) async throws(BridgeError) -> UpstreamRecord? {
        guard let trashed = await memory.takeTrashed(uid: creation.uid, of: link.identity),
            let page = try await read(dashedID(trashed.page)), page.isTrashed,
            page.dataSource == compactID(link.calendar), page.writtenUID(columns) == creation.uid
        else { return nil }
        let columns = columns
        var known = try await completed([page], columns)[0]
        known.note.status = known.leavesStatus(columns) ? trashed.status : nil
        let values = EventValues(creation: body, columns)
        let differing = properties(of: values, differingFrom: known, columns)
        var change: [String: JSON] = ["in_trash": false]
        if !differing.isEmpty { change["properties"] = .object(differing) }
        var note = body[Page.noteKey]?.members ?? [:]
        note["status"] = known.note.status.map(JSON.string)
        change[Page.noteKey] = .object(note)
        let answer: (page: Page, written: JSON)
        do {
            answer = try await patch(page.id, .object(change))
        } catch .changedUpstream {
            // With its table in the trash, or purged at this moment.
            return nil
        }
        guard !answer.page.isGone else { return nil }
        var restored = try await completed([answer.page], columns)[0]
        restored.note = known.note
        // Where somebody else has it out of the trash and edits it just then, it must be compared anew.
        guard properties(of: values, differingFrom: restored, columns).keys.allSatisfy({ differing[$0] != nil }) else {
            throw .changedUpstream
        }
        return try await finish(answer)
    }

    /// Refuses to make an event that somebody made before: another link or gateway that wrote its UID on a page, or
    /// whoever made the page that this UID is derived from.
    private func requireAbsence(of uid: String) async throws(BridgeError) {
        if try await !pages(withUID: uid).isEmpty { throw .changedUpstream }
        guard let id = Page.id(derivedUID: uid), let page = try await read(id) else { return }
        if isHere(page) { throw .changedUpstream }
    }

    /// Finds out what became of a creation that failed.
    private func settle(
        _ problem: NotionProblem,
        _ creation: RecordCreation,
        _ body: JSON
    ) async throws(BridgeError) -> UpstreamRecord {
        if problem.kind == .notFound {
            _ = try await client.dataSource(link.calendar)
            throw .refused(
                Refusal(
                    .calendar,
                    code: "not_found",
                    message: "Notion does not find the table to add to.",
                    remedy: NotionProblem.unshared
                )
            )
        }
        guard problem.kind == .lost else { throw await judged(problem, body) }
        var made: Page?
        if let id = problem.committed { made = try await read(id) }
        if made == nil { made = try await findPage(of: creation, body) }
        guard let made else { throw problem.error }
        return try await adopt(made, body, orElse: .unreachable("Notion made the page, and it was changed since."))
    }

    /// Takes over a page that a try without an answer made.
    ///
    /// One that somebody has changed since must be compared: what it says must be seen before it counts as agreed, and must
    /// not be written over. Only where it is no event any more is it made one again, for nothing else could be compared.
    private func adopt(
        _ page: Page,
        _ body: JSON,
        orElse error: BridgeError
    ) async throws(BridgeError) -> UpstreamRecord {
        guard !holds(page, body) else { return try await finish((page, body)) }
        if (try? object(from: [page.record(columns)])) == nil { _ = try await patch(page.id, schedule(of: body)) }
        throw error
    }

    /// The columns of a creation that say when the event is.
    private func schedule(of body: JSON) -> JSON {
        var properties: [String: JSON] = [:]
        for role in [ColumnRole.when, .repeats] {
            guard let column = columns[role] else { continue }
            properties[column.id] =
                body["properties"]?[column.id] ?? ColumnValue(nil, type: column.type).json(type: column.type)
        }
        return ["properties": .object(properties)]
    }

    /// Whether a page is as a creation made it: another column that is filled is somebody's doing.
    private func holds(_ page: Page, _ body: JSON) -> Bool {
        let columns = columns
        let when = moment(of: page, toldAs: nil)
        return columns.roles.allSatisfy { role in
            guard let column = columns[role], !column.type.isReadOnly else { return true }
            let current = page.value(of: column)
            let made = ColumnValue(body["properties"]?[column.id], type: column.type)
            return current.canonical == made.canonical || agrees(current, with: made, role, of: column, at: when)
        }
    }

    /// Looks for the page that carries the event's UID, several times; nil once it is clear that there is none.
    ///
    /// Several pages are tries of the same creation: the oldest stays, the others go to the trash, but for what a person
    /// copied or wrote into since. Without a column for the UID nothing can be found.
    private func findPage(of creation: RecordCreation, _ body: JSON) async throws(BridgeError) -> Page? {
        guard columns[.uid] != nil else { return nil }
        for wait in [nil] + Self.lookUpWaits.map(Optional.some) {
            if let wait { try await pause(wait) }
            var found = try await pages(withUID: creation.uid)
            guard !found.isEmpty else { continue }
            found.sort { ($0.created, $0.id) < ($1.created, $1.id) }
            for extra in found.dropFirst() where extra.maker == found[0].maker && holds(extra, body) {
                try await trash(extra.id)
            }
            return found.first
        }
        return nil
    }

    private func pause(_ duration: Duration) async throws(BridgeError) {
        do {
            try await client.pause(duration)
        } catch {
            throw error.error
        }
    }

    /// The pages whose UID column says exactly this; none where there is no such column.
    private func pages(withUID uid: String) async throws(BridgeError) -> [Page] {
        let known = columns
        do {
            return try await pages(withUID: uid, known)
        } catch .refused(let refusal) where refusal.subject == .mapping {
            let present = try await refreshColumns()
            guard present.fingerprint != known.fingerprint else { throw .refused(refusal) }
            return try await pages(withUID: uid, present)
        }
    }

    private func pages(withUID uid: String, _ columns: Columns) async throws(BridgeError) -> [Page] {
        guard let column = columns[.uid] else { return [] }
        // Filters take an identifier as it is, while everything else takes it percent-encoded; a name would not do, for
        // names change.
        let filter: JSON = [
            "property": .string(percentDecoded(column.id)), "rich_text": ["equals": .string(uid)],
        ]
        return try await query(filter, sort: "created_time", columns).pages.filter { isHere($0) }
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
