import Bridging
import ICalendar
import Reconcile
import Store

/// An event of an upstream, worked out and ready to be written to a calendar that knows nothing of it.
struct FreshItem: Sendable {
    var uid: String
    var object: MirroredObject
    var records: [UpstreamRecord]
    var draft: Draft
    /// What both sides agree on, as a column holds it.
    var fields: String
    var entry: RunEntry
}

/// What our calendar and a link had before the link's first listing.
struct FirstPlace: Sendable {
    /// The UIDs our calendar had.
    var uids: Set<String>
    var revision: Int64
}

/// Works out what a first listing brings, while it is being made.
///
/// An event that nothing of ours can concern needs no comparison: it comes here as it is. Everything else is left to be
/// mirrored and compared like any other change: what cannot be read, what is filtered out, what we have too.
struct FirstListing: Sendable {
    private let uids: Set<String>
    private let workOut: @Sendable (String, [UpstreamRecord]) -> FreshItem?

    /// Which series has a UID.
    private var holders: [String: String] = [:]

    /// Series that are on their way here.
    private var brought: Set<String> = []

    /// The records of all other series, and what became of those that later pages may still add to.
    private var open: [String: [UpstreamRecord]] = [:]
    private var waiting: [String: FreshItem] = [:]

    /// Records that were listed once more after their series was on its way: they have changed since.
    private var changed: [UpstreamRecord] = []

    /// So many events are worked out at once.
    private static let itemsAtOnce = 400

    /// `workOut` makes an event of the records of a series; nil where it is not simply to be taken over.
    init(beyond place: FirstPlace, _ workOut: @escaping @Sendable (String, [UpstreamRecord]) -> FreshItem?) {
        uids = place.uids
        self.workOut = workOut
    }

    /// Works out one page after the other and gives away what is whole.
    ///
    /// - Returns: all records that are to be mirrored and compared.
    mutating func workedOut(_ pages: AsyncStream<ListedPage>, into basket: FreshBasket) async -> [UpstreamRecord] {
        for await page in pages { await take(page, into: basket) }
        // Whatever waits for more still, after a listing that told of no last page, is compared like all the others.
        return open.values.flatMap { $0 } + changed
    }

    private mutating func take(_ page: ListedPage, into basket: FreshBasket) async {
        var names: Set<String> = []
        for record in page.records {
            guard !brought.contains(record.series) else {
                changed.append(record)
                continue
            }
            open[record.series, default: []].append(record)
            names.insert(record.series)
        }
        if page.isLast { basket.put(whatWaited(besides: names)) }
        let sorted = names.sorted()
        for start in stride(from: 0, to: sorted.count, by: Self.itemsAtOnce) {
            let some = sorted[start..<min(start + Self.itemsAtOnce, sorted.count)].map { ($0, open[$0] ?? []) }
            let workOut = workOut
            let found = await inParallel(some) { workOut($0.0, $0.1) }
            let ready = zip(some, found).compactMap { series, item in
                let isWhole = page.isLast || page.whole.contains(series.0) && series.1.count == 1
                return admit(item, of: series.0, isWhole: isWhole)
            }
            basket.put(ready)
        }
    }

    /// The events of earlier pages that nothing was added to, now that nothing will be.
    private mutating func whatWaited(besides names: Set<String>) -> [FreshItem] {
        let whole = waiting.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }
        return whole.map { series, item in
            send(series)
            return item
        }
    }

    /// Notes that a series is on its way here.
    private mutating func send(_ series: String) {
        waiting[series] = nil
        open[series] = nil
        brought.insert(series)
    }

    /// Answers an event that may come here at once; one that more may belong to waits, and what is in doubt is left.
    private mutating func admit(_ item: FreshItem?, of series: String, isWhole: Bool) -> FreshItem? {
        waiting[series] = nil
        guard let item, !uids.contains(item.uid), holders[item.uid, default: series] == series else { return nil }
        holders[item.uid] = series
        guard isWhole else {
            waiting[series] = item
            return nil
        }
        send(series)
        return item
    }
}
