import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import Synchronization

/// What is known of the workspaces around the linked tables: who is in them, and what related pages are called.
///
/// A class only because all bridges of a provider share it: a pass asks what a link can hold before it pulls.
final class Workspace: Sendable {
    /// How long what was learnt counts: whoever joins is known within the hour, or once a person asks for a pass.
    static let lifetime: Int64 = 3600

    /// The most rows Notion puts into one answer.
    static let maximumPageSize = 100

    /// Fewer would only cost requests.
    private static let minimumPageSize = 10

    private struct Lore {
        var directory: (people: Directory, learnt: Instant)?
        /// The columns that the table had, and the link that they were looked up for.
        var columns: (found: Columns, link: UpstreamLink)?
        /// What was looked at when all series were last.
        var upkeep: String?
        /// Whether this process knows how the pages of occurrences were written.
        var remembersOccurrences = false
        /// How many rows one answer of a query may have, after Notion found it hard to answer.
        var pageSize = Workspace.maximumPageSize
        /// The titles of related pages, by compact identifier; nil of one that cannot be read.
        var titles: [String: String?] = [:]
        /// What related pages were called when they could be read.
        var knownTitles: [String: String] = [:]
    }

    private let lore = Mutex<[String: Lore]>([:])

    /// The people that were known last.
    func directory(of link: String) -> Directory? { lore.withLock { $0[link]?.directory?.people } }

    /// The people, if they were learnt so lately that nobody need ask again.
    func freshDirectory(of link: String, at now: Instant) -> Directory? {
        lore.withLock { lore in
            guard let known = lore[link]?.directory, case let age = now - known.learnt, 0..<Self.lifetime ~= age else {
                return nil
            }
            return known.people
        }
    }

    /// Keeps who is in the workspace; nil for what may no longer be known.
    func keep(_ directory: Directory?, of link: String, at now: Instant) {
        lore.withLock { $0[link, default: Lore()].directory = directory.map { ($0, now) } }
    }

    /// The columns that the table of a link had last, unless the link has changed since; nil before they were looked up.
    func columns(of link: UpstreamLink) -> Columns? {
        lore.withLock { lore in
            guard let known = lore[link.identity]?.columns, known.link == link else { return nil }
            return known.found
        }
    }

    /// Keeps the columns that the table of a link has.
    func keep(_ columns: Columns, of link: UpstreamLink) {
        lore.withLock { $0[link.identity, default: Lore()].columns = (columns, link) }
    }

    /// Whether this process knows how the pages of occurrences were written.
    func remembers(_ link: String) -> Bool { lore.withLock { $0[link]?.remembersOccurrences ?? false } }

    /// Notes that it does.
    func rememberAll(of link: String) { lore.withLock { $0[link, default: Lore()].remembersOccurrences = true } }

    /// What was looked at when all series were looked at last; nil until they were.
    func upkeep(of link: String) -> String? { lore.withLock { $0[link]?.upkeep } }

    /// Keeps what all series were looked at for.
    func keep(upkeep: String?, of link: String) { lore.withLock { $0[link, default: Lore()].upkeep = upkeep } }

    /// The titles of related pages that are known; nil within for a page that cannot be read.
    func titles(of link: String) -> [String: String?] { lore.withLock { $0[link]?.titles ?? [:] } }

    /// Keeps titles of related pages; one that can no longer be read is still called what it was.
    func keep(titles: [String: String?], of link: String) {
        lore.withLock { lore in
            var known = lore[link] ?? Lore()
            for (page, title) in titles {
                if let title { known.knownTitles[page] = title }
                known.titles[page] = .some(title ?? known.knownTitles[page])
            }
            lore[link] = known
        }
    }

    /// What related pages are or were called.
    func knownTitles(of link: String) -> [String: String] { lore.withLock { $0[link]?.knownTitles ?? [:] } }

    /// Takes over what an earlier process knew.
    func recall(titles: [String: String], of link: String) {
        lore.withLock { $0[link, default: Lore()].knownTitles.merge(titles) { known, _ in known } }
    }

    /// Forgets what all other pages were called.
    func keepTitles(ofOnly pages: Set<String>, of link: String) {
        lore.withLock { lore in
            guard let known = lore[link]?.knownTitles else { return }
            lore[link]?.knownTitles = known.filter { pages.contains($0.key) }
        }
    }

    /// How many rows to ask for at once.
    func pageSize(of link: String) -> Int { lore.withLock { $0[link]?.pageSize ?? Self.maximumPageSize } }

    /// Asks for half as many rows from now on.
    func halvePages(of link: String) {
        lore.withLock { $0[link, default: Lore()].pageSize = max(pageSize($0[link]) / 2, Self.minimumPageSize) }
    }

    /// Asks for twice as many rows again.
    func doublePages(of link: String) {
        lore.withLock { lore in
            guard let size = lore[link]?.pageSize, size < Self.maximumPageSize else { return }
            lore[link]?.pageSize = min(size * 2, Self.maximumPageSize)
        }
    }

    private func pageSize(_ lore: Lore?) -> Int { lore?.pageSize ?? Self.maximumPageSize }

    /// Forgets all titles, so that renamed pages are seen.
    func forgetTitles(of link: String) { lore.withLock { $0[link]?.titles = [:] } }
}

// MARK: - Completing pages

extension NotionBridge {
    /// A page shows so many people, related pages or mentions at most; what follows has to be asked for.
    static let maximumReferences = 25

    /// So many related pages are asked for one by one; more of them are found sooner by listing their table.
    static let maximumSingleLookUps = 10

    /// The pages with everything that Notion leaves out of them: long lists of people and relations, texts with many
    /// mentions, and the titles of related pages.
    func completed(_ pages: [Page], _ columns: Columns) async throws(BridgeError) -> [Page] {
        let lists = columns.referring
        let texts = columns.mentioning
        var whole: [Page] = []
        for page in pages {
            var page = page
            for column in texts where page.mentionCount(in: column) >= Self.maximumReferences {
                page.setReferences(try await client.references(of: page.id, column), in: column)
            }
            for column in lists where page.referenceCount(in: column) >= Self.maximumReferences {
                page.setReferences(try await client.references(of: page.id, column), in: column)
            }
            whole.append(page)
        }
        for column in lists where column.type == .relation {
            let titles = try await titles(of: Set(whole.flatMap { $0.related(in: column) }), in: column)
            for index in whole.indices { whole[index].name(related: titles, in: column) }
        }
        return whole
    }

    /// The titles of pages; a page that is not shared with us has none.
    private func titles(of pages: Set<String>, in column: Column) async throws(BridgeError) -> [String: String?] {
        let unknown = pages.subtracting(workspace.titles(of: link.identity).keys)
        guard !unknown.isEmpty else { return workspace.titles(of: link.identity) }
        var found: [String: String?] = [:]
        var single = unknown
        if unknown.count > Self.maximumSingleLookUps, let table = column.relatedTable {
            let listed = try await client.titles(ofAllIn: table)
            found = listed.titles
            single = listed.isWhole ? [] : unknown.subtracting(found.keys)
        }
        for id in single.sorted() { found[id] = .some(try await client.page(dashedID(id))?.title) }
        for id in unknown where found[id] == nil { found[id] = .some(nil) }
        workspace.keep(titles: found, of: link.identity)
        return workspace.titles(of: link.identity)
    }
}

extension NotionClient {
    /// The whole list of a column of people or related pages, or all runs of a text.
    fileprivate func references(of page: String, _ column: Column) async throws(BridgeError) -> [JSON] {
        var references: [JSON] = []
        var start: String?
        while true {
            let path =
                "pages/\(page)/properties/\(column.id)?page_size=100"
                + (start.map { "&start_cursor=" + percentEncodeSegment($0) } ?? "")
            let answer = try await ask(.get, path, about: .item)
            references += (answer["results"]?.elements ?? []).compactMap { $0[column.type.rawValue] }
            guard answer["has_more"]?.bool == true else { return references }
            guard let next = answer["next_cursor"]?.string, next != start else { throw NotionProblem.endless.error }
            start = next
        }
    }

    /// The titles of all pages of a table, by compact identifier, and whether they are all; none of a table that is not
    /// shared with us.
    fileprivate func titles(
        ofAllIn table: String
    ) async throws(BridgeError) -> (titles: [String: String?], isWhole: Bool) {
        var titles: [String: String?] = [:]
        var start: JSON = .null
        while true {
            var body: [String: JSON] = ["page_size": 100]
            if start != .null { body["start_cursor"] = start }
            let path = "data_sources/\(percentEncodeSegment(table))/query?filter_properties[]=title"
            let answer: JSON
            do throws(NotionProblem) {
                answer = try await send(.post, path, .object(body), about: .calendar)
            } catch {
                guard error.kind == .notFound else { throw error.error }
                return ([:], true)
            }
            for page in (answer["results"]?.elements ?? []).compactMap(Page.init) {
                titles[compactID(page.id)] = .some(page.title)
            }
            let isIncomplete = answer["request_status"]?["type"]?.string == "incomplete"
            guard answer["has_more"]?.bool == true else { return (titles, !isIncomplete) }
            guard let next = answer["next_cursor"], next != .null, next != start else { return (titles, false) }
            start = next
        }
    }
}
