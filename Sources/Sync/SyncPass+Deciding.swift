import Bridging
import ICalendar
import Reconcile
import Store

extension SyncPass {
    /// Decides about every item of a snapshot; what the filters keep out is taken out of it.
    func decide(on snapshot: inout Snapshot) throws -> [String: Decision] {
        noteSplits(on: &snapshot)
        noteCopies(on: &snapshot)
        return keepingCopiesApart(keepingTogether(try decideEach(on: &snapshot), of: snapshot), of: snapshot)
    }

    private func decideEach(on snapshot: inout Snapshot) throws -> [String: Decision] {
        let filters = try link.readFilters()
        let bridge = bridge
        let now = clock.now()
        snapshot.items = snapshot.items.filter { $0.value.isWanted(by: filters, over: bridge, at: now) }
        noteInvitations(on: &snapshot)
        snapshot.recognise(by: bridge) { self.bridge(for: $0) }
        let rules = link.rules(bridge.fields, configuration)
        guard filters.busyOnly == true else {
            let told = snapshot.decisions(uninvitingRules(rules)) { $0.isToldElsewhere }
            let asked = snapshot.decisions(invitingRules(rules)) { !$0.isToldElsewhere && $0.notifiesGuests }
            let others = snapshot.decisions(rules) { !$0.isToldElsewhere && !$0.notifiesGuests }
            return others.merging(asked) { first, _ in first }.merging(told) { first, _ in first }
        }

        // What is the upstream's own travels home in full; of what is ours only the times leave.
        var reserved = rules
        reserved.pullOnly.formUnion(bridge.fields.all.subtracting(BusyTime.fields).map(\.rawValue))
        let theirs = snapshot.decisions(reserved) { !$0.isVeiled }
        let ours = snapshot.decisions(rules) { $0.isVeiled }.compactMapValues(BusyTime.withoutDetails)
        return theirs.merging(ours) { first, _ in first }
    }

    /// What of an upstream's event may come here.
    func incoming(_ item: SnapshotItem) -> FieldSet { item.isVeiled ? bridge.fields.timesOnly : bridge.fields }
}

extension Snapshot {
    fileprivate func decisions(_ rules: Rules, where isMeant: (SnapshotItem) -> Bool) -> [String: Decision] {
        var part = self
        part.items = items.filter { isMeant($0.value) }
        return reconcile(
            base: part.base,
            local: part.local,
            remote: part.remote,
            rules: rules,
            exceptions: part.interrupted
        )
    }
}

extension SnapshotItem {
    /// Whether an item is looked at: it passes the filters, or it is in step, or is being changed upstream, or a person is asked.
    ///
    /// What was to be made there, and is not there as far as anybody knows, has to pass them again. A side that cannot hold
    /// categories is not asked for them.
    func isWanted(by filters: LinkFilters, over bridge: any Bridge, at now: Instant) -> Bool {
        let isBegun = intent.map { !$0.isCreation || remote != nil } ?? false
        guard base == nil, !isBegun, conflict == nil, !isPartOfKnown else { return true }
        if filters.declined == false, local == nil, (bridge as? any AnsweringBridge)?.isDeclined(records) == true {
            return false
        }
        var remoteFilters = filters
        if filters.namesCategories, !bridge.fields.all.contains(.categories) {
            remoteFilters.categories = nil
            remoteFilters.exceptCategories = nil
        }
        if let local, filters.admits(local.object, at: now) { return true }
        guard let remote else { return local == nil }
        return remoteFilters.admits(remote.object, at: now)
    }
}
