public import Bridging
import HTTPTypes
import ICalendar

extension NotionBridge {
    /// How far behind the newest stamp a pull looks again: stamps are cut to the minute, and queries lag behind writes.
    static let overlap: Int64 = 120

    /// Fetches the pages edited since `cursor`, and all of them when it is nil or the last full listing is too old.
    ///
    /// Pages that vanish leave no trace in any query. A full listing therefore asks for each known page that it misses,
    /// and only what Notion says of that page counts.
    public func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        var place: PullCursor?
        if let cursor {
            guard let read = PullCursor(cursor) else { throw .cursorExpired }
            place = read
        }
        workspace.recall(titles: place?.titles ?? [:], of: link.identity)
        let columns = try await columnsToPull()
        var ledger = place?.ledger ?? Ledger()
        let news = await memory.news(beyond: ledger, of: link.identity)
        ledger.throwAway(news.trash)
        // Last: what came out of the trash again is among them.
        ledger.merge(news.entries)
        var pulled = try await pages(since: place, columns, known: ledger)
        try Self.require(columns, of: pulled.pages.values)
        let lagging = await memory.doubted(pulled.pages, since: place, ledger, columns, at: now(), of: link.identity)
        for id in lagging { pulled.pages[id] = nil }
        var doubtful = news.suspects.union(lagging)
        if pulled.isFull { doubtful.formUnion(ledger.entries.keys) }
        // A page is a copy only while its original lives.
        doubtful.formUnion(pulled.pages.values.compactMap { ledger.original(of: $0, columns) })
        // One that was called about and never known is of no account once it is gone, nor is one that we took away.
        let unknown = news.called.union(lagging)
        let vanished = try await confirm(doubtful.subtracting(pulled.pages.keys), &pulled)
            .filter { ledger[$0.id] != nil || !unknown.contains($0.id) }
        if pulled.isFull { workspace.forgetTitles(of: link.identity) }
        let listed = inOrder(pulled.pages.values, columns)

        let gone = vanished.map { (page: $0, entry: ledger[$0.id]) }
        for (page, entry) in gone {
            if page.isTrashed, let entry, entry.occurrence == nil {
                ledger.noteTrash([entry.uid: TrashedPage(page: page.id, since: now(), status: entry.status)])
            }
            ledger.remove(page.id)
        }
        var records: [UpstreamRecord] = []
        let isReadAnew = place.map { $0.columns != columns.fingerprint } ?? false
        let whole = try await completed(listed, columns)
        if pulled.isFull { workspace.keepTitles(ofOnly: columns.related(by: whole), of: link.identity) }
        for page in whole {
            let admitted = ledger.admit(page, columns, isReadAnew: isReadAnew, isFresh: isFresh(page))
            records.append(admitted.record(columns))
        }
        // Last: the series may have been moved since it was known which occurrences they show.
        for (page, entry) in gone {
            let occurrence = entry?.occurrence.map { ledger.placed($0, columns) }
            if let occurrence, page.isTrashed, page.isWhole {
                ledger.noteDepartures([page.id: DepartedOccurrence(note: occurrence, since: now())])
            }
            // It went after it was last seen, and after its last edit.
            let since = [place?.swept, page.modified].compactMap { $0 }.max() ?? now()
            let isTold = page.isWhole && occurrence.map { isToCome($0.stamp, at: min(since, now())) } ?? false
            records.append(Page.deletedRecord(dashedID(page.id), showing: occurrence, isTold: isTold))
        }
        ledger.pruneTrash(at: now())
        await memory.update(ledger, for: news.entries, asked: news.called, of: link.identity)
        let next = PullCursor(
            newest: pulled.newest,
            swept: pulled.isFull ? now() : place?.swept ?? now(),
            columns: columns.fingerprint,
            ledger: ledger,
            titles: workspace.knownTitles(of: link.identity)
        )
        return PulledRecords(records: records, isComplete: place == nil, cursor: next.cursor)
    }

    /// Whether a page was edited so lately that the next pull sees it again: somebody may still be at it.
    func isFresh(_ page: Page) -> Bool { page.modified.map { now() - $0 < Self.overlap } ?? false }

    /// Refuses a listing during which the table lost a column: its pages look as if somebody had emptied them.
    private static func require(_ columns: Columns, of pages: some Sequence<Page>) throws(BridgeError) {
        for page in pages where !page.hasAll(columns) {
            throw .unreachable("The columns of the Notion table changed while it was listed.")
        }
    }

    /// Pages by compact identifier, and what the listing of them proves.
    struct Listing: Sendable {
        var pages: [String: Page] = [:]
        /// The newest stamp that nothing older than is missing.
        var newest: Instant?
        /// Whether every page of the table is here.
        var isFull: Bool
    }

    private func pages(
        since place: PullCursor?,
        _ columns: Columns,
        known: Ledger
    ) async throws(BridgeError) -> Listing {
        guard let place, let newest = place.newest, place.columns == columns.fingerprint,
            case let age = now() - place.swept, age >= 0, age < pause(beforeListing: known.entries.count)
        else { return try await everyPage(columns) }
        let since = (newest + -Self.overlap).rfc3339
        let answer = try await query(
            ["timestamp": "last_edited_time", "last_edited_time": ["on_or_after": .string(since)]],
            sort: "last_edited_time",
            columns
        )
        // More was edited at once than Notion lists for one query.
        guard !answer.isIncomplete else { return try await everyPage(columns) }
        var listing = Listing(newest: newest, isFull: false)
        for page in answer.pages { listing.pages[compactID(page.id)] = page }
        // A row that was edited between two answers comes again at the end, and those behind it move up by one: what was
        // skipped is found by looking as far back again.
        guard listing.pages.count == answer.pages.count else { return listing }
        for page in answer.pages {
            if let modified = page.modified, modified > newest {
                listing.newest = max(modified, listing.newest ?? newest)
            }
        }
        return listing
    }

    /// How long after a full listing the next one comes: a large table is not listed with more than a tenth of the requests
    /// that are allowed.
    private func pause(beforeListing pages: Int) -> Int64 {
        sweepInterval == 0 ? 0 : max(sweepInterval, Int64(pages / Self.pagesListedASecond))
    }

    /// A hundred pages a request, three requests a second, of which a tenth.
    private static let pagesListedASecond = 30

    /// Lists the whole table, oldest page first: an order in which an edit moves no page while the listing runs.
    private func everyPage(_ columns: Columns) async throws(BridgeError) -> Listing {
        // Taken before the listing begins: what is edited while it runs has this stamp or a newer one.
        var listing = Listing(newest: try await newestStamp(columns), isFull: true)
        var since: String?
        while true {
            let filter = since.map { since -> JSON in
                ["timestamp": "created_time", "created_time": ["on_or_after": .string(since)]]
            }
            let answer = try await query(filter, sort: "created_time", columns)
            for page in answer.pages { listing.pages[compactID(page.id)] = page }
            guard answer.isIncomplete else { return listing }
            // Past the limit of one query: go on in the minute in which it ended.
            guard let last = answer.pages.last?.created, !last.isEmpty, last != since else {
                throw .refused(Self.tooManyAtOnce)
            }
            since = last
        }
    }

    private static let tooManyAtOnce = Refusal(
        .calendar,
        code: "query_result_limit_reached",
        message: "The Notion table has more than 10,000 pages of one minute, more than Notion lists.",
        remedy: "Move pages of that minute into another table, then sync again."
    )

    private func newestStamp(_ columns: Columns) async throws(BridgeError) -> Instant? {
        let body: JSON = ["page_size": 1, "sorts": [["timestamp": "last_edited_time", "direction": "descending"]]]
        let answer = try await client.ask(
            .post,
            "data_sources/\(link.calendar)/query?filter_properties[]=title",
            body,
            about: .calendar
        )
        return answer["results"]?.elements.first.flatMap(Page.init)?.modified
    }

    /// Runs one query to its end.
    func query(
        _ filter: JSON?,
        sort: String,
        _ columns: Columns
    ) async throws(BridgeError) -> (pages: [Page], isIncomplete: Bool) {
        var pages: [Page] = []
        var start: JSON = .null
        while true {
            var body: [String: JSON] = [
                "page_size": .number(String(workspace.pageSize(of: link.identity))),
                "sorts": [["timestamp": .string(sort), "direction": "ascending"]],
            ]
            if let filter { body["filter"] = filter }
            if start != .null { body["start_cursor"] = start }
            let answer = try await answer(to: .object(body), columns)
            guard let results = answer["results"] else { throw NotionProblem.unreadable.error }
            pages += results.elements.compactMap(Page.init).filter { !$0.isGone }
            let isIncomplete = answer["request_status"]?["type"]?.string == "incomplete"
            guard answer["has_more"]?.bool == true else {
                workspace.doublePages(of: link.identity)
                return (pages, isIncomplete)
            }
            guard let next = answer["next_cursor"], next != .null, next != start else {
                throw NotionProblem.endless.error
            }
            start = next
        }
    }

    /// One answer to a query; after one that Notion could not give in time, fewer rows are asked for.
    private func answer(to body: JSON, _ columns: Columns) async throws(BridgeError) -> JSON {
        do throws(NotionProblem) {
            let path = "data_sources/\(link.calendar)/query" + columns.query
            return try await client.send(.post, path, body, about: .calendar)
        } catch {
            if error.kind == .lost { workspace.halvePages(of: link.identity) }
            throw error.error
        }
    }

    /// A page that is gone.
    private struct Vanished {
        let id: String
        /// Whether it still says which occurrence it shows: somebody else took it away.
        let isWhole: Bool
        let isTrashed: Bool
        let modified: Instant?
    }

    /// The pages by age; those of single occurrences last, for they belong to others.
    private func inOrder(_ pages: some Sequence<Page>, _ columns: Columns) -> [Page] {
        let ranked = pages.map { (rank: $0.namedOccurrence(columns) == nil ? 0 : 1, page: $0) }
        return ranked.sorted {
            ($0.rank, $0.page.created, $0.page.id) < ($1.rank, $1.page.created, $1.page.id)
        }
        .map(\.page)
    }

    /// Asks for pages that should be listed and are not; adds those that live after all.
    ///
    /// - Returns: the pages that are gone: in the trash, archived, moved away or purged.
    private func confirm(_ absent: Set<String>, _ listing: inout Listing) async throws(BridgeError) -> [Vanished] {
        var vanished: [Vanished] = []
        var isUnsure = false
        for id in absent.sorted() {
            let page = try await read(dashedID(id))
            if let page, !page.isGone, page.dataSource == compactID(link.calendar) {
                listing.pages[id] = page
            } else {
                isUnsure = isUnsure || page == nil
                // Before we trash a page of an occurrence ourselves we take its name off.
                let isWhole = page.map { $0.namedOccurrence(columns) != nil } ?? false
                let isTrashed = page.map { $0.isTrashed && $0.dataSource == compactID(link.calendar) } ?? false
                let modified = page?.modified
                vanished.append(Vanished(id: id, isWhole: isWhole, isTrashed: isTrashed, modified: modified))
            }
        }
        // A page that is not found may be purged, or access to everything may be lost: then nothing counts as deleted.
        if isUnsure { _ = try await client.dataSource(link.calendar) }
        return vanished
    }
}
