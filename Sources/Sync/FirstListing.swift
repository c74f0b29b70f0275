import Bridging
import ICalendar
import Reconcile
import Store

/// An event of an upstream, worked out and ready to be written to a calendar that knows nothing of it.
///
/// A class because thousands of them go through several hands on their way, each of them large.
final class FreshItem: Sendable {
    let uid: String
    let object: MirroredObject
    let records: [UpstreamRecord]
    let draft: Draft
    /// What both sides agree on, as a column holds it.
    let fields: String
    let entry: RunEntry

    init(_ object: MirroredObject, _ records: [UpstreamRecord], _ draft: Draft, fields: String, _ entry: RunEntry) {
        uid = entry.uid
        self.object = object
        self.records = records
        self.draft = draft
        self.fields = fields
        self.entry = entry
    }
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

    /// The records of all other series.
    private var open: [String: [UpstreamRecord]] = [:]

    /// Records that were listed after their series was on its way: exceptions of it, or what has changed since.
    private var changed: [UpstreamRecord] = []

    /// So many events are worked out at once.
    private static let itemsAtOnce = 400

    /// `workOut` makes an event of the records of a series; nil where it is not simply to be taken over.
    init(beyond place: FirstPlace, _ workOut: @escaping @Sendable (String, [UpstreamRecord]) -> FreshItem?) {
        uids = place.uids
        self.workOut = workOut
    }

    /// Works out one page after the other and gives away what is ready.
    ///
    /// A series is as soon as its own record is there: to wait for exceptions that later pages may bring would leave a good part
    /// of the writing to the end. Exceptions of a series that is not there yet wait for it.
    ///
    /// - Returns: all records that are to be mirrored and compared.
    mutating func workedOut(_ pages: AsyncStream<ListedPage>, into basket: FreshBasket) async -> [UpstreamRecord] {
        for await page in pages { await take(page, into: basket) }
        // Whatever waits still, after a listing that told of no last page, is compared like all the others.
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
        basket.note(FreshBasket.Listed(events: brought.count + open.count, isAll: page.isLast))
        // After the last page nothing is waited for any more.
        if page.isLast { names.formUnion(open.filter { !Self.hasLead($0.value) }.keys) }
        let sorted = names.filter { page.isLast || Self.hasLead(open[$0] ?? []) }.sorted()
        for start in stride(from: 0, to: sorted.count, by: Self.itemsAtOnce) {
            let some = sorted[start..<min(start + Self.itemsAtOnce, sorted.count)].map { ($0, open[$0] ?? []) }
            let workOut = workOut
            let found = await inParallel(some) { workOut($0.0, $0.1) }
            await basket.put(zip(some, found).compactMap { series, item in admit(item, of: series.0) })
        }
    }

    /// Whether a series' own record is there, the event itself.
    private static func hasLead(_ records: [UpstreamRecord]) -> Bool { records.contains { $0.id == $0.series } }

    /// Answers an event that may come here at once; what is in doubt is left.
    private mutating func admit(_ item: FreshItem?, of series: String) -> FreshItem? {
        guard let item, !uids.contains(item.uid), holders[item.uid, default: series] == series else { return nil }
        holders[item.uid] = series
        open[series] = nil
        brought.insert(series)
        return item
    }
}
