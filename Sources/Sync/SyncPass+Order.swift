import ICalendar
import Reconcile
import Store

extension SyncPass {
    /// Carries out all decisions: first what needs no upstream, many at a time, then what does, the most urgent first.
    mutating func carryOut(_ decisions: [String: Decision], of snapshot: Snapshot) async throws {
        var queue = WorkQueue()
        let here = decisions.values.count { !$0.action.needsUpstream }
        meter.expect(here)
        for (uid, decision) in decisions.sorted(by: { $0.key < $1.key }) {
            guard let item = snapshot.items[uid] else { continue }
            if let retry = item.retry, !retry.isDue(for: item, at: clock.now()) {
                report[uid] = .notDue
            } else if decision.action.needsUpstream {
                queue.upstream.append((decision, item))
            } else {
                try await prepare(decision, on: item, &queue)
            }
        }
        try await flush(&queue)
        meter.expectWrites(queue.upstream.count)
        let now = clock.now()
        let ranked = queue.upstream.map { ($0.0, $0.1, Urgency(of: $0.0.action, $0.1, at: now)) }
        for (decision, item, _) in ranked.sorted(by: { ($0.2, $0.1.uid) < ($1.2, $1.1.uid) }) {
            report[item.uid] = try await carryOut(decision, on: item)
            meter.finishWrite(at: clock.now())
            tellProgress()
        }
    }

    /// Writes down which items cannot be read, where that is not what is known.
    mutating func quarantine(_ snapshot: Snapshot) async throws {
        for item in snapshot.unreadable { report[item.uid] = .failed(.unreadable(item.problem)) }
        let found = Dictionary(snapshot.unreadable.map { ($0.uid, $0.problem) }) { first, _ in first }
        guard found != snapshot.knownUnreadable else { return }
        try await state.setUnreadable(snapshot.unreadable, of: link)
    }

    /// What a pass still has to do.
    private struct WorkQueue {
        var batch: [(decision: Decision, item: SnapshotItem, prepared: PreparedItem)] = []
        var upstream: [(Decision, SnapshotItem)] = []
    }

    func tellProgress() { progress(meter.progress(at: clock.now())) }

    private mutating func prepare(
        _ decision: Decision,
        on item: SnapshotItem,
        _ queue: inout WorkQueue
    ) async throws {
        do {
            if let prepared = try prepared(decision, on: item) {
                queue.batch.append((decision, item, prepared))
            } else {
                report[item.uid] = .done
                meter.finish(1)
            }
        } catch let error as CalendarDataError {
            let problem = LinkProblem.invalidEvent(error.message)
            report[item.uid] = try await failed(decision, on: item, problem, isLasting: true)
            meter.finish(1)
        }
        if queue.batch.count >= Self.itemsAtOnce { try await flush(&queue) }
    }

    private mutating func flush(_ queue: inout WorkQueue) async throws {
        let batch = queue.batch
        guard !batch.isEmpty else { return }
        queue.batch = []
        for (entry, outcome) in zip(batch, try await settle(batch.map(\.prepared))) { report[entry.item.uid] = outcome }
        meter.finish(batch.count)
        tellProgress()
    }
}

extension Action {
    /// Whether carrying it out sends anything, or asks a person.
    fileprivate var needsUpstream: Bool {
        switch self {
        case .agree, .forget, .pull, .createLocal, .deleteLocal: false
        case .push, .merge, .createRemote, .deleteRemote, .hold: true
        }
    }
}

/// In what order edits go upstream: what a person would miss first goes first.
enum Urgency: Int, Comparable {
    case deletion, withinTheHour, withinTheDay, withinTheWeek, later

    private static let hour: Int64 = 3600
    private static let day: Int64 = 86_400
    private static let week: Int64 = 7 * 86_400

    /// So many occurrences of a series are looked at; one that recurs more often is urgent anyway.
    private static let maximumOccurrences = 2000

    init(of action: Action, _ item: SnapshotItem, at now: Instant) {
        if action == .deleteRemote {
            self = .deletion
            return
        }
        switch item.local.flatMap({ Self.wait($0.object, from: now) }) {
        case let wait? where wait <= Self.hour: self = .withinTheHour
        case let wait? where wait <= Self.day: self = .withinTheDay
        case .some: self = .withinTheWeek
        case nil: self = .later
        }
    }

    /// Seconds until the next occurrence begins, 0 while one lasts; nil where there is none within the week.
    private static func wait(_ object: CalendarObject, from now: Instant) -> Int64? {
        let range = TimeRange(start: now, end: now + week)
        guard let set = try? object.recurrenceSet() else { return nil }
        guard let found = try? set.occurrences(in: range, limit: maximumOccurrences) else { return 0 }
        return found.first.map { max(0, $0.start - now) }
    }

    static func < (left: Urgency, right: Urgency) -> Bool { left.rawValue < right.rawValue }
}
