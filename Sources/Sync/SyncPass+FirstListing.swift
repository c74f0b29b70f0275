import Bridging
import ICalendar
import Reconcile
import Store

/// A link's first listing is carried out while it is being made.
///
/// Nothing is concluded from what a listing does not name before its last page is there, and the cursor is stored last: a
/// pass that dies on the way is followed by one that lists everything again and finds in step what was brought already.
extension SyncPass {
    /// Lists everything and brings here what can come at once; answers what is left to be mirrored and compared.
    ///
    /// - Returns: nil where something is known of the link already: then all of it has to be compared.
    mutating func pullFirst() async throws -> PulledRecords? {
        guard let bridge = bridge as? any PagingBridge, link.effectiveDirection != .push,
            !configuration.mendedProviders.contains(link.provider)
        else { return nil }
        let filters = try link.readFilters()
        guard filters.busyOnly != true, let place = try await state.firstPlace(of: link) else { return nil }
        firstPlace = place
        let (pages, page) = AsyncStream<ListedPage>.makeStream()
        let basket = FreshBasket()
        // An edit is looked at before more is written.
        let rings = edits.rings()
        defer { edits.hangUp() }
        async let _: Void = { for await _ in rings { basket.nudge() } }()
        isListing = true
        defer { isListing = false }
        let pass = preparer
        let terms = FirstTerms(fields: bridge.fields, filters: filters, rules: link.rules(bridge.fields, configuration))
        async let listing = Self.listing(of: bridge, telling: page)
        async let worked = Self.workedOut(pages, beyond: place, into: basket) { series, records in
            pass.freshItem(series, records, terms)
        }
        var records: [UpstreamRecord] = []
        while let items = await basket.next() {
            try await heedEdits()
            let listed = basket.listed
            meter.expect(listed: listed.events, isAll: listed.isAll)
            tellProgress()
            if !items.isEmpty { records += try await bring(items) }
        }
        let cursor = try await listing
        let rest = await worked
        // What is left is counted once it is compared.
        meter.expect(listed: 0, isAll: true)
        // A stream that was cancelled ends like any other, and what it did not give was not brought.
        try Task.checkCancellation()
        return PulledRecords(records: records + rest, isComplete: false, cursor: cursor)
    }

    private static func listing(
        of bridge: any PagingBridge,
        telling page: AsyncStream<ListedPage>.Continuation
    ) async throws -> SyncCursor? {
        defer { page.finish() }
        return try await bridge.listAll { page.yield($0) }
    }

    private static func workedOut(
        _ pages: AsyncStream<ListedPage>,
        beyond place: FirstPlace,
        into basket: FreshBasket,
        _ workOut: @escaping @Sendable (String, [UpstreamRecord]) -> FreshItem?
    ) async -> [UpstreamRecord] {
        defer { basket.close() }
        var listing = FirstListing(beyond: place, workOut)
        return await listing.workedOut(pages, into: basket)
    }

    /// Makes an event of the records of a series, where it is simply to be taken over.
    private func freshItem(
        _ series: String,
        _ listed: [UpstreamRecord],
        _ terms: FirstTerms
    ) -> FreshItem? {
        // Of a record that was listed twice the later one counts.
        let records =
            listed.count == 1
            ? listed
            : Dictionary(listed.map { ($0.id, $0) }) { _, later in later }.values.sorted { $0.id < $1.id }
        guard case .object(let object) = Translation(of: records, by: bridge) else { return nil }
        // What is protected is settled like any other change.
        guard (bridge as? any ProtectingBridge)?.protection(of: records) == nil else { return nil }
        let fields = Projection(of: object, onto: terms.fields).fields
        let etag = ETag.of(object.text)
        let modified = records.compactMap(\.modified).max()
        var item = SnapshotItem(uid: object.uid)
        item.series = series
        item.records = records
        item.remote = RemoteItem(digest: etag.rawValue, object: object, fields: fields, modified: modified)
        guard item.isWanted(by: terms.filters, over: bridge, at: clock.now()) else { return nil }
        let version = ItemVersion(fields: fields, modified: modified?.seconds)
        let decisions = reconcile(base: [:], local: [:], remote: [item.uid: version], rules: terms.rules)
        guard decisions[item.uid] == Decision(.createLocal) else { return nil }
        return FreshItem(item, etag, FieldsText.encode(fields), at: clock.now())
    }

    /// Writes events that our calendar does not have, with their agreement, in one transaction.
    ///
    /// - Returns: the records of those whose UID or name somebody took meanwhile.
    private mutating func bring(_ items: [FreshItem]) async throws -> [UpstreamRecord] {
        try await beginRun()
        guard let run else { preconditionFailure("a run has begun on the line above") }
        guard let outcome = try await state.bring(items, of: link, in: run) else { throw PassFailure.calendarMissing }
        // While nobody else writes, everything up to here is in step.
        if firstPlace?.revision == outcome.revisions.lowerBound {
            firstPlace?.revision = outcome.revisions.upperBound
        }
        var taken: [UpstreamRecord] = []
        for (item, isStored) in zip(items, outcome.isStored) {
            if isStored {
                report[item.uid] = .done
                report.counts.pulled += 1
            } else {
                taken += item.records
            }
        }
        meter.finish(items.count)
        tellProgress()
        return taken
    }
}

/// On what the events of a first listing come here.
private struct FirstTerms: Sendable {
    let fields: FieldSet
    let filters: LinkFilters
    let rules: Rules
}

extension FreshItem {
    fileprivate convenience init(_ item: SnapshotItem, _ etag: ETag, _ fields: String, at now: Instant) {
        guard let remote = item.remote, let series = item.series else {
            preconditionFailure("an event that is taken over was translated from a series")
        }
        let object = MirroredObject(
            series: series,
            uid: item.uid,
            text: remote.object.text,
            digest: remote.digest,
            modified: remote.modified
        )
        var entry = RunEntry(item, "create", [], undo: nil)
        entry.removes = .gateway
        self.init(object, item.records, Draft(remote.object, etag: etag, at: now), fields: fields, entry)
    }
}
