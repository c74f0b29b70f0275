import Bridging
import HTTPTypes
import ICalendar

extension NotionBridge {
    /// Makes a page, at most one for each UID, or takes the one that another link has just made.
    func create(_ creation: RecordCreation) async throws(BridgeError) -> UpstreamRecord {
        let body = try Self.json(creation.payload)
        let (makers, link, table) = (memory.makers, link.identity, compactID(link.calendar))
        switch await makers.turn(of: link, toMake: creation.uid, in: table, at: now()) {
        case .make: break
        case .wait: throw .changedUpstream
        case .take(let id):
            // If it is not gone again, or another event by now.
            let isNamed = columns[.uid] != nil
            if let page = try await read(id), isHere(page), !isNamed || page.writtenUID(columns) == creation.uid {
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
