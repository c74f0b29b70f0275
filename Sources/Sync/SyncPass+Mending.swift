import Bridging
import Reconcile
import Store

/// Completes records that were read and say everything, but lack something of ours: a UID, a rule that makes sense.
///
/// What is to be completed is noted when it is mirrored, and stays so until it was looked at: a pass that dies, is paused
/// or throttled on the way is followed by one that goes on.
extension SyncPass {
    /// Whether records of this upstream may lack something.
    var isMending: Bool {
        configuration.mendedProviders.contains(link.provider) && link.effectiveDirection != .pull
    }

    /// Looks at series whose records may lack something.
    mutating func mend(_ names: Set<String>) async throws {
        var seen: Set<String> = []
        do {
            for series in names.sorted() {
                try await heedEdits()
                let outcome = try await mend(series)
                if outcome == .paused { break }
                if outcome != .outOfStep { seen.insert(series) }
                meter.finishWrite(at: clock.now(), wasMade: outcome == .written)
                tellProgress()
            }
        } catch {
            try await state.noteMended(seen, of: link)
            throw error
        }
        try await state.noteMended(seen, of: link)
    }

    /// What became of a series that was looked at.
    private enum Mending {
        case complete, written
        /// It fails, and waits in the queue.
        case waiting
        /// Both sides are to agree on it first.
        case outOfStep
        case paused
    }

    private mutating func mend(_ series: String) async throws -> Mending {
        guard let item = try await state.itemInStep(series, of: link, fields: bridge.fields),
            report[item.uid] == nil || report[item.uid] == .done, let local = item.local, let remote = item.remote
        else { return .outOfStep }
        guard forbidden[false] == nil else { return .outOfStep }
        guard beginUpkeep(of: series, item) else { return .waiting }
        do {
            let target = try remote.object.with(uid: item.uid)
            let writes = try bridge.writes(toMake: target, from: item.records)
            guard !writes.isEmpty else { return .complete }
            guard try await !isPaused else { return .paused }
            correction = (bridge as? any CorrectingBridge)?.correction(of: item.records)
            defer { correction = nil }
            guard let answer = try await perform(writes, for: item) else { return .complete }
            try await tellCorrection(of: item)
            var settlement = Settlement(item.uid)
            settlement.mirrored = answer.mirrored
            let mended = answer.remote ?? remote
            let written = try takingComputed(of: mended, onto: local, of: item, in: &settlement)
            let news = news(of: item, in: mended, besides: [], ours: written.fields)
            settlement.agreed = item.agreement(written, mended, series: answer.series, news: news)
            _ = try await settle(settlement)
            return .written
        } catch let error as BridgeError where error.concernsItem {
            noteForbidden(error, isCreation: false)
            try await upkeepFailed(series, item, error)
            return .waiting
        } catch is TranslationError {
            return .complete
        }
    }

    /// Writes down for people why something of theirs was undone.
    private mutating func tellCorrection(of item: SnapshotItem) async throws {
        guard let correction else { return }
        report.corrections.append(correction)
        try await beginRun()
        if let index = items.lastIndex(where: { $0.uid == item.uid }) {
            items[index].message = correction.message
            return
        }
        var entry = RunEntry(item, "correct", [.schedule], undo: nil)
        entry.message = correction.message
        note(.done, entry) { $0.pushed += 1 }
    }
}
