import Bridging
import ICalendar
import Reconcile
import Store

extension SyncPass {
    mutating func push(
        _ fields: Set<FieldKey>,
        of item: SnapshotItem,
        _ decision: Decision
    ) async throws -> ItemOutcome {
        guard let local = item.local, let remote = item.remote else { return .done }
        try await beginRun()
        let target = try overlay(fields, of: local.outgoing, onto: remote.object, fieldSet: bridge.fields)
        try await keepLoser(decision, item)
        let answer = try await write(target, for: item)
        var settlement = Settlement(item.uid)
        settlement.mirrored = answer?.mirrored
        let pushed = answer?.remote ?? remote
        settlement.agreed = item.agreement(local, pushed, series: answer?.series, except: decision.withheld)
        let outcome = try await settle(settlement)
        let undo = try overlay(
            item.isVeiled ? BusyTime.times(fields) : fields,
            of: remote.object,
            onto: local.object,
            fieldSet: incoming(item)
        )
        note(outcome, RunEntry(item, "push", fields, undo: undo.text)) { $0.pushed += 1 }
        return outcome
    }

    /// Pushes first: the upstream's refusal then leaves our side as it was.
    mutating func merge(
        _ pulled: Set<FieldKey>,
        _ pushed: Set<FieldKey>,
        of item: SnapshotItem,
        _ decision: Decision
    ) async throws -> ItemOutcome {
        guard let local = item.local, let remote = item.remote else { return .done }
        try await beginRun()
        let fieldSet = bridge.fields
        let target = try overlay(pushed, of: local.outgoing, onto: remote.object, fieldSet: fieldSet)
        try await keepLoser(decision, item)
        let answer = try await write(target, for: item)
        let object = try overlay(
            pulled,
            of: remote.object,
            onto: local.object,
            fieldSet: incoming(item),
            stamp: clock.now()
        )
        var settlement = Settlement(item.uid)
        settlement.mirrored = answer?.mirrored
        if object.text != local.stored.text {
            settlement.localWrite = .replace(local.stored, by: Draft(object, at: clock.now()))
        }
        settlement.agreed = try item.agreement(
            item.written(object, over: local, fieldSet),
            answer?.remote ?? remote,
            series: answer?.series,
            except: decision.withheld
        )
        let outcome = try await settle(settlement)
        note(outcome, RunEntry(item, "merge", pulled.union(pushed), undo: local.stored.text)) { $0.merged += 1 }
        return outcome
    }

    mutating func createRemote(_ item: SnapshotItem, _ decision: Decision) async throws -> ItemOutcome {
        guard let local = item.local else { return .done }
        try await beginRun()
        try await keepLoser(decision, item)
        let answer = try await write(local.outgoing, for: item)
        guard let answer, let remote = answer.remote else { throw TranslationError.unsupported(Self.unreadableAnswer) }
        var settlement = Settlement(item.uid)
        settlement.mirrored = answer.mirrored
        settlement.agreed = item.agreement(local, remote, series: answer.series, origin: .gateway)
        let outcome = try await settle(settlement)
        var entry = RunEntry(item, "create-upstream", [], undo: nil)
        entry.removes = .upstream
        note(outcome, entry) { $0.pushed += 1 }
        return outcome
    }

    mutating func deleteRemote(_ item: SnapshotItem, _ decision: Decision) async throws -> ItemOutcome {
        try await beginRun()
        try await keepLoser(decision, item)
        if isListing { for record in item.records { writtenMeanwhile.note(record) } }
        for write in try bridge.writes(toMake: nil, from: item.records) {
            _ = try await performAudited(write, for: item)
        }
        var settlement = Settlement(item.uid)
        settlement.forgottenSeries = item.series
        let outcome = try await settle(settlement)
        let undo = item.base?.localText ?? item.remote?.object.text
        note(outcome, RunEntry(item, "push-deletion", [], undo: undo)) { $0.deletedUpstream += 1 }
        return outcome
    }

    /// Completes records that were read and say everything, but lack something of ours.
    mutating func mend(_ touched: Set<String>) async throws {
        for series in touched.sorted() {
            try await heedEdits()
            let isWritten = try await mend(series)
            meter.finishWrite(at: clock.now(), wasMade: isWritten)
            tellProgress()
        }
    }

    /// Those of the series that changed that may lack something of ours.
    func mended(_ touched: Set<String>) -> Set<String> {
        let isMeant = configuration.mendedProviders.contains(link.provider) && link.effectiveDirection != .pull
        return isMeant ? touched : []
    }

    /// Completes the records of a series; answers whether anything was to be written.
    private mutating func mend(_ series: String) async throws -> Bool {
        guard let item = try await state.itemInStep(series, of: link, fields: bridge.fields),
            report[item.uid] == nil || report[item.uid] == .done, let local = item.local, let remote = item.remote
        else { return false }
        do {
            guard let answer = try await write(remote.object, for: item) else { return false }
            var settlement = Settlement(item.uid)
            settlement.mirrored = answer.mirrored
            settlement.agreed = item.agreement(local, answer.remote ?? remote, series: answer.series)
            _ = try await settle(settlement)
            return true
        } catch let error as BridgeError where error.concernsItem {
            // Nothing of the event is at stake: what is missing is written when it next changes.
            return true
        } catch is TranslationError {
            return false
        }
    }

    // MARK: Writing

    /// Writes down what is about to be overruled, before it is: whatever happens then, nothing a person typed is lost.
    private func keepLoser(_ decision: Decision, _ item: SnapshotItem) async throws {
        guard let conflict = conflict(decision, item) else { return }
        try await state.record(conflict, of: link)
    }

    private static let unreadableAnswer = "The upstream took the event, but what it answered cannot be read as one."

    /// What the upstream answered to the writes of one item.
    struct Answer {
        var series: String
        var mirrored: (object: MirroredObject, records: [UpstreamRecord])
        /// The event as the upstream has it now; nil where that cannot be read.
        var remote: RemoteItem?
    }

    /// Makes the upstream say what `object` says; nil when it does already.
    ///
    /// Before a write whose outcome may stay unknown, or that is one of several, it is noted what is about to happen.
    private mutating func write(_ object: CalendarObject, for item: SnapshotItem) async throws -> Answer? {
        let object = try object.with(uid: item.uid)
        let writes = try bridge.writes(toMake: object, from: item.records)
        guard !writes.isEmpty else { return nil }
        let isCreation = writes.contains(where: \.isCreation)
        if isCreation || writes.count > 1 {
            try await state.intend(object.text, for: item.uid, isCreation: isCreation, over: link)
        }
        return try await perform(writes, for: item)
    }

    /// Performs writes one by one, and remembers after each what the upstream has now; nil where there are none.
    mutating func perform(_ writes: [RecordWrite], for item: SnapshotItem) async throws -> Answer? {
        var records = Dictionary(item.records.map { ($0.id, $0) }) { _, last in last }
        var series = item.series ?? ""
        for (index, write) in writes.enumerated() {
            let answer = try await perform(write, for: item, isFirst: index == 0)
            if isListing {
                if let former = records[write.recordID] { writtenMeanwhile.note(former) }
                if let answer { writtenMeanwhile.note(series: answer.series) }
            }
            if let answer {
                records[answer.id] = answer
                series = answer.series
            } else {
                records[write.recordID] = nil
            }
            written.insert(series)
            let mirrored = mirrored(records, series, uid: item.uid)
            guard index < writes.count - 1 else { return self.answer(mirrored, series) }
            try await state.remember(mirrored.object, mirrored.records, of: link)
        }
        return nil
    }

    /// Performs one write; a refusal of the first takes back the note that it may have happened.
    private mutating func perform(
        _ write: RecordWrite,
        for item: SnapshotItem,
        isFirst: Bool
    ) async throws -> UpstreamRecord? {
        var write = write
        if case .create(var creation) = write, item.intent?.isCreation == true {
            creation.mayExist = true
            write = .create(creation)
        }
        do {
            return try await performAudited(write, for: item)
        } catch let error as BridgeError {
            if isFirst, item.intent == nil, error.isCertain { try await state.abandonIntent(item.uid, over: link) }
            throw error
        }
    }

    private func mirrored(
        _ records: [String: UpstreamRecord],
        _ series: String,
        uid: String
    ) -> (object: MirroredObject, records: [UpstreamRecord]) {
        let records = records.values.filter { $0.series == series }.sorted { $0.id < $1.id }
        var holders: [String: String] = [:]
        return (
            MirroredObject(records, series, as: uid, holders: &holders, Translation(of: records, by: bridge)), records
        )
    }

    private func answer(
        _ mirrored: (object: MirroredObject, records: [UpstreamRecord]),
        _ series: String
    ) -> Answer {
        var answer = Answer(series: series, mirrored: mirrored)
        do {
            answer.remote = try mirrored.object.text.map { text in
                let object = try CalendarObject(parsing: text)
                return RemoteItem(
                    digest: mirrored.object.digest,
                    object: object,
                    fields: Projection(of: object, onto: bridge.fields).fields,
                    modified: mirrored.object.modified
                )
            }
        } catch {
            answer.mirrored.object.problem = "\(error)"
        }
        return answer
    }
}

extension RecordWrite {
    var isCreation: Bool {
        if case .create = self { return true }
        return false
    }

    /// The record that is written; empty for one that has no identifier yet.
    var recordID: String {
        switch self {
        case .create(let creation): creation.id ?? ""
        case .update(let id, _, _, _), .delete(let id, _, _): id
        }
    }
}

extension BridgeError {
    /// Whether the write was not done, for certain.
    var isCertain: Bool {
        switch self {
        case .unreachable: false
        case .cursorExpired, .changedUpstream, .authorizationRevoked, .throttled, .refused: true
        }
    }

    /// Whether it concerns one item only.
    var concernsItem: Bool {
        switch self {
        case .changedUpstream, .unreachable: true
        case .refused(let refusal): refusal.subject == .item
        case .cursorExpired, .authorizationRevoked, .throttled: false
        }
    }
}
