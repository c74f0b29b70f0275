import Bridging
import ICalendar
import Reconcile
import Store

/// What an upstream shows of a series besides itself is kept in line with it: last, in the background, and again until it is.
extension SyncPass {
    /// So many writes of upkeep go with one pass; what is left goes with the next, so that pulls go on meanwhile.
    static let upkeepAtOnce = 100

    /// The word of the queue and of the runs.
    static let upkeepWord = "upkeep"

    /// Looks at the series that changed on either side, and at those that were edited; at all of them when that is due.
    mutating func upkeep(
        _ touched: Set<String>,
        _ snapshot: Snapshot,
        _ decisions: [String: Decision]
    ) async throws {
        guard let bridge = bridge as? any UpkeepBridge, link.effectiveDirection != .pull else { return }
        let due = upkeepWaits.due(at: clock.now())
        let isUpkeepDue = bridge.isUpkeepDue
        let news = snapshot.items.values.filter { $0.isChangedHere || decisions[$0.uid] != nil }
        let changed = due.union(news.compactMap(\.series))
        var names = changed.union(written).union(editedSeries)
        if bridge.keepsOccurrences || isUpkeepDue {
            names.formUnion(touched.union(snapshot.items.values.compactMap(\.series)))
        }
        if isUpkeepDue { names.formUnion(try await state.seriesShowingOccurrences(of: link)) }
        guard !names.isEmpty || isUpkeepDue else { return }
        bridge.noteUpkeep(isDone: false)
        var isDone = true
        for (uid, decision) in decisions where decision.endsLocally && report[uid] == .done {
            guard let item = snapshot.items[uid] else { continue }
            isDone = try await clear(item) && isDone
        }
        var seen: Set<String> = []
        // Edits that are carried out meanwhile write to more, and change what was looked at.
        while case let rest = names.union(written).subtracting(seen).union(editedSeries), !rest.isEmpty {
            for series in rest.sorted() {
                try await heedEdits()
                guard try await !isPaused, forbidden.isEmpty else { return }
                let isEdited = editedSeries.remove(series) != nil
                let isChanged = isEdited || changed.contains(series) || written.contains(series)
                isDone = try await upkeep(series, bridge, isChanged: isChanged) && isDone
            }
            seen.formUnion(rest)
        }
        if isDone { bridge.noteUpkeep(isDone: true) }
    }

    /// Looks at one series; answers whether nothing is left to do for it.
    private mutating func upkeep(
        _ series: String,
        _ bridge: any UpkeepBridge,
        isChanged: Bool
    ) async throws -> Bool {
        guard let item = try await state.itemInStep(series, of: link, fields: bridge.fields) else {
            return try await clearOrphans(of: series)
        }
        guard report[item.uid] == nil || report[item.uid] == .done, let local = item.local, item.remote != nil else {
            return false
        }
        guard beginUpkeep(of: series, item) else { return true }
        do {
            let writes = try bridge.upkeep(of: local.outgoing, from: item.records, isChanged: isChanged)
            return try await perform(writes, of: series, item)
        } catch let error as TranslationError {
            report[item.uid] = try await failed(Self.upkeepWord, on: noteFailure(of: series, item), error)
            return true
        }
    }

    /// Makes writes of upkeep one by one: what somebody edits meanwhile goes first.
    ///
    /// One that is refused does not stop the others; what becomes of it then is the queue's.
    private mutating func perform(
        _ writes: [RecordWrite],
        of series: String,
        _ item: SnapshotItem
    ) async throws -> Bool {
        var item = item
        var refusal: BridgeError?
        for write in writes {
            guard upkeepLeft > 0 else { return false }
            upkeepLeft -= 1
            do {
                guard let answer = try await perform([write], for: item), try await settle(answer, &item) else {
                    return false
                }
                silences = 0
            } catch let error as BridgeError where error.concernsItem {
                refusal = error
                noteForbidden(error, isCreation: write.isCreation)
                guard case .refused = error, forbidden.isEmpty else { break }
            }
            try await heedEdits()
            // Edited just now, it is looked at again.
            guard !editedSeries.contains(series) else { return true }
        }
        if let refusal { try await upkeepFailed(series, item, refusal) }
        return true
    }

    /// Notes what an upkeep's write was answered; false where the event changed here meanwhile.
    private mutating func settle(_ answer: Answer, _ item: inout SnapshotItem) async throws -> Bool {
        guard let local = item.local, let remote = answer.remote ?? item.remote else { return false }
        var settlement = Settlement(item.uid)
        settlement.mirrored = answer.mirrored
        // What a write of upkeep brings to light is news: the next pass sees it.
        let known = item.base?.agreement.remote ?? remote.fields
        let news = Set(remote.fields.keys).filter { key in
            remote.fields[key] != known[key] && remote.fields[key] != local.fields[key]
        }
        var agreed = item.agreement(local, remote, series: answer.series, except: news)
        if !news.isEmpty {
            agreed.remoteDigest = item.base?.remoteDigest ?? MirroredObject.noDigest
            report[item.uid] = .again
        }
        settlement.agreed = agreed
        item.records = answer.mirrored.records
        item.remote = remote
        item.base = agreed
        return try await settle(settlement) == .done
    }

    /// Takes away what is still shown of an event that was deleted upstream; answers whether that is done.
    private mutating func clear(_ item: SnapshotItem) async throws -> Bool {
        let rest = item.records.filter { !$0.isDeleted && $0.id != item.series }
        guard !rest.isEmpty, let series = item.series else { return true }
        // Nothing else of the event is left, so that its series names it.
        var orphan = item
        orphan.uid = series
        (orphan.local, orphan.remote) = (nil, nil)
        guard beginUpkeep(of: series, orphan) else { return false }
        do {
            for write in try bridge.writes(toMake: nil, from: rest) { _ = try await performAudited(write, for: item) }
            return true
        } catch let error as BridgeError where error.concernsItem {
            try await upkeepFailed(series, orphan, error)
            return false
        }
    }

    /// Takes away what is shown of a series that nothing is known of any more.
    private mutating func clearOrphans(of series: String) async throws -> Bool {
        guard let records = try await state.orphans(of: series, link) else {
            upkeepAttempts.insert(series)
            return true
        }
        var item = SnapshotItem(uid: series)
        item.series = series
        item.records = records
        // What failed waits in the queue.
        guard try await clear(item) else { return true }
        try await state.forgetOccurrences(of: series, link)
        return true
    }
}

// MARK: - What failed

extension SyncPass {
    /// Reads which series wait for another try; answers those whose time has come.
    mutating func readUpkeepWaits() async throws -> Set<String> {
        upkeepWaits = try await state.waitingUpkeep(of: link)
        return upkeepWaits.due(at: clock.now())
    }

    /// Whether a series may be looked at: nothing of its failed, or it is due, or is not what failed.
    func mayUpkeep(_ series: String, _ item: SnapshotItem) -> Bool {
        guard !upkeepFailures.contains(series) else { return false }
        return upkeepWaits[series]?.wait.isDue(for: item, at: clock.now()) ?? true
    }

    /// Notes that a series is looked at, if it may be.
    mutating func beginUpkeep(of series: String, _ item: SnapshotItem) -> Bool {
        guard mayUpkeep(series, item) else { return false }
        upkeepAttempts.insert(series)
        return true
    }

    /// Puts a series into the queue, where a person sees why; the next tries are further and further apart.
    mutating func upkeepFailed(_ series: String, _ item: SnapshotItem, _ error: BridgeError) async throws {
        report[item.uid] = try await failed(Self.upkeepWord, on: noteFailure(of: series, item), error)
    }

    /// The item with what is known of earlier failures.
    private mutating func noteFailure(of series: String, _ item: SnapshotItem) -> SnapshotItem {
        upkeepFailures.insert(series)
        var item = item
        item.retry = upkeepWaits[series]?.wait
        return item
    }

    /// Takes out of the queue what went well, and counts what still waits.
    mutating func settleUpkeepWaits() async throws {
        for (series, waiting) in upkeepWaits where !upkeepFailures.contains(series) {
            if upkeepAttempts.contains(series) {
                try await state.endUpkeepWait(waiting.uid, of: link)
            } else if report[waiting.uid] == nil || report[waiting.uid] == .done {
                report[waiting.uid] = .notDue
            }
        }
    }
}

extension [String: WaitingUpkeep] {
    /// The series whose time has come.
    fileprivate func due(at now: Instant) -> Set<String> {
        Set(filter { $0.value.wait.dueAt.map { $0 <= now } ?? false }.keys)
    }
}

extension SnapshotItem {
    /// Whether our side is not as it was when both agreed.
    fileprivate var isChangedHere: Bool { base.map { $0.localDigest != localDigest } ?? false }
}

extension Decision {
    /// Whether the event ended upstream, and so here.
    fileprivate var endsLocally: Bool {
        switch action {
        case .deleteLocal, .forget: true
        case .agree, .pull, .push, .merge, .createLocal, .createRemote, .deleteRemote, .hold: false
        }
    }
}
