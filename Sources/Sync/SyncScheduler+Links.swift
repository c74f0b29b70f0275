import Bridging
import ICalendar
public import Store

/// What a link would do cannot be told: a pass of it is under way and does it.
public struct PassIsRunning: Error, Sendable, Hashable {}

extension SyncScheduler {
    /// What the first pass of a link would do; neither side is written to.
    ///
    /// Of a link that has begun: what the next one would, as far as no pass runs.
    ///
    /// - Throws: ``PassIsRunning`` while a pass does what would be told.
    public func plan(_ id: LinkID) async throws -> LinkPlan? {
        guard let before = try await links.readiness(of: id) else { return nil }
        if before.state == .preview {
            try await claimInTurn(id)
        } else {
            guard claim(id) else { throw PassIsRunning() }
        }
        defer { release(id) }
        guard let readiness = try await links.readiness(of: id) else { return nil }
        let link = readiness.link
        let bridge = try await makeBridge(link)
        return try await SyncPass(of: link, over: bridge, state: links, configuration: configuration, clock: clock)
            .plan(proposingPairs: readiness.state == .preview)
    }

    /// Starts a previewed link as its plan says, except for what the person chose; false when there is no such link.
    ///
    /// Events that the plan took for the same become one; without a plan that was looked at, none do. ``LinkHasBegun`` says
    /// that it is too late to part them.
    public func start(_ id: LinkID, _ choices: StartChoices = StartChoices()) async throws -> Bool {
        guard let state = try await links.readiness(of: id)?.state else { return false }
        // A plan that is being made would take for pairs what is one event by then.
        if state == .preview { try await claimInTurn(id) }
        defer { if state == .preview { release(id) } }
        guard try await links.start(id, choices) else { return false }
        return try await announce(.idle, of: id)
    }

    /// Stops the passes of a link, so that edits on both sides collect; false when there is no such link.
    public func pause(_ id: LinkID) async throws -> Bool { try await setState(.paused, of: id) }

    /// Goes on with a paused link; false when there is no such link.
    public func resume(_ id: LinkID) async throws -> Bool {
        try await links.tryAnew(id)
        return try await setState(.idle, of: id)
    }

    private func setState(_ state: LinkState, of id: LinkID) async throws -> Bool {
        guard try await links.setState(state, of: id) else { return false }
        return try await announce(state, of: id)
    }

    /// Goes on with a link, unless it is paused, and tells who looks at it; false when it is gone.
    private func announce(_ state: LinkState, of id: LinkID) async throws -> Bool {
        guard let link = try await links.link(id) else { return false }
        if state != .paused { insist(id, nil) }
        emit(SyncUpdate(principal: link.principal, link: id, kind: .link))
        return true
    }

    /// Goes on with the links of a calendar that is out of the trash again, whatever they wait for.
    public func goOn(in calendar: CalendarID) async throws {
        for link in try await links.links(in: calendar) { insist(link.id, nil) }
    }

    /// Lets the held deletions of a link go on; answers how many.
    public func approve(_ id: LinkID) async throws -> Int {
        let count = try await links.approve(id)
        insist(id, nil)
        return count
    }

    /// Restores what the held deletions would have deleted, where it was deleted; answers how many.
    public func reject(_ id: LinkID) async throws -> Int {
        let count = try await links.reject(id)
        insist(id, nil)
        return count
    }

    /// Settles a conflict as the person decided.
    public func resolve(
        _ id: ConflictID,
        _ decision: ConflictDecision,
        by author: Author
    ) async throws -> ResolveOutcome {
        let outcome = try await links.resolve(id, decision, by: author)
        guard outcome == .resolved, let conflict = try await links.conflict(id),
            let link = try await links.link(conflict.link)
        else { return outcome }
        emit(SyncUpdate(principal: link.principal, link: link.id, kind: .conflict(id)))
        insist(link.id, nil)
        return outcome
    }

    /// Tries an entry of the queue again now; false when there is no such entry.
    public func retry(_ id: QueueID) async throws -> Bool {
        guard let link = try await links.makeDue(id) else { return false }
        try await links.tryAnew(link)
        insist(link, nil)
        return true
    }

    /// Changes a link; nil when there is none.
    public func update(_ id: LinkID, _ change: LinkChange) async throws -> Link? {
        guard let link = try await links.update(id, change) else { return nil }
        insist(id, nil)
        return link
    }

    /// Removes a link, and with it what `purge` says; what was on a side before stays in any case.
    ///
    /// A `BridgeError` says that the upstream could not be purged: the link is then still there, paused.
    ///
    /// - Returns: what was done; nil when there is no such link.
    public func delete(_ id: LinkID, purge: LinkPurge, by author: Author) async throws -> LinkReceipt? {
        guard let link = try await halted(id) else { return nil }
        defer { release(id) }
        return try await remove(link, purge: purge, by: author)
    }

    /// Removes the links of a connection, and here what `purge` says; of the upstreams' events none is touched.
    ///
    /// All of them stop before the first one goes: of two on one calendar, the one that stays behind would take what is
    /// removed here for deletions, and pass them on.
    public func delete(
        over connection: ConnectionID,
        purge: LinkPurge,
        by author: Author
    ) async throws -> [LinkReceipt] {
        var halted: [Link] = []
        defer { for link in halted { release(link.id) } }
        for link in try await links.links(over: connection) {
            if let link = try await self.halted(link.id) { halted.append(link) }
        }
        var receipts: [LinkReceipt] = []
        for link in halted { receipts.append(try await remove(link, purge: purge, by: author)) }
        return receipts
    }

    /// Pauses a link and keeps passes from it until it is released; nil when there is none.
    private func halted(_ id: LinkID) async throws -> Link? {
        guard let link = try await links.link(id), try await links.setState(.paused, of: id) else { return nil }
        // A pass that runs ends first: it must not write what is being purged.
        try await claimInTurn(id)
        return link
    }

    private func remove(_ link: Link, purge: LinkPurge, by author: Author) async throws -> LinkReceipt {
        var receipt = LinkReceipt(link: link.id, name: link.upstreamName)
        if purge == .everything {
            do {
                try await purgeUpstream(link, by: author, &receipt)
            } catch BridgeError.refused(var refusal) where refusal.subject == .calendar && refusal.remedy == nil {
                refusal.remedy = "Remove the link without what it brought, or give the account access again."
                throw BridgeError.refused(refusal)
            }
        }
        try await closeChannels(of: link, by: author)
        receipt = try await links.remove(link, purge: purge, by: author, receipt)
        wake(link.id)
        return receipt
    }

    private func purgeUpstream(_ link: Link, by author: Author, _ receipt: inout LinkReceipt) async throws {
        let created = try await links.createdUpstream(by: link)
        guard !created.isEmpty, link.effectiveDirection != .pull else { return }
        let made = try await makeBridge(link)
        // The link ends, not the meetings: whoever is invited hears nothing of it.
        let bridge = (made as? any MailingBridge)?.mailing(.silent) ?? made
        for event in created {
            if !event.isUndecided, try await remove(event.uid, event.records, of: link, over: bridge, by: author) {
                receipt.removedUpstream += 1
            } else {
                receipt.leftUpstream += 1
            }
        }
    }
}
