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

    /// What is agreed on by it; nil where it is not there.
    var agreed: AgreedItem?

    /// Its lines of the audit trail, where it is there.
    var found: [AuditEntry]
}

extension SyncPass {
    /// Finds out by what the upstream says now whether it was written what was begun and not answered.
    ///
    /// What is there as it was meant is agreed on, and everything after that is somebody's edit: of our side, whose edits
    /// would otherwise be in conflict with our own write, and of the upstream's.
    mutating func settleUnanswered(in snapshot: inout Snapshot) async throws {
        var changes: [FoundChange] = []
        for (uid, item) in snapshot.items {
            guard case .change(let write)? = item.intent else { continue }
            // What was written while the upstream was listed may be missing in that listing.
            guard !intended.contains(uid) else {
                snapshot.items[uid] = nil
                continue
            }
            let agreed = try item.agreed(after: write, by: bridge)
            let found = agreed == nil ? [] : unanswered.removeValue(forKey: uid) ?? []
            changes.append(FoundChange(uid: uid, agreed: agreed, found: found.compactMap(\.foundWritten)))
            snapshot.items[uid]?.intent = nil
            if let agreed { snapshot.items[uid]?.base = agreed }
        }
        // Each change stands or falls by itself, so that they may be noted in as many steps as please.
        for start in stride(from: 0, to: changes.count, by: Self.itemsAtOnce) {
            try await state.settleUnanswered(changes[start...].prefix(Self.itemsAtOnce), over: link)
        }
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
    private func says(_ target: CalendarObject, over bridge: any Bridge) -> Bool {
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
