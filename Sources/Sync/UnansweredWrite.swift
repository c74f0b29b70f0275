import Bridging
import ICalendar
import Reconcile
import Store

/// A write to an event that both sides had, of which the upstream's answer is not known.
struct UnansweredWrite: Sendable {
    /// What the upstream was to say.
    var text: String

    /// The fields that the write was about.
    var fields: [FieldKey]

    /// Whether it was one of several, so that the upstream may say half of what was meant.
    var isSeveral: Bool
}

/// What became of a change that was not answered.
struct FoundChange: Sendable {
    var uid: String

    /// Whether an event was to be made.
    var isCreation = false

    /// What is agreed on by it; nil where it is not there, or is agreed on later.
    var agreed: AgreedItem?

    /// Its lines of the audit trail, which say whether it is there.
    var lines: [AuditEntry]

    /// Its line in the run that finds it, by which it can be undone; nil where it is not there.
    var entry: RunEntry?
}

extension SyncPass {
    /// Finds out by what the upstream says now whether it was written what was begun and not answered.
    ///
    /// What is there as it was meant is agreed on, and everything after that is somebody's edit: of our side, whose edits
    /// would otherwise be in conflict with our own write, and of the upstream's.
    mutating func settleUnanswered(in snapshot: inout Snapshot) async throws {
        var changes: [FoundChange] = []
        for (uid, item) in snapshot.items {
            switch item.intent {
            case nil: continue
            case .creation(let text):
                if let change = try foundCreation(item, of: text) { changes.append(change) }
            case .change(let write):
                // What was written while the upstream was listed may be missing in that listing.
                guard !intended.contains(uid) else {
                    snapshot.items[uid] = nil
                    continue
                }
                let change = try found(write, of: item)
                changes.append(change)
                snapshot.items[uid]?.intent = nil
                if let agreed = change.agreed { snapshot.items[uid]?.base = agreed }
            }
        }
        let found = changes.count { $0.entry != nil }
        if found > 0 { try await beginRun() }
        // Each change stands or falls by itself, so that they may be noted in as many steps as please.
        for start in stride(from: 0, to: changes.count, by: Self.itemsAtOnce) {
            try await state.settleUnanswered(changes[start...].prefix(Self.itemsAtOnce), over: link, in: run)
        }
        report.counts.pushed += found
    }

    /// What became of a creation that is there as it was meant; nil where that is for the comparison to tell.
    ///
    /// An event that says anything else may be somebody else's of the same UID, or be edited: no undoing takes it away.
    private mutating func foundCreation(_ item: SnapshotItem, of text: String) throws -> FoundChange? {
        guard item.local != nil, item.remote != nil, item.base == nil else { return nil }
        let target = try CalendarObject(stored: text, uid: item.uid, kind: .event)
        guard item.says(target, over: bridge) else { return nil }
        let lines = takeUnanswered(item.uid, where: \.isBegunCreation)
        guard !lines.isEmpty else { return nil }
        var entry = RunEntry(item, Action.createRemote.word, [], undo: nil)
        entry.removes = .upstream
        entry.tellsGuests = bridge is any MailingBridge && mail(about: item) == .all
        let found = lines.compactMap(\.foundWritten)
        return FoundChange(uid: item.uid, isCreation: true, lines: found, entry: entry)
    }

    /// What became of a change of an event that both sides had.
    private mutating func found(_ write: UnansweredWrite, of item: SnapshotItem) throws -> FoundChange {
        let lines = takeUnanswered(item.uid) { $0.actor == AuditEntry.pass }
        guard var agreed = try item.agreed(after: write, by: bridge) else {
            return FoundChange(uid: item.uid, lines: lines.compactMap(\.notFound))
        }
        // Of several writes the first may have been answered: what that one made was agreed on then.
        guard item.base.map({ $0.isVoid || $0.agreement != agreed.agreement }) ?? true else {
            return FoundChange(uid: item.uid, agreed: agreed, lines: lines.compactMap(\.notFound))
        }
        let former = try former(item, before: write)
        agreed.localText = try left(item, by: write, agreed, former)
        var change = FoundChange(uid: item.uid, agreed: agreed, lines: lines.compactMap(\.foundWritten))
        guard !lines.isEmpty else { return change }
        change.entry = RunEntry(item, "push", Set(write.fields), undo: item.retry?.undo ?? former?.text)
        return change
    }

    /// The lines of writes of an item without an answer, of which something is known from now on.
    private mutating func takeUnanswered(_ uid: String, where isMeant: (AuditEntry) -> Bool) -> [AuditEntry] {
        let lines = unanswered[uid] ?? []
        unanswered[uid] = lines.filter { !isMeant($0) }
        return lines.filter(isMeant)
    }

    /// Our side as it was before what was written was edited; nil where that was never noted.
    private func former(_ item: SnapshotItem, before write: UnansweredWrite) throws -> CalendarObject? {
        guard let base = item.base, let agreed = try base.localObject() else { return nil }
        guard let local = item.local else { return agreed }
        let edited = differing(local.fields, base.agreement.local).union(write.fields)
        do {
            return try overlay(
                item.isVeiled ? BusyTime.times(edited) : edited,
                of: agreed,
                onto: local.object,
                fieldSet: incoming(item)
            )
        } catch {
            return agreed
        }
    }

    /// Our side as it was when the write was made: what somebody has edited since is not in it.
    private func left(
        _ item: SnapshotItem,
        by write: UnansweredWrite,
        _ agreed: AgreedItem,
        _ former: CalendarObject?
    ) throws -> String {
        if let local = item.local, differing(local.fields, agreed.agreement.local).isEmpty { return local.stored.text }
        guard let former else { return agreed.localText }
        let target = try CalendarObject(stored: write.text, uid: item.uid, kind: .event)
        let wanted = Projection(of: target, onto: bridge.fields).fields
        let told = Set(write.fields.filter { agreed.agreement.local[$0] == wanted[$0] })
        do {
            return try overlay(told, of: target, onto: former, fieldSet: incoming(item)).text
        } catch {
            return agreed.localText
        }
    }

    /// The fields that may go upstream of which two say otherwise.
    private func differing(_ one: Fields, _ other: Fields) -> Set<FieldKey> {
        let readOnly = Set(bridge.fields.readOnly.map(\.rawValue))
        return Set(one.keys).union(other.keys).filter { one[$0] != other[$0] && !readOnly.contains($0.name) }
    }
}

extension SnapshotItem {
    /// The agreement after a write without an answer; nil where the upstream shows nothing of it.
    fileprivate func agreed(after write: UnansweredWrite, by bridge: any Bridge) throws -> AgreedItem? {
        guard let remote else { return nil }
        let target = try CalendarObject(stored: write.text, uid: uid, kind: .event)
        let wanted = Projection(of: target, onto: bridge.fields).fields
        let isWhole = says(target, over: bridge)
        var agreed = openAgreement(saying: write.text, origin: .both)
        var isFound = false
        for field in write.fields {
            let (there, before) = (remote.fields[field], agreed.agreement.remote[field])
            // A write of a series tells nothing of occurrences that have records of their own.
            let isSaid =
                there == wanted[field] || isWhole && (field.occurrence == nil || bridge.fields.overrides == .all)
            guard isSaid || there != before else { continue }
            if isSaid {
                agreed.agreement.local[field] = wanted[field]
            } else if write.isSeveral, field == .schedule {
                // It is told by many records, of which some are written; what one of them says is there or not.
                agreed.agreement.local[field] = Agreement.neverSaid
            } else {
                continue
            }
            agreed.agreement.remote[field] = there
            isFound = true
        }
        return isFound ? agreed : nil
    }

    /// The agreement once the upstream has answered to some of several writes: what it says was written, and no more.
    ///
    /// What it says otherwise than it was meant goes up once more.
    func agreed(reaching reached: RemoteItem, of series: String, saying target: CalendarObject, onto fields: FieldSet)
        -> AgreedItem
    {
        let wanted = Projection(of: target, onto: fields).fields
        let former = remote?.fields ?? [:]
        var agreed = openAgreement(saying: target.text, origin: remote == nil ? .gateway : .both)
        agreed.series = series
        // What is known of occurrences is of before their series was moved: only the next listing tells.
        let isMoved = former[.schedule] != reached.fields[.schedule]
        for field in Set(former.keys).union(reached.fields.keys) where former[field] != reached.fields[field] {
            let isSaid = reached.fields[field] == wanted[field]
            guard isSaid || !isMoved || field.occurrence == nil else { continue }
            agreed.agreement.remote[field] = reached.fields[field]
            agreed.agreement.local[field] = isSaid ? wanted[field] : Agreement.neverSaid
        }
        return agreed
    }

    /// The agreement there is, or one on nothing yet.
    private func openAgreement(saying text: String, origin: Origin) -> AgreedItem {
        if let base, !base.isVoid { return base }
        return AgreedItem(
            series: series,
            agreement: Agreement(local: [:], remote: [:]),
            localText: text,
            remoteText: text,
            localDigest: MirroredObject.openDigest,
            remoteDigest: MirroredObject.openDigest,
            origin: base?.origin ?? departed?.origin ?? origin,
            isVoid: false
        )
    }

    /// Whether the upstream says what was meant, however it normalised it.
    fileprivate func says(_ target: CalendarObject, over bridge: any Bridge) -> Bool {
        do {
            return try bridge.writes(toMake: target, from: records).isEmpty
        } catch {
            // What the upstream cannot hold is no proof that it says the same.
            return false
        }
    }
}

extension Agreement {
    /// A value no projection has: a field with it has changed for certain.
    static let neverSaid = "\u{1}"
}

extension Decision {
    /// The fields that it changes upstream of an event that is there.
    var pushed: Set<FieldKey> {
        switch action {
        case .push(let fields), .merge(_, let fields): fields
        case .agree, .pull, .createLocal, .createRemote, .deleteLocal, .deleteRemote, .forget, .hold: []
        }
    }
}
