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
        /// Pages that are thought to be there, whoever wrote them and whenever that was.
        var recalled: Set<String> = []
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

    /// The pages among those that a query listed that may be older than what Notion answered by itself: what stands there is no
    /// news until the page was asked for.
    func doubted(_ pages: [String: Page], _ columns: Columns, at now: Instant, of link: String)
        -> Set<String>
    {
        guard var known = links[link] else { return [] }
        known.answered = known.answered.filter { now - $0.value.since < Self.longestLag }
        links[link] = known
        let doubted = known.answered.filter { id, answer in
            pages[id].map { answer.isDoubted(by: $0, columns) } ?? false
        }
        return Set(doubted.keys)
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
    func recall(_ pages: Set<String>, of link: String) {
        links[link, default: Link()].recalled = pages
    }

    /// Forgets a page that we put into the trash ourselves, but for where it is; without a UID nothing finds it there.
    func forget(_ page: String, uid: String?, at now: Instant, of link: String) {
        links[link, default: Link()].entries[compactID(page)] = nil
        guard let uid else { return }
        links[link]?.trash[Digest.of(uid)] = TrashedPage(page: compactID(page), since: now)
    }

    /// The page in the trash whose event had a UID; it is tried once.
    func takeTrashed(uid: String, of link: String) -> String? {
        links[link]?.trash.removeValue(forKey: Digest.of(uid))?.page
    }

    /// What the cursor does not know yet; what it does know is forgotten, for by now it is stored.
    func news(beyond ledger: Ledger, of link: String) -> News {
        guard var known = links[link] else { return News() }
        known.entries = known.entries.filter { ledger[$0.key] != $0.value }
        known.suspects = known.suspects.filter { ledger[$0] != nil || known.entries[$0] != nil }
        links[link] = known
        // A page that a process wrote before it died is in no cursor: if it vanished, nothing else would tell.
        let strangers = known.recalled.filter { ledger[$0] == nil && known.entries[$0] == nil }
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
