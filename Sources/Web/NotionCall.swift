import Synchronization

/// A call of Notion's, as far as it says where to look: it carries no data into the system.
struct NotionCall: Sendable, Hashable {
    /// What a call is about.
    enum Subject: Sendable, Hashable {
        /// A page, and the data source it is in; nil where the call names none.
        case page(id: String, in: String?)
        case dataSource(String)
        /// A database, which the call does not say the data sources of.
        case everything
        /// Nothing that an event shows: comments, views, files, locks.
        case nothing
    }

    /// What distinguishes the call from every other; a repeated call has the same.
    var id: String

    var subject: Subject

    /// Whether pages may have come or gone without a trace in what a query lists.
    var mayHideDeletions: Bool

    /// Reads the body of a call; nil where it is none.
    init?(_ body: JSON) {
        guard let id = body["id"]?.string, let type = body["type"]?.string else { return nil }
        self.id = id
        let entity = body["entity"]?["id"]?.string
        let event = type.split(separator: ".", maxSplits: 1).last.map(String.init) ?? ""
        switch (type.split(separator: ".").first.map(String.init) ?? "", entity) {
        case ("page", let page?) where !["locked", "unlocked"].contains(event):
            subject = .page(id: page, in: body["data"]?["parent"]?["data_source_id"]?.string)
        case ("data_source", let source?): subject = .dataSource(source)
        case ("database", _): subject = .everything
        default: subject = .nothing
        }
        mayHideDeletions = ["deleted", "undeleted", "moved"].contains(event)
    }

    /// An identifier of Notion's without its dashes, for comparing.
    static func plain(_ id: String) -> String { id.lowercased().filter { $0 != "-" } }

    /// An identifier of Notion's as the interface writes it.
    static func dashed(_ id: String) -> String {
        let digits = Array(plain(id).utf8)
        guard digits.count == 32 else { return id }
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }
            .joined(separator: "-")
    }
}

/// The calls that were answered lately, by their identifiers.
final class AnsweredCalls: Sendable {
    /// Notion repeats a call at most eight times in a day; so many cover the storms that were seen.
    private static let capacity = 4096

    private struct Memory {
        var known: Set<String> = []
        var order: [String] = []
    }

    private let memory = Mutex(Memory())

    /// Answers a call unless it was answered already.
    ///
    /// It counts as answered only once `body` is done: what failed here is sent again, and is then to be answered.
    func once(_ id: String, _ body: () async throws -> Void) async rethrows {
        guard !memory.withLock({ $0.known.contains(id) }) else { return }
        try await body()
        remember(id)
    }

    private func remember(_ id: String) {
        memory.withLock { memory in
            guard memory.known.insert(id).inserted else { return }
            memory.order.append(id)
            if memory.order.count > 2 * Self.capacity {
                for old in memory.order.prefix(Self.capacity) { memory.known.remove(old) }
                memory.order.removeFirst(Self.capacity)
            }
        }
    }
}
