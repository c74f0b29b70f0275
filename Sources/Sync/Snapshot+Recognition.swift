import Bridging
import ICalendar
import Reconcile

extension Snapshot {
    /// Finds items whose two sides say the same as far as the upstream can hold it, though both changed.
    ///
    /// So a write of ours whose answer was lost is recognised, however the upstream normalised it: there is nothing left to
    /// write, and nothing to be in conflict about.
    ///
    /// `own` is the bridge as it treats an item.
    mutating func recognise(by bridge: any Bridge, own: (SnapshotItem) -> any Bridge) {
        let allReadOnly = Set(bridge.fields.readOnly.map(\.rawValue))
        for (uid, item) in items {
            let readOnly = item.isToldElsewhere ? allReadOnly.union([Field.attendees.rawValue]) : allReadOnly
            if item.isOurUnansweredCreation(over: bridge) { items[uid]?.countAsAgreed() }
            guard let local = item.local, let remote = item.remote, item.isChangedOnBothSides,
                local.fields != remote.fields, item.records.isEmpty == false, !showsSomeOnly || item.agreesOnOccurrences
            else { continue }
            do {
                guard try own(item).writes(toMake: local.outgoing, from: item.records).isEmpty else { continue }
            } catch {
                // What the upstream cannot hold is no proof that it says the same.
                continue
            }
            let known = showsSomeOnly ? item.shown(local.fields) : local.fields
            let theirs = remote.fields.filter { key, _ in
                readOnly.contains(key.name) || key.name == Field.answer.rawValue && local.fields[key] == nil
            }
            recognised[uid] = known.filter { !readOnly.contains($0.key.name) }.merging(theirs) { _, theirs in theirs }
        }
    }
}

extension SnapshotItem {
    /// Whether the upstream has the very event that we made there without hearing so, and that was deleted here since.
    ///
    /// It would come back as one that the upstream made; one that a person changed there meanwhile does come back.
    fileprivate func isOurUnansweredCreation(over bridge: any Bridge) -> Bool {
        guard case .creation(let text)? = intent, local == nil, base.map(\.isVoid) ?? true, remote != nil else {
            return false
        }
        do {
            return try bridge.writes(toMake: CalendarObject(parsing: text), from: records).isEmpty
        } catch {
            return false
        }
    }

    fileprivate mutating func countAsAgreed() {
        guard let remote else { return }
        base = AgreedItem(
            series: series,
            agreement: Agreement(local: [:], remote: remote.fields),
            localText: remote.object.text,
            remoteText: remote.object.text,
            localDigest: MirroredObject.noDigest,
            remoteDigest: remote.digest,
            origin: .gateway,
            isVoid: false
        )
    }

    /// Whether both sides say the same of every occurrence that the upstream shows: a write of the series tells nothing of them.
    fileprivate var agreesOnOccurrences: Bool {
        guard let local, let remote else { return true }
        return Set(local.fields.keys).union(remote.fields.keys).allSatisfy { key in
            key.occurrence == nil || !isShown(key) || local.fields[key] == remote.fields[key]
        }
    }

    /// Whether each side differs from what it said when both agreed; without an agreement both do.
    fileprivate var isChangedOnBothSides: Bool {
        guard let local, let remote, let base, !base.isVoid else { return true }
        return local.fields != base.agreement.local && remote.fields != base.agreement.remote
    }
}
