import Bridging
import ICalendar
import Reconcile
import Store

/// What an upstream shows of a series besides itself is kept in line with it: last, in the background, and again until it is.
extension SyncPass {
    /// So many writes of upkeep go with one pass; what is left goes with the next, so that pulls go on meanwhile.
    static let upkeepAtOnce = 100

    /// Looks at the series that changed on either side; at all of them when that is due.
    mutating func upkeep(
        _ touched: Set<String>,
        _ snapshot: Snapshot,
        _ decisions: [String: Decision]
    ) async throws {
        guard let bridge = bridge as? any UpkeepBridge, link.effectiveDirection != .pull else { return }
        guard bridge.keepsOccurrences || bridge.isUpkeepDue else { return }
        var names = touched.union(written).union(snapshot.items.values.compactMap(\.series))
        if bridge.isUpkeepDue { names.formUnion(try await state.seriesShowingOccurrences(of: link)) }
        guard !names.isEmpty || bridge.isUpkeepDue else { return }
        bridge.noteUpkeep(isDone: false)
        var isDone = true
        for (uid, decision) in decisions where decision.endsLocally && report[uid] == .done {
            guard let item = snapshot.items[uid] else { continue }
            isDone = try await clear(item) && isDone
        }
        for series in names.sorted() {
            try await heedEdits()
            guard try await !isPaused else { return }
            isDone = try await upkeep(series, bridge) && isDone
        }
        if isDone { bridge.noteUpkeep(isDone: true) }
    }

    /// Looks at one series; answers whether nothing is left to do for it.
    private mutating func upkeep(_ series: String, _ bridge: any UpkeepBridge) async throws -> Bool {
        guard let item = try await state.itemInStep(series, of: link, fields: bridge.fields) else {
            return try await clearOrphans(of: series)
        }
        guard report[item.uid] == nil || report[item.uid] == .done, let local = item.local, item.remote != nil else {
            return false
        }
        do {
            var item = item
            let writes = try bridge.upkeep(of: local.outgoing, from: item.records)
            // One by one: what somebody edits meanwhile goes first.
            for write in writes {
                guard upkeepLeft > 0 else { return false }
                upkeepLeft -= 1
                guard let answer = try await perform([write], for: item), try await settle(answer, &item) else {
                    return false
                }
                try await heedEdits()
                guard !edited.contains(item.uid) else { return false }
            }
            return true
        } catch let error as BridgeError where error.concernsItem {
            return false
        } catch is TranslationError {
            // What cannot be shown of the series is not shown.
            return true
        }
    }

    /// Notes what an upkeep's write was answered; false where the event changed here meanwhile.
    private mutating func settle(_ answer: Answer, _ item: inout SnapshotItem) async throws -> Bool {
        guard let local = item.local, let remote = answer.remote ?? item.remote else { return false }
        var settlement = Settlement(item.uid)
        settlement.mirrored = answer.mirrored
        let agreed = item.agreement(local, remote, series: answer.series)
        settlement.agreed = agreed
        item.records = answer.mirrored.records
        item.remote = remote
        item.base = agreed
        return try await settle(settlement) == .done
    }

    /// Takes away what is still shown of an event that was deleted upstream; answers whether that is done.
    private mutating func clear(_ item: SnapshotItem) async throws -> Bool {
        let rest = item.records.filter { !$0.isDeleted && $0.id != item.series }
        guard !rest.isEmpty else { return true }
        do {
            for write in try bridge.writes(toMake: nil, from: rest) { _ = try await performAudited(write, for: item) }
            return true
        } catch let error as BridgeError where error.concernsItem {
            return false
        }
    }

    /// Takes away what is shown of a series that nothing is known of any more.
    private mutating func clearOrphans(of series: String) async throws -> Bool {
        guard let records = try await state.orphans(of: series, link) else { return true }
        var item = SnapshotItem(uid: series)
        item.series = series
        item.records = records
        guard try await clear(item) else { return false }
        try await state.forgetOccurrences(of: series, link)
        return true
    }
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
