import Bridging
import ICalendar
import Reconcile
import Store

/// A decision that needs no upstream, worked out and not yet written.
struct PreparedItem: Sendable {
    var settlement: Settlement
    var count: @Sendable (inout PassCounts) -> Void = { _ in }

    /// Describes an item; `entry` is its line in the run.
    init(
        _ settlement: Settlement,
        _ entry: RunEntry? = nil,
        count: @escaping @Sendable (inout PassCounts) -> Void = { _ in }
    ) {
        self.settlement = settlement
        self.settlement.entry = entry
        self.count = count
    }
}

extension SyncPass {
    /// So many items that need no upstream are written at once: much less waiting for the disk, and yet no client that
    /// writes meanwhile waits long.
    static let itemsAtOnce = 200

    /// Carries out what was decided on one item.
    ///
    /// - Throws: `BridgeError` only where the whole link is concerned; an item's own failure is its outcome.
    mutating func carryOut(_ decision: Decision, on item: SnapshotItem) async throws -> ItemOutcome {
        do {
            let outcome = try await attempt(decision, on: item)
            silences = 0
            return outcome
        } catch {
            return try await failed(decision, on: item, error)
        }
    }

    /// Carries out somebody's edit before its turn; nil where the upstream has changed since, so that it must wait for that.
    mutating func carryOutEdit(_ work: WorkItem) async throws -> ItemOutcome? {
        do {
            return try await RequestPriority.$isInteractive.withValue(true) {
                guard let outgoing = try outgoing(work.decision, on: work.item) else { return .done }
                guard !isListing || isGuarded(outgoing) else { return nil }
                return try await send(outgoing)
            }
        } catch BridgeError.changedUpstream {
            return nil
        } catch let error as BridgeError {
            return try await failed(work.decision, on: work.item, error)
        } catch let error as TranslationError {
            return try await failed(work.decision, on: work.item, error)
        }
    }

    private mutating func attempt(_ decision: Decision, on item: SnapshotItem) async throws -> ItemOutcome {
        switch decision.action {
        case .agree, .forget, .pull, .createLocal, .deleteLocal:
            guard let prepared = try prepared(decision, on: item) else { return .done }
            return try await settle([prepared])[0]
        case .push, .merge, .createRemote, .deleteRemote:
            guard let outgoing = try outgoing(decision, on: item) else { return .done }
            return try await send(outgoing)
        case .hold: return try await hold(item, decision)
        }
    }

    // MARK: Here

    /// Writes items that need no upstream in one transaction, and notes what became of each.
    mutating func settle(_ prepared: [PreparedItem]) async throws -> [ItemOutcome] {
        if prepared.contains(where: { $0.settlement.entry != nil }) { try await beginRun() }
        let outcomes = try await settle(prepared.map(\.settlement))
        for (item, outcome) in zip(prepared, outcomes) {
            guard let entry = item.settlement.entry else { continue }
            // The line of what was done was written with it.
            if outcome == .done { item.count(&report.counts) } else { note(outcome, entry, item.count) }
        }
        return outcomes
    }

    /// Works out a decision that needs no upstream; nil where there is nothing to write.
    func prepared(_ decision: Decision, on item: SnapshotItem) throws -> PreparedItem? {
        switch decision.action {
        case .agree: found(agreed(item, decision))
        case .forget: try found(forgotten(item))
        case .pull(let fields): try pulled(fields, of: item, decision)
        case .createLocal: try createdLocal(item, decision)
        case .deleteLocal: try deletedLocal(item, decision)
        case .push, .merge, .createRemote, .deleteRemote, .hold: nil
        }
    }

    private func agreed(_ item: SnapshotItem, _ decision: Decision) -> PreparedItem? {
        guard let local = item.local, let remote = item.remote else { return nil }
        var settlement = Settlement(item.uid)
        settlement.agreed = item.agreement(local, remote, except: decision.withheld)
        settlement.protection = protection(of: item.records)
        return PreparedItem(settlement)
    }

    private func pulled(_ fields: Set<FieldKey>, of item: SnapshotItem, _ decision: Decision) throws -> PreparedItem? {
        guard let local = item.local, let remote = item.remote else { return nil }
        let object = try pulling(fields, of: remote.object, onto: local.object, for: item)
        let written = try item.written(object, over: local, bridge.fields)
        var settlement = Settlement(item.uid)
        if object.text != local.stored.text {
            settlement.localWrite = .replace(local.stored, by: Draft(object, at: clock.now()))
        }
        settlement.agreed = item.agreement(written, remote, except: decision.withheld)
        settlement.protection = protection(of: item.records)
        settlement.conflict = try conflict(decision, item)
        var entry = RunEntry(item, "pull", fields, undo: local.stored.text)
        if entry.undoUpstream == nil, fields.contains(.schedule) { entry.family = family(of: item) }
        return PreparedItem(settlement, entry) { $0.pulled += 1 }
    }

    private func createdLocal(_ item: SnapshotItem, _ decision: Decision) throws -> PreparedItem? {
        guard let remote = item.remote, let object = try remoteWord(on: item) else { return nil }
        let draft = Draft(object, at: clock.now())
        var settlement = Settlement(item.uid)
        settlement.isFirst = item.isFirst
        settlement.localWrite = .create(draft, uid: object.uid)
        // Most often the event is taken over as it is; what was read of it then need not be read again.
        let isSame = object.text == remote.object.text && !item.isVeiled
        let local =
            try isSame
            ? LocalItem(object, etag: draft.etag, remote.fields) : item.written(object, over: nil, bridge.fields)
        settlement.agreed = item.agreement(local, remote, origin: .upstream)
        settlement.protection = protection(of: item.records)
        settlement.conflict = try conflict(decision, item)
        var entry = RunEntry(item, "create", [], undo: nil)
        entry.removes = .gateway
        if let family = family(of: item), family != item.series { entry.family = family }
        return PreparedItem(settlement, entry) { $0.pulled += 1 }
    }

    /// The event as it is here when the upstream is right in everything.
    ///
    /// What the upstream cannot hold, or may not see, stays as it is here, or was when both agreed last.
    private func remoteWord(on item: SnapshotItem) throws -> CalendarObject? {
        guard let remote = item.remote else { return nil }
        guard let ours = try item.local?.object ?? item.base?.localObject() ?? item.departed?.object() else {
            return try remote.object.with(uid: item.uid)
        }
        let said = Projection(of: ours, onto: bridge.fields).fields
        let known = bridge.fields.overrides == .some ? item.shown(said) : said
        let former = item.base?.agreement.remote ?? known
        // An occurrence of ours that was never agreed on is none of the upstream's.
        let keys = Set(remote.fields.keys).union(former.keys).union(known.keys.filter { $0.occurrence != nil })
        return try pulling(item.isVeiled ? BusyTime.times(keys) : keys, of: remote.object, onto: ours, for: item)
    }

    /// The series that an event was split off from; itself where it was not, for others may be split off from it.
    func family(of item: SnapshotItem) -> String? {
        item.series.flatMap { (bridge as? any SplittingBridge)?.origin(of: $0) }
    }

    /// Why no client may change what the upstream alone may; nothing where the upstream has nothing of the kind.
    func protection(of records: [UpstreamRecord]) -> String?? {
        (bridge as? any ProtectingBridge).map { $0.protection(of: records) }
    }

    private func deletedLocal(_ item: SnapshotItem, _ decision: Decision) throws -> PreparedItem? {
        guard let local = item.local else { return nil }
        var settlement = Settlement(ending: item)
        guard !item.isGuestCopy else {
            settlement.isLeftAlone = true
            return PreparedItem(settlement, RunEntry(item, "leave", [], undo: nil))
        }
        settlement.localWrite = .delete(local.stored)
        settlement.conflict = try conflict(decision, item)
        var entry = RunEntry(item, "pull-deletion", [], undo: local.stored.text)
        entry.family = family(of: item)
        return PreparedItem(settlement, entry) { $0.deletedHere += 1 }
    }

    /// Keeps an item for the person, with all three texts.
    private mutating func hold(_ item: SnapshotItem, _ decision: Decision) async throws -> ItemOutcome {
        if let known = item.conflict, known == (item.localDigest, item.remoteDigest) { return .conflict }
        guard let conflict = try conflict(decision, item) else { return .conflict }
        try await beginRun()
        try await state.hold(conflict, of: link)
        note(.done, RunEntry(item, "hold", Set(decision.conflicts.compactMap(\.field)), undo: nil)) {
            $0.conflicts += 1
        }
        return .conflict
    }

    // MARK: Common

    /// Writes a settlement; what changed here meanwhile is decided again in the next pass.
    mutating func settle(_ settlement: Settlement) async throws -> ItemOutcome { try await settle([settlement])[0] }

    private mutating func settle(_ settlements: [Settlement]) async throws -> [ItemOutcome] {
        let run = run
        let settlements = settlements.map { settlement in
            var settlement = settlement
            settlement.run = run
            return settlement
        }
        let outcomes = try await state.settle(settlements, of: link, audit: takeAudit())
        return try outcomes.map { outcome in
            switch outcome {
            case .settled: return .done
            case .changedHere: return .again
            case .calendarMissing: throw PassFailure.calendarMissing
            }
        }
    }

    /// The conflicts of a decision with everything a person needs to judge it; nil where there were none.
    func conflict(_ decision: Decision, _ item: SnapshotItem) throws -> NewConflict? {
        guard var conflict = NewConflict(item, decision, resolvedBy: link.policy.rawValue, run: run) else { return nil }
        if decision.conflicts.contains(where: { $0.winner == .local }) {
            conflict.overruled = try remoteWord(on: item).map { Draft($0, at: clock.now()) }
        }
        return conflict
    }
}

extension Settlement {
    /// Ends the agreement on an item; its series is forgotten where nothing of it lives upstream.
    init(ending item: SnapshotItem) {
        self.init(item.uid)
        if item.records.allSatisfy(\.isDeleted)
            || item.records.contains(where: { $0.isDeleted && $0.id == item.series })
        {
            forgottenSeries = item.series
        }
    }
}

extension SnapshotItem {
    /// An object as it will be stored, in place of `former` where there is one.
    func written(_ object: CalendarObject, over former: LocalItem?, _ fieldSet: FieldSet) throws -> LocalItem {
        var written = LocalItem(object, fieldSet)
        if let former {
            written.stored.entry.id = former.stored.id
            written.stored.entry.name = former.stored.name
        }
        guard isVeiled else { return written }
        written.outgoing = try BusyTime.veil(object)
        written.fields = Projection(of: written.outgoing, onto: fieldSet).fields
        return written
    }
}

extension LocalItem {
    /// A new object as it will be stored.
    init(_ object: CalendarObject, _ fieldSet: FieldSet) {
        self.init(object, etag: ETag.of(object.text), Projection(of: object, onto: fieldSet).fields)
    }

    init(_ object: CalendarObject, etag: ETag, _ fields: Fields) {
        let entry = ObjectEntry(
            id: ObjectID(rawValue: 0),
            name: "",
            uid: object.uid,
            etag: etag,
            kind: object.kind,
            size: object.text.utf8.count,
            modified: Instant(seconds: 0),
            revision: 0
        )
        self.init(
            stored: StoredObject(entry: entry, text: object.text),
            object: object,
            outgoing: object,
            fields: fields
        )
    }
}

extension SnapshotItem {
    /// Whether it was never agreed on, and nothing waits for that.
    var isFirst: Bool { base == nil && intent == nil && retry == nil && conflict == nil }

    /// What both sides say now as the new agreement; on fields that were withheld, and on news, the old one goes on.
    ///
    /// An item of which there are news is looked at again.
    func agreement(
        _ local: LocalItem,
        _ remote: RemoteItem,
        series: String? = nil,
        except withheld: Set<FieldKey> = [],
        news: Set<FieldKey> = [],
        origin: Origin? = nil
    ) -> AgreedItem {
        var agreement = Agreement(local: local.fields, remote: remote.fields)
        for field in withheld.union(news) {
            let former = base?.agreement
            agreement.local[field] = former?.local[field]
            agreement.remote[field] = former?.remote[field]
            // An occurrence that says what its series said is no news of it.
            let told = FieldKey(field.name)
            guard withheld.contains(field), field.occurrence != nil, former?.remote[field] == nil,
                let said = former?.remote[told], said == remote.fields[field]
            else { continue }
            agreement.local[field] = former?.local[told]
            agreement.remote[field] = said
        }
        return AgreedItem(
            series: series ?? self.series,
            agreement: agreement,
            dormant: base.flatMap { $0.isVoid ? nil : $0.dormant } ?? Agreement(local: [:], remote: [:]),
            localText: local.stored.text,
            remoteText: remote.object.text,
            localDigest: local.stored.etag.rawValue,
            remoteDigest: news.isEmpty ? remote.digest : MirroredObject.openDigest,
            origin: base?.origin ?? departed?.origin ?? origin ?? (intent?.isCreation == true ? .gateway : .both),
            isVoid: false
        )
    }
}

extension WaitingItem {
    /// Whether the item is tried again: it is time, or it is not what failed.
    func isDue(for item: SnapshotItem, at now: Instant) -> Bool {
        guard isSame(as: item) else { return true }
        return dueAt.map { $0 <= now } ?? false
    }

    /// Whether the item is what failed.
    func isSame(as item: SnapshotItem) -> Bool {
        localDigest == item.localDigest && remoteDigest == item.remoteDigest
    }
}
