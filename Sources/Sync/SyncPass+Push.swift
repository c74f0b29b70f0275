import Bridging
import ICalendar
import Reconcile
import Store

/// A decision that needs the upstream, worked out: what is written there, and what is noted once it is.
struct OutgoingItem: Sendable {
    var decision: Decision
    var item: SnapshotItem
    /// What the upstream is to say; nil where the event is to be deleted there.
    var target: CalendarObject?
    var writes: [RecordWrite]
    /// What our side says then; nil where nothing is agreed on any more.
    var local: LocalItem?
    var localWrite: LocalWrite?
    var entry: RunEntry
    var count: @Sendable (inout PassCounts) -> Void

    /// What is noted before the upstream hears of it; nil where nothing is to be said there.
    var intention: Intention? {
        guard let target, !writes.isEmpty else { return nil }
        return Intention(
            uid: item.uid,
            text: target.text,
            isCreation: writes.contains(where: \.isCreation),
            fields: decision.pushed,
            isSeveral: writes.count > 1
        )
    }
}

/// What the upstream answered to the writes of one item.
struct Answer: Sendable {
    var series: String
    var mirrored: (object: MirroredObject, records: [UpstreamRecord])
    /// The event as the upstream has it now; nil where that cannot be read.
    var remote: RemoteItem?
}

extension SyncPass {
    // MARK: Working out

    /// Works out a decision that needs the upstream; nil where there is nothing to do.
    func outgoing(_ decision: Decision, on item: SnapshotItem) throws -> OutgoingItem? {
        switch decision.action {
        case .push(let fields): try pushed(fields, of: item, decision)
        case .merge(let pulled, let pushed): try merged(pulled, pushed, of: item, decision)
        case .createRemote: try createdRemote(item, decision)
        case .deleteRemote: try deletedRemote(item, decision)
        case .agree, .forget, .pull, .createLocal, .deleteLocal, .hold: nil
        }
    }

    private func pushed(_ fields: Set<FieldKey>, of item: SnapshotItem, _ decision: Decision) throws -> OutgoingItem? {
        guard let local = item.local, let remote = item.remote else { return nil }
        var target = try target(fields, of: local, over: remote)
        target = try withoutOutdatedForms(target, fields, of: item)
        let undo = item.retry?.undo ?? former(fields, of: item, local, remote)
        let entry = RunEntry(item, "push", fields, undo: undo)
        return try outgoing(target, item, decision, local, nil, entry) { $0.pushed += 1 }
    }

    /// What the upstream is to say: those fields as we have them, and everything else as it has it.
    private func target(
        _ fields: Set<FieldKey>,
        of local: LocalItem,
        over remote: RemoteItem
    ) throws -> CalendarObject {
        try overlay(
            fields,
            of: local.outgoing,
            onto: remote.object,
            fieldSet: bridge.fields.unlimited,
            missing: .ownStays
        )
    }

    /// Our side as it was before what is pushed was edited; where that is no event any more, as it was last agreed on.
    private func former(
        _ fields: Set<FieldKey>,
        of item: SnapshotItem,
        _ local: LocalItem,
        _ remote: RemoteItem
    ) -> String? {
        do {
            return try overlay(
                item.isVeiled ? BusyTime.times(fields) : fields,
                of: remote.object,
                onto: local.object,
                fieldSet: incoming(item)
            ).text
        } catch {
            return item.base?.localText
        }
    }

    private func merged(
        _ pulled: Set<FieldKey>,
        _ pushed: Set<FieldKey>,
        of item: SnapshotItem,
        _ decision: Decision
    ) throws -> OutgoingItem? {
        guard let local = item.local, let remote = item.remote else { return nil }
        var target = try target(pushed, of: local, over: remote)
        target = try withoutOutdatedForms(target, pushed, of: item)
        let object = try pulling(pulled, of: remote.object, onto: local.object, for: item)
        let write: LocalWrite? =
            object.text == local.stored.text ? nil : .replace(local.stored, by: Draft(object, at: clock.now()))
        let written = try item.written(object, over: local, bridge.fields)
        var entry = RunEntry(item, "merge", pulled.union(pushed), undo: item.retry?.undo ?? local.stored.text)
        if entry.undoUpstream == nil, pulled.contains(.schedule) { entry.family = family(of: item) }
        return try outgoing(target, item, decision, written, write, entry) { $0.merged += 1 }
    }

    private func createdRemote(_ item: SnapshotItem, _ decision: Decision) throws -> OutgoingItem? {
        guard let local = item.local else { return nil }
        var entry = RunEntry(item, "create-upstream", [], undo: nil)
        entry.removes = .upstream
        entry.tellsGuests = bridge is any MailingBridge && mail(about: item) == .all
        return try outgoing(local.outgoing, item, decision, local, nil, entry) { $0.pushed += 1 }
    }

    private func deletedRemote(_ item: SnapshotItem, _ decision: Decision) throws -> OutgoingItem? {
        let undo = item.base?.localText ?? item.remote?.object.text
        let entry = RunEntry(item, "push-deletion", [], undo: undo)
        return try outgoing(nil, item, decision, nil, nil, entry) { $0.deletedUpstream += 1 }
    }

    private func outgoing(
        _ target: CalendarObject?,
        _ item: SnapshotItem,
        _ decision: Decision,
        _ local: LocalItem?,
        _ localWrite: LocalWrite?,
        _ entry: RunEntry,
        _ count: @escaping @Sendable (inout PassCounts) -> Void
    ) throws -> OutgoingItem {
        let target = try target?.with(uid: item.uid)
        return OutgoingItem(
            decision: decision,
            item: item,
            target: target,
            writes: try bridge(for: item).writes(toMake: target, from: item.records),
            local: local,
            localWrite: localWrite,
            entry: entry,
            count: count
        )
    }

    // MARK: Carrying out

    /// Writes upstream what was worked out, and then here: the upstream's refusal leaves our side as it was.
    mutating func send(_ outgoing: OutgoingItem) async throws -> ItemOutcome {
        try await beginRun()
        try await keepLoser(outgoing)
        let answer: Answer?
        if let target = outgoing.target {
            halfWritten[outgoing.item.uid] = nil
            answer = try await perform(outgoing.writes, for: outgoing.item, meaning: target, outgoing.intention) {
                $0.halfWritten[outgoing.item.uid] = outgoing.entry.undo
            }
        } else {
            answer = nil
            if isListing { for record in outgoing.item.records { writtenMeanwhile.note(record) } }
            for write in outgoing.writes { _ = try await performAudited(write, for: outgoing.item) }
        }
        return try await settle([settled(outgoing, answer)])[0]
    }

    /// What is noted once the upstream has answered; no answer where nothing was to be written, or the event was deleted.
    mutating func settled(_ outgoing: OutgoingItem, _ answer: Answer?) throws -> PreparedItem {
        let item = outgoing.item
        let isCreation = outgoing.decision.action == .createRemote
        let news =
            isCreation
            ? remains(of: outgoing, in: answer?.remote)
            : news(of: item, in: answer?.remote, besides: outgoing.decision.pushed, ours: outgoing.local?.fields)
        var settlement = Settlement(item.uid)
        // What is made again here was found gone there.
        if isCreation { settlement.found = begunDeletions(of: item).compactMap(\.foundWritten) }
        settlement.mirrored = answer?.mirrored
        if let answer { settlement.protection = protection(of: answer.mirrored.records) }
        settlement.localWrite = outgoing.localWrite
        let remote = answer?.remote ?? (isCreation ? nil : item.remote)
        if let local = outgoing.local {
            guard let remote else { throw TranslationError.unsupported(Self.unreadableAnswer) }
            settlement.agreed = item.agreement(
                try takingComputed(of: remote, onto: local, of: item, in: &settlement),
                remote,
                series: answer?.series,
                except: isCreation ? [] : outgoing.decision.withheld,
                news: news,
                origin: isCreation ? .gateway : nil
            )
        } else {
            settlement.forgottenSeries = item.series
        }
        return PreparedItem(settlement, outgoing.entry, count: outgoing.count)
    }

    /// What the upstream says in its answer that it did not say before, nor was told: somebody edited it there just then.
    ///
    /// It is not agreed on, and the next pass, at once, takes it for what it is. What only the upstream may write is taken
    /// with the answer. `ours` is what our side says then.
    mutating func news(
        of item: SnapshotItem,
        in answer: RemoteItem?,
        besides written: Set<FieldKey>,
        ours: Fields?
    ) -> Set<FieldKey> {
        guard let former = item.remote?.fields, let answer = answer?.fields else { return [] }
        let readOnly = Set(bridge.fields.readOnly.map(\.rawValue))
        let showsSomeOnly = bridge.fields.overrides == .some
        let news = Set(former.keys).union(answer.keys).filter { field in
            // A series that is moved takes its occurrences along; where they have records of their own, these tell. But one that
            // a record of its own still takes off does not take place there.
            if field.occurrence != nil, written.contains(.schedule) || showsSomeOnly {
                return showsSomeOnly && answer[field] == FieldKey.cancelled && ours.map { $0[field] == nil } ?? false
            }
            return former[field] != answer[field] && !written.contains(field) && !readOnly.contains(field.name)
        }
        if !news.isEmpty { report.news.insert(item.uid) }
        return news
    }

    /// What an upstream still says of occurrences of a series that it had before, and that was made anew: that they are cancelled.
    private mutating func remains(of outgoing: OutgoingItem, in answer: RemoteItem?) -> Set<FieldKey> {
        guard !outgoing.item.records.isEmpty, let answer = answer?.fields, let local = outgoing.local?.fields else {
            return []
        }
        let remains = Set(answer.filter { $0.value == FieldKey.cancelled && local[$0.key] == nil }.keys)
        if !remains.isEmpty { report.news.insert(outgoing.item.uid) }
        return remains
    }

    // MARK: Writing

    /// Writes down what is about to be overruled, before it is: whatever happens then, nothing a person typed is lost.
    func keepLoser(_ outgoing: OutgoingItem) async throws {
        guard let conflict = try conflict(outgoing.decision, outgoing.item) else { return }
        try await state.record(conflict, of: link)
    }

    private static let unreadableAnswer = "The upstream took the event, but what it answered cannot be read as one."

    /// Performs writes one by one, and remembers after each what the upstream has now; nil where there are none.
    ///
    /// `target` is what the upstream says after the last of them. What is intended is noted before the first, since its
    /// outcome may stay unknown; `begun` hears that the first of several is done.
    mutating func perform(
        _ writes: [RecordWrite],
        for item: SnapshotItem,
        meaning target: CalendarObject? = nil,
        _ intention: Intention? = nil,
        begun: (inout SyncPass) -> Void = { _ in }
    ) async throws -> Answer? {
        var records = Dictionary(item.records.map { ($0.id, $0) }) { _, last in last }
        var series = item.series ?? ""
        var writes = writes
        for index in writes.indices {
            let write: RecordWrite
            let answer: UpstreamRecord?
            do {
                try await examine(&writes, from: index, Array(records.values), for: item)
                write = writes[index]
                answer = try await perform(write, for: item, intending: index == 0 ? intention : nil)
            } catch let error as BridgeError {
                // After another write of it, only a listing tells what of the item is there.
                if index == 0, item.intent == nil, error.isCertain {
                    try await state.abandonIntents([item.uid], over: link)
                }
                throw error
            }
            if isListing {
                if let former = records[write.recordID] { writtenMeanwhile.note(former) }
                if let answer { writtenMeanwhile.note(series: answer.series) }
            }
            let mirrored = mirrored(answer, to: write, for: item, &records, &series)
            let result = self.answer(mirrored, series)
            guard index < writes.count - 1 else { return result }
            begun(&self)
            let agreed = result.remote.flatMap { reached in
                target.map { item.agreed(reaching: reached, of: series, saying: $0, onto: bridge.fields) }
            }
            try await state.remember(mirrored, agreed: agreed, on: item.uid, of: link, audit: takeAudit())
        }
        return nil
    }

    /// Looks at what is to be written unseen: all of it before the first write, and again after one of the series itself,
    /// which makes all of it another; and at a series before it is written itself.
    private func examine(
        _ writes: inout [RecordWrite],
        from index: Int,
        _ records: [UpstreamRecord],
        for item: SnapshotItem
    ) async throws {
        guard let bridge = bridge as? any OccurrenceBridge else { return }
        let isFirstLook = index == 0 && !writes[0].isCreation && writes.contains(where: \.isUnconditional)
        let isOfSeries = item.remote?.object.isSeries == true && writes[index].recordID == item.series
        guard isFirstLook || isOfSeries || writes[index].isUnconditional else { return }
        let isDisputed = item.retry.map { $0.isDisputed && $0.isSame(as: item) } ?? false
        let rest = Array(writes[index...])
        let examined = try await bridge.examined(rest, knowing: records, isDisputed: isDisputed)
        let end = writes[index...].firstIndex { $0.recordID == item.series } ?? writes.endIndex
        writes.replaceSubrange(index..<end, with: examined.prefix(end - index))
    }

    private mutating func perform(
        _ write: RecordWrite,
        for item: SnapshotItem,
        intending intention: Intention?
    ) async throws -> UpstreamRecord? {
        var write = write
        if case .create(var creation) = write {
            creation.mayExist = item.intent?.isCreation == true
            creation.isUnlisted = isListing && unknown != nil
            write = .create(creation)
        }
        return try await performAudited(write, for: item, intending: intention.map { [$0] } ?? [])
    }

    /// What the upstream answered to the only write of an item.
    mutating func answer(_ record: UpstreamRecord?, to write: RecordWrite, for item: SnapshotItem) -> Answer {
        var records = Dictionary(item.records.map { ($0.id, $0) }) { _, last in last }
        var series = item.series ?? ""
        let mirrored = mirrored(record, to: write, for: item, &records, &series)
        return answer(mirrored, series)
    }

    /// What the upstream has after a write of an item was answered.
    private mutating func mirrored(
        _ record: UpstreamRecord?,
        to write: RecordWrite,
        for item: SnapshotItem,
        _ records: inout [String: UpstreamRecord],
        _ series: inout String
    ) -> (object: MirroredObject, records: [UpstreamRecord]) {
        if let record {
            records[record.id] = record
            series = record.series
            if let bridge = bridge as? any UpkeepBridge, record.id == series {
                // It may have moved, and is told of its exceptions by now.
                for (id, gone) in records where gone.isDeleted { records[id] = bridge.placed(gone, in: record) }
            }
        } else {
            records[write.recordID] = nil
        }
        written.insert(series)
        return mirrored(records, series, uid: item.uid)
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
