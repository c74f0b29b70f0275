import Bridging
import ICalendar
public import Store

extension SyncScheduler {
    /// Undoes a run on all sides: what it changed or deleted is as before, what it made is gone where it made it.
    ///
    /// What somebody changed since the run stays. A `BridgeError` says that the upstream could not be reached: then nothing
    /// here has changed yet, and undoing can be tried again.
    ///
    /// - Returns: nil when there is no such run, or it was undone already.
    public func undo(_ id: RunID, by author: Author) async throws -> UndoneRun? {
        guard let row = try await links.run(id)?.row, row.undoneAt == nil, let link = try await links.link(row.link)
        else {
            return nil
        }
        // A pass that runs ends first: it must not see half of it.
        while !claim(link.id) { try await clock.sleep(clock.now() + 1) }
        let removed: [String]
        do {
            defer { release(link.id) }
            removed = try await removeUpstream(what: id, of: link)
        }
        guard var undone = try await links.undoHere(id, by: author) else { return nil }
        undone.removed = (undone.removed + removed).sorted()
        let entry = AuditEntry(
            .runUndone,
            of: link.principal,
            by: AuditActor.current ?? author.name,
            calendar: link.calendar,
            link: link.id.rawValue,
            run: id.rawValue,
            detail: "\(undone.restored.count) restored, \(undone.removed.count) removed"
        )
        try await links.record([entry])
        insist(link.id, nil)
        return undone
    }

    private func removeUpstream(what run: RunID, of link: Link) async throws -> [String] {
        let created = try await links.created(upstreamBy: run, over: link)
        guard !created.isEmpty else { return [] }
        let bridge = try await makeBridge(link)
        var removed: [String] = []
        for (uid, records) in created {
            do {
                for write in try bridge.writes(toMake: nil, from: records) { _ = try await bridge.perform(write) }
            } catch let error as BridgeError {
                if case .unreachable = error { throw error }
                // Changed there since, or refused: what a person touched upstream is left to them.
                guard error.concernsItem else { throw error }
                continue
            }
            try await links.forgetCreation(of: uid, records, over: link)
            removed.append(uid)
        }
        return removed
    }
}
