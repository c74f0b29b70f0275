import Bridging
import HTTPTypes

extension NotionBridge {
    /// Sends a write of a page; one that Notion refuses for a column that is gone goes once more without it.
    ///
    /// - Returns: the answer, and what was written.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: JSON
    ) async throws(NotionProblem) -> (answer: JSON, written: JSON) {
        do throws(NotionProblem) {
            return (try await client.send(method, path, body.withoutNote, isWrite: true, about: .item), body)
        } catch {
            guard error.kind == .missingColumn, let rest = try await withoutLostColumns(body) else { throw error }
            return (try await client.send(method, path, rest.withoutNote, isWrite: true, about: .item), rest)
        }
    }

    /// The body of a refused write without the columns that the table has lost; nil where it has lost none of them.
    ///
    /// What an event says is compared with what the table has: where a column held that, or nothing is left to be written,
    /// the event is to be decided about anew.
    private func withoutLostColumns(_ body: JSON) async throws(NotionProblem) -> JSON? {
        let present: Columns
        do {
            present = try await refreshColumns()
        } catch {
            throw NotionProblem(passing: error)
        }
        // Others than those known last: a pull may have looked them up since the write was worked out.
        let settled = (try? mapping.get())?.settledColumns ?? Columns()
        var properties = body["properties"]?.members ?? [:]
        var hasLost = false
        for role in settled.roles {
            guard let column = settled[role], present[role]?.id != column.id,
                properties.removeValue(forKey: column.id) != nil
            else { continue }
            guard !column.tells(role) else { throw NotionProblem(passing: .changedUpstream) }
            hasLost = true
        }
        guard hasLost else { return nil }
        var members = body.members
        members["properties"] = .object(properties)
        let isEmpty = properties.isEmpty && members["parent"] == nil && members["in_trash"] == nil
        guard !isEmpty else { throw NotionProblem(passing: .changedUpstream) }
        return .object(members)
    }

    /// Whether an answer lacks columns that were written, none of which tells anything of the event.
    func leavesOutUntold(_ answer: (page: Page, written: JSON)) -> Bool {
        let columns = columns
        let ignored = columns.roles.filter { role in
            columns[role].map { answer.written["properties"]?[$0.id] != nil && !answer.page.has($0) } ?? false
        }
        return !ignored.isEmpty && ignored.allSatisfy { columns[$0]?.tells($0) == false }
    }
}

extension Column {
    /// Whether the column tells something of an event in a role; what it says otherwise is for those who read the table.
    fileprivate func tells(_ role: ColumnRole) -> Bool { role.field != nil || type == .people }
}

extension JSON {
    /// The body of a request as Notion gets it: without what we note for ourselves.
    fileprivate var withoutNote: JSON {
        var members = members
        members[Page.noteKey] = nil
        return .object(members)
    }
}
