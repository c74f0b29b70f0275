import Bridging
import ICalendar

/// What this process wrote to Notion since the cursors of its links were stored.
///
/// A page we just made is not in the cursor yet. If it vanished, was copied or had its rule destroyed before the next
/// pull, that pull must know it nevertheless.
actor PageMemory {
    private struct Link {
        var entries: [String: Ledger.Entry] = [:]
        /// Pages that turned out to be gone when we wanted to write them.
        var suspects: Set<String> = []
        /// Pages in the trash, by the digest of their UID.
        var trash: [String: TrashedPage] = [:]
        /// Pages that Notion called about, since the last pull that came to its end.
        var called: Set<String> = []
        /// Pages as Notion answered them one by one, for as long as its queries may lag behind.
        var answered: [String: Answer] = [:]
        /// Pages that are thought to be there, whoever wrote them and whenever that was; nil where that was not told.
        var recalled: [String: RecordMark]?
    }

    /// A page as Notion told it by itself: it is never older than what a query tells.
    private struct Answer {
        /// When it was edited last, by the minute.
        let edited: Instant
        /// What it said; nil of a page that is gone.
        let revision: String?
        /// When that was, by our clock.
        let since: Instant

        /// Whether a page that a query lists may be what it was before this.
        func isDoubted(by page: Page, _ columns: Columns) -> Bool {
            guard let modified = page.modified, modified <= edited else { return false }
            return modified < edited || page.revision(columns) != revision
        }
    }

    /// How long a query may lag behind an answer, and more: nobody told of so much.
    private static let longestLag: Int64 = 900

    /// What a cursor does not know.
    struct News: Sendable {
        /// Pages that were written.
        var entries: [String: Ledger.Entry] = [:]
        /// Pages to be asked for, those that Notion called about among them.
        var suspects: Set<String> = []
        var called: Set<String> = []
        /// Pages that were put into the trash.
        var trash: [String: TrashedPage] = [:]
    }

    private var links: [String: Link] = [:]

    /// Who makes which page.
    let makers = PageMakers()

    /// Notes a page as it was answered to a write.
    func remember(_ page: Page, _ columns: Columns, of link: String) {
        var ledger = Ledger()
        _ = ledger.admit(page, columns)
        let id = compactID(page.id)
        links[link, default: Link()].entries[id] = ledger[id]
    }

    /// Notes a page as Notion answered it by itself, whether it was written or read.
    func noteAnswer(_ page: Page, _ columns: Columns, at now: Instant, of link: String) {
        guard let edited = page.modified else { return }
        let revision = page.isGone ? nil : page.revision(columns)
        let answer = Answer(edited: edited, revision: revision, since: now)
        links[link, default: Link()].answered[compactID(page.id)] = answer
    }

    /// The pages among those that a query listed that may be older than what is known of them: what stands there is no news
    /// until the page was asked for.
    ///
    /// What Notion answered to an earlier process is known by the records that were stored; `place` is where the last pull
    /// ended, and `ledger` what it knew.
    func doubted(
        _ pages: [String: Page],
        since place: PullCursor?,
        _ ledger: Ledger,
        _ columns: Columns,
        at now: Instant,
        of link: String
    ) -> Set<String> {
        guard var known = links[link] else { return [] }
        known.answered = known.answered.filter { now - $0.value.since < Self.longestLag }
        links[link] = known
        let history = known.recalled.map { History(marks: $0, place: place, ledger: ledger, columns: columns) }
        let doubted = pages.filter { id, page in
            if let answer = known.answered[id] { return answer.isDoubted(by: page, columns) }
            return history?.doubts(page, id) ?? false
        }
        return Set(doubted.keys)
    }

    /// What earlier passes have stored, of this process or another.
    private struct History {
        let marks: [String: RecordMark]
        let place: PullCursor?
        let ledger: Ledger
        let columns: Columns

        /// Whether a page that a query lists may be what it was before.
        func doubts(_ page: Page, _ id: String) -> Bool {
            guard let mark = marks[id] else { return isRevenant(page, id) }
            guard let modified = page.modified, let seen = mark.modified, modified <= seen else { return false }
            return modified < seen || isSameMinuteTold(seen) && page.revision(columns) != mark.revision
        }

        /// Whether a page was there long ago, and is none of the records: it may have been taken away since.
        private func isRevenant(_ page: Page, _ id: String) -> Bool {
            guard ledger[id] == nil, !ledger.isThrownAway(id) else { return true }
            guard let newest = place?.newest, let created = Instant(rfc3339: page.created) else { return false }
            return created < newest + -NotionBridge.overlap
        }

        /// Whether another content proves anything: only of what happened lately, and was read with the same columns.
        private func isSameMinuteTold(_ seen: Instant) -> Bool {
            guard let place, let newest = place.newest, place.columns == columns.fingerprint else { return false }
            // What related pages are called is in the records, and in no query.
            return newest - seen < PageMemory.longestLag && !columns.hasRelation
        }
    }

    /// Notes a page that a write found gone.
    func suspect(_ page: String, of link: String) {
        links[link, default: Link()].suspects.insert(compactID(page))
    }

    /// Notes pages that Notion called about.
    func call(about pages: Set<String>, of link: String) {
        links[link, default: Link()].called.formUnion(pages)
    }

    /// Notes the pages that are thought to be there.
    func recall(_ records: [RecordMark], of link: String) {
        let marks = Dictionary(records.map { (compactID($0.id), $0) }, uniquingKeysWith: { first, _ in first })
        links[link, default: Link()].recalled = marks
    }

    /// Forgets a page that we put into the trash ourselves, but for where it is; without a UID nothing finds it there.
    func forget(_ page: String, uid: String?, at now: Instant, of link: String) {
        links[link, default: Link()].entries[compactID(page)] = nil
        guard let uid else { return }
        links[link]?.trash[Digest.of(uid)] = TrashedPage(page: compactID(page), since: now)
    }

    /// The page in the trash whose event had a UID; it is tried once.
    func takeTrashed(uid: String, of link: String) -> TrashedPage? {
        links[link]?.trash.removeValue(forKey: Digest.of(uid))
    }

    /// What the cursor does not know yet; what it does know is forgotten, for by now it is stored.
    func news(beyond ledger: Ledger, of link: String) -> News {
        guard var known = links[link] else { return News() }
        known.entries = known.entries.filter { ledger[$0.key] != $0.value }
        known.suspects = known.suspects.filter { ledger[$0] != nil || known.entries[$0] != nil }
        links[link] = known
        // A page that a process wrote before it died is in no cursor: if it vanished, nothing else would tell.
        let strangers = (known.recalled ?? [:]).keys.filter { ledger[$0] == nil && known.entries[$0] == nil }
        let suspects = known.suspects.union(strangers).union(known.called)
        return News(entries: known.entries, suspects: suspects, called: known.called, trash: known.trash)
    }

    /// Notes what a pull saw of the pages that were news to it, so that older news does not return.
    ///
    /// What was written while the pull was under way is news to the next one; `asked` are the pages that were asked for.
    func update(_ ledger: Ledger, for news: [String: Ledger.Entry], asked: Set<String>, of link: String) {
        var known = links[link] ?? Link()
        known.called.subtract(asked)
        known.trash = ledger.trash
        for (id, entry) in news where known.entries[id] == entry { known.entries[id] = ledger[id] }
        links[link] = known
    }
}
