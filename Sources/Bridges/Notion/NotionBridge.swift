public import Bridging
import ICalendar
import Synchronization

/// One data source of a Notion workspace: a table whose pages with a date are events.
///
/// A class only for what every pull learns anew, and a write that is refused: which of the mapped columns are still there.
public final class NotionBridge: SweepingBridge, RecallingBridge, InquiringBridge, RereadingBridge {
    let link: UpstreamLink
    let client: NotionClient
    let memory: PageMemory
    let workspace: Workspace
    let sweepInterval: Int64
    let now: @Sendable () -> Instant

    private struct State {
        var columns: Columns
        var complaint: Refusal?
        /// Whether the columns were looked up for the pull to come.
        var isFresh = false
    }

    let mapping: Result<Mapping, Refusal>
    private let state: Mutex<State>

    init(
        link: UpstreamLink,
        client: NotionClient,
        memory: PageMemory,
        workspace: Workspace,
        sweepInterval: Int64,
        now: @escaping @Sendable () -> Instant
    ) {
        self.link = link
        self.client = client
        self.memory = memory
        self.workspace = workspace
        self.sweepInterval = sweepInterval
        self.now = now
        do {
            let read = try Mapping(link.mapping)
            mapping = .success(read)
            // What is known from the last pull on: a pass asks what a link can hold, and writes what was edited, before it pulls.
            var columns = workspace.columns(of: link) ?? read.settledColumns
            columns.linkZone = link.timeZone
            if columns[.attendees]?.type == .people {
                columns[.attendees]?.directory = workspace.directory(of: link.identity)
            }
            state = Mutex(State(columns: columns))
        } catch {
            mapping = .failure(error)
            state = Mutex(State(columns: Columns()))
        }
    }

    public func sweeping() -> any Bridge {
        NotionBridge(
            link: link,
            client: client,
            memory: memory,
            workspace: workspace,
            sweepInterval: 0,
            now: now
        )
    }

    public func recall(_ records: [RecordMark]) async { await memory.recall(records, of: link.identity) }

    public func called(about records: Set<String>) async {
        guard !records.isEmpty else { return }
        await memory.call(about: Set(records.map(compactID)), of: link.identity)
    }

    /// What the table's columns hold; a column that the last pull found gone is left out.
    ///
    /// A field without its column is neither compared nor written, so that removing a column removes nothing here.
    public var fields: FieldSet { columns.fields }

    /// What is wrong with the link though events still travel, as of the last pull: a mapped column is gone.
    public var complaint: Refusal? { state.withLock(\.complaint) }

    /// Whether occurrences are to have pages, be there columns for it now or not.
    var wantsOccurrences: Bool { (try? mapping.get())?.daysAhead != nil }

    /// The columns that are there.
    var columns: Columns { state.withLock(\.columns) }

    public func inquire() async throws(BridgeError) {
        _ = try await refreshColumns()
        state.withLock { $0.isFresh = true }
    }

    /// The columns to pull by: those that were just looked up for it, else those that there are now.
    func columnsToPull() async throws(BridgeError) -> Columns {
        let known = state.withLock { state -> Columns? in
            defer { state.isFresh = false }
            return state.isFresh ? state.columns : nil
        }
        if let known { return known }
        return try await refreshColumns()
    }

    /// Looks up which mapped columns the table still has.
    func refreshColumns() async throws(BridgeError) -> Columns {
        let mapping: Mapping
        do {
            mapping = try self.mapping.get()
        } catch {
            throw .refused(error)
        }
        let schema = TableSchema(try await client.dataSource(link.calendar))
        var resolution = mapping.resolved(in: schema)
        resolution.refuseOtherTypes(than: mapping.settledColumns)
        resolution.columns.linkZone = link.timeZone
        if let obstacle = resolution.obstacle { throw .refused(obstacle) }
        let (columns, complaint) = try await acquainted(resolution.columns)
        let lost = columns.lostOption(since: mapping.settledColumns)
        workspace.keep(columns, of: link)
        state.withLock { state in
            state.columns = columns
            state.complaint = resolution.refusal ?? complaint ?? lost
        }
        return columns
    }

    /// Finds out who the people of a people column are; a column that cannot be understood is left out.
    private func acquainted(_ columns: Columns) async throws(BridgeError) -> (Columns, Refusal?) {
        guard columns[.attendees]?.type == .people else { return (columns, nil) }
        var columns = columns
        // Whoever asks for everything asks for this, too.
        if sweepInterval > 0, let known = workspace.freshDirectory(of: link.identity, at: now()) {
            columns[.attendees]?.directory = known
            return (columns, nil)
        }
        do {
            let directory = try await client.directory()
            workspace.keep(directory, of: link.identity, at: now())
            columns[.attendees]?.directory = directory
            return (columns, nil)
        } catch .refused(let refusal) {
            workspace.keep(nil, of: link.identity, at: now())
            columns[.attendees] = nil
            return (columns, refusal)
        }
    }
}
