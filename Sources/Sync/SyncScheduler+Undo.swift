import Bridging
import ICalendar
public import Store

extension SyncScheduler {
    /// Undoes a run on all sides: what it changed or deleted is as before, what it made is gone where it made it.
    ///
    /// What somebody changed since the run stays. A `BridgeError` says that the upstream could not be reached: what was
    /// undone until then is, and the rest can be tried again.
    ///
    /// - Returns: nil when there is no such run, or it was undone already.
    public func undo(_ id: RunID, by person: Author) async throws -> UndoneRun? {
        // What only an upstream may change is undone, too, where that concerns our side alone.
        let author = Author(.restore, name: person.name, principal: person.principal)
        guard let row = try await links.run(id)?.row, row.undoneAt == nil, let link = try await links.link(row.link)
        else {
            return nil
        }
        // A pass that runs ends first: it must not see half of it.
        try await claimInTurn(link.id)
        let removed: [String]
        do {
            defer { release(link.id) }
            // What goes on both sides must not have been changed there without our knowing.
            if try await links.hasSplits(id) { try await lookUpstream(link) }
            removed = try await removeUpstream(what: id, of: link, by: author)
            try await part(what: id, joined: link, by: author)
        }
        let undone = try await links.undoHere(id, removed: removed, by: author)
        guard let undone else { return nil }
        insist(link.id, nil)
        return undone
    }

    /// Runs a pass, unless the person has stopped the link.
    private func lookUpstream(_ link: Link) async throws {
        switch try await links.readiness(of: link.id)?.state {
        case .idle, .syncing, .waiting, .needsApproval, .error: break
        case .preview, .paused, nil: return
        }
        let bridge = try await makeBridge(link)
        var pass = SyncPass(of: link, over: bridge, state: links, configuration: configuration, clock: clock)
        _ = try await pass.run()
    }

    private func removeUpstream(what run: RunID, of link: Link, by author: Author) async throws -> [String] {
        let created = try await links.created(upstreamBy: run, over: link)
        guard !created.isEmpty else { return [] }
        let bridge = try await makeBridge(link)
        var removed: [String] = []
        for event in created {
            let mailing = try await self.bridge(bridge, takingAway: event, of: link)
            guard try await remove(event.uid, event.records, of: link, over: mailing, by: author, run: run) else {
                continue
            }
            removed.append(event.uid)
        }
        return removed
    }

    /// Makes of the events that a run was the first to bring together what each side had before, and leaves them alone.
    private func part(what run: RunID, joined link: Link, by author: Author) async throws {
        let joined = try await links.joined(by: run, over: link)
        guard !joined.isEmpty else { return }
        let bridge = try await makeBridge(link)
        // Nobody was told of what the run made of them: they were there before.
        let silent = (bridge as? any MailingBridge)?.mailing(.silent) ?? bridge
        var unwritten: [(event: JoinedEvent, names: Set<String>)] = []
        for event in joined {
            var names: Set<String> = []
            if case .object(let object) = Translation(of: event.records, by: bridge) { names.insert(object.uid) }
            guard let former = event.formerThere else {
                unwritten.append((event, names))
                continue
            }
            let target = try CalendarObject(parsing: former)
            guard try await write(target, event.uid, event.records, of: link, over: silent, by: author, run: run) else {
                continue
            }
            try await links.part([(event, names)], of: link, by: author)
        }
        if !unwritten.isEmpty { try await links.part(unwritten, of: link, by: author) }
    }

    /// Takes an event away upstream that the gateway made there, and leaves it alone from then on.
    ///
    /// - Returns: false where it was changed there since, or may not be taken away: it is left to whoever did that.
    /// - Throws: `BridgeError` for what concerns more than this event.
    func remove(
        _ uid: String,
        _ records: [UpstreamRecord],
        of link: Link,
        over bridge: any Bridge,
        by author: Author,
        run: RunID? = nil
    ) async throws -> Bool {
        guard try await write(nil, uid, records, of: link, over: bridge, by: author, run: run) else { return false }
        try await links.forgetCreation(of: uid, records, over: link)
        return true
    }

    /// Has an event upstream say something else, or nothing any more; false where it was changed there since, or may not be.
    private func write(
        _ target: CalendarObject?,
        _ uid: String,
        _ records: [UpstreamRecord],
        of link: Link,
        over bridge: any Bridge,
        by author: Author,
        run: RunID?
    ) async throws -> Bool {
        let writes: [RecordWrite]
        do throws(TranslationError) {
            writes = try bridge.writes(toMake: target, from: records)
        } catch {
            return false
        }
        for write in writes {
            let actor = AuditActor.current ?? author.name
            let line = AuditEntry(beginning: write, of: uid, over: link, by: actor, run: run)
            let begun = try await links.begin([line], intending: [], over: link)[0]
            let result: Result<UpstreamRecord?, BridgeError>
            do {
                result = .success(try await bridge.perform(write))
            } catch {
                result = .failure(error)
            }
            try await links.conclude([begun.concluded(write, result)].compactMap { $0 })
            guard case .failure(let error) = result else { continue }
            if case .unreachable = error { throw error }
            guard error.concernsItem else { throw error }
            return false
        }
        return true
    }
}
