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
        /// Pages that are thought to be there, whoever wrote them and whenever that was.
        var recalled: Set<String> = []
    }

    private var links: [String: Link] = [:]

    /// Notes a page as it was answered to a write.
    func remember(_ page: Page, _ columns: Columns, of link: String) {
        var ledger = Ledger()
        _ = ledger.admit(page, columns)
        let id = compactID(page.id)
        links[link, default: Link()].entries[id] = ledger[id]
    }

    /// Notes a page that a write found gone.
    func suspect(_ page: String, of link: String) {
        links[link, default: Link()].suspects.insert(compactID(page))
    }

    /// Notes the pages that are thought to be there.
    func recall(_ pages: Set<String>, of link: String) {
        links[link, default: Link()].recalled = pages
    }

    /// Forgets a page that we deleted ourselves.
    func forget(_ page: String, of link: String) {
        links[link]?.entries[compactID(page)] = nil
    }

    /// What the cursor does not know yet; what it does know is forgotten, for by now it is stored.
    func news(beyond ledger: Ledger, of link: String) -> (entries: [String: Ledger.Entry], suspects: Set<String>) {
        guard var known = links[link] else { return ([:], []) }
        known.entries = known.entries.filter { ledger[$0.key] != $0.value }
        known.suspects = known.suspects.filter { ledger[$0] != nil || known.entries[$0] != nil }
        links[link] = known
        // A page that a process wrote before it died is in no cursor: if it vanished, nothing else would tell.
        let strangers = known.recalled.filter { ledger[$0] == nil && known.entries[$0] == nil }
        return (known.entries, known.suspects.union(strangers))
    }

    /// Notes what a pull saw of the pages that were news to it, so that older news does not return.
    ///
    /// What was written while the pull was under way is news to the next one.
    func update(_ ledger: Ledger, for news: [String: Ledger.Entry], of link: String) {
        guard var known = links[link] else { return }
        for (id, entry) in news where known.entries[id] == entry { known.entries[id] = ledger[id] }
        links[link] = known
    }
}
