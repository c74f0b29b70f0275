import Bridging
import ICalendar
import Reconcile
import Store

extension SyncPass {
    /// Carries out all decisions: first what needs no upstream, many at a time, then what does, the most urgent first.
    mutating func carryOut(_ decisions: [String: Decision], of snapshot: Snapshot) async throws {
        var here: [WorkItem] = []
        var upstream: [WorkItem] = []
        for (uid, decision) in decisions.sorted(by: { $0.key < $1.key }) {
            guard let item = snapshot.items[uid] else { continue }
            if let retry = item.retry, !retry.isDue(for: item, at: clock.now()) {
                report[uid] = .notDue
            } else if decision.action.needsUpstream {
                upstream.append(WorkItem(decision: decision, item: item))
            } else {
                here.append(WorkItem(decision: decision, item: item))
            }
        }
        meter.expect(here.count)
        meter.expectWrites(upstream.count)
        try await carryOutHere(here)
        try await carryOutUpstream(upstream)
    }

    /// Whether the upstream takes writes now.
    var mayWrite: Bool { writesNotBefore.map { $0 <= clock.now() } ?? true }

    private mutating func carryOutUpstream(_ work: [WorkItem]) async throws {
        var work = work
        if !mayWrite {
            for work in work { report[work.item.uid] = .notDue }
            // Asking a person writes nothing there.
            let questions = work.filter { $0.decision.action == .hold }
            (work, isWriteLeft) = (questions, questions.count < work.count)
        }
        let now = clock.now()
        let ranked = work.map { (work: $0, urgency: Urgency(of: $0.decision.action, $0.item, at: now)) }
        var rest = ranked.sorted { ($0.urgency, $0.work.item.uid) < ($1.urgency, $1.work.item.uid) }[...]
        let batching = work.count > configuration.writesMakingBulk ? bridge as? any BatchingBridge : nil
        while let next = rest.first {
            let size = await batching?.writesAtOnce() ?? 1
            let group = rest.prefix(size).prefix { $0.urgency == next.urgency }.map(\.work)
            rest = rest.dropFirst(group.count)
            if let batching, group.count > 1 {
                try await carryOutTogether(group, over: batching)
            } else {
                for work in group { try await carryOutAlone(work) }
            }
        }
    }

    /// Carries out a decision that needs the upstream, unless somebody edited the event meanwhile.
    mutating func carryOutAlone(_ work: WorkItem) async throws {
        try await heedEdits()
        if !edited.contains(work.item.uid) {
            report[work.item.uid] = try await isPaused ? .again : carryOutUnlessForbidden(work)
        }
        meter.finishWrite(at: clock.now())
        tellProgress()
    }

    /// Carries out a write; one that the upstream lets nobody do waits without its being asked again.
    private mutating func carryOutUnlessForbidden(_ work: WorkItem) async throws -> ItemOutcome {
        guard work.decision.action != .hold, let refusal = forbidden[work.decision.action == .createRemote] else {
            return try await carryOut(work.decision, on: work.item)
        }
        return try await failed(work.decision, on: work.item, .refused(refusal))
    }

    /// Whether the link was paused meanwhile: the pass then ends what it does, and takes up nothing more upstream.
    var isPaused: Bool {
        get async throws { try await state.readiness(of: link.id)?.state == .paused }
    }

    func tellProgress() { progress(meter.progress(at: clock.now())) }

    // MARK: Here

    /// Writes what needs no upstream; while some items are being written, the next ones are worked out.
    private mutating func carryOutHere(_ work: [WorkItem]) async throws {
        let batches = stride(from: 0, to: work.count, by: Self.itemsAtOnce).map {
            Array(work[$0..<min($0 + Self.itemsAtOnce, work.count)])
        }
        guard let first = batches.first else { return }
        var ready = await preparer.workedOut(first)
        for number in batches.indices {
            let next = number + 1 < batches.count ? batches[number + 1] : []
            let preparer = preparer
            async let following = preparer.workedOut(next)
            try await heedEdits()
            try await carryOutHere(batches[number], ready)
            ready = await following
        }
    }

    /// The pass without what it has gathered, so that copies of it are cheap.
    var preparer: SyncPass {
        var copy = self
        copy.items = []
        copy.audit = []
        copy.report = PassReport()
        return copy
    }

    private func workedOut(_ work: [WorkItem]) async -> [Result<PreparedItem?, any Error>] {
        await inParallel(work) { work in Result { try prepared(work.decision, on: work.item) } }
    }

    private mutating func carryOutHere(_ work: [WorkItem], _ ready: [Result<PreparedItem?, any Error>]) async throws {
        var batch: [(uid: String, prepared: PreparedItem)] = []
        for (work, result) in zip(work, ready) where !edited.contains(work.item.uid) {
            switch result {
            case .success(let prepared?): batch.append((work.item.uid, prepared))
            case .success(nil): report[work.item.uid] = .done
            case .failure(let error as CalendarDataError):
                let problem = LinkProblem.invalidEvent(error.message)
                let outcome = try await failed(work.decision, on: work.item, problem, isLasting: true)
                report[work.item.uid] = outcome
            case .failure(let error): throw error
            }
        }
        if !batch.isEmpty {
            let outcomes = try await settle(batch.map(\.prepared))
            for (entry, outcome) in zip(batch, outcomes) { report[entry.uid] = outcome }
        }
        meter.finish(work.count)
        tellProgress()
    }

    /// Writes down which items cannot be read, where that is not what is known.
    mutating func quarantine(_ snapshot: Snapshot) async throws {
        for item in snapshot.unreadable { report[item.uid] = .failed(.unreadable(item.problem)) }
        let found = Dictionary(snapshot.unreadable.map { ($0.uid, $0.problem) }) { first, _ in first }
        guard found != snapshot.knownUnreadable else { return }
        try await state.setUnreadable(snapshot.unreadable, of: link)
    }
}

/// A decision and what it is about.
struct WorkItem: Sendable {
    var decision: Decision
    var item: SnapshotItem
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
        // What was to begin soon and is put off is missed as soon as what is to begin soon.
        let sides = [item.local?.object, item.remote?.object].compactMap(\.self)
        switch sides.compactMap({ Self.wait($0, from: now) }).min() {
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
        guard let found = try? set.spans(in: range, limit: maximumOccurrences) else { return 0 }
        return found.first.map { max(0, $0.start - now) }
    }

    static func < (left: Urgency, right: Urgency) -> Bool { left.rawValue < right.rawValue }
}
