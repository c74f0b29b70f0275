import Bridging
import ICalendar
import SyncTestSupport

/// A bridge that is another one in everything that it does not say itself.
protocol RelayingBridge: Bridge {
    associatedtype Real: Bridge
    var real: Real { get }
}

extension RelayingBridge {
    var fields: FieldSet { real.fields }

    func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        try await real.pull(since: cursor)
    }

    func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? { try await real.perform(write) }

    func object(from series: [UpstreamRecord]) throws(TranslationError) -> CalendarObject {
        try real.object(from: series)
    }

    func writes(
        toMake object: CalendarObject?,
        from series: [UpstreamRecord]
    ) throws(TranslationError) -> [RecordWrite] {
        try real.writes(toMake: object, from: series)
    }
}

/// A bridge whose process may die with it, and during whose calls others act.
struct StagedBridge: RelayingBridge, PagingBridge, BatchingBridge {
    var real: ScriptedBridge
    var life = Life(calls: .max)

    /// What happens while a listing is under way, before and after the upstream looks.
    var beforeLook: @Sendable () async -> Void = {}
    var afterLook: @Sendable () async -> Void = {}

    /// What somebody else does once the upstream has looked.
    var meanwhile: @Sendable () async -> Void = {}

    /// The pages of a listing where they come when the test says so, and why it breaks off after them.
    var pages: AsyncStream<ListedPage>?
    var failure: BridgeError?

    func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        guard !life.isOver else { throw .unreachable("dead") }
        await beforeLook()
        let pulled = try await real.pull(since: cursor)
        await afterLook()
        await meanwhile()
        return pulled
    }

    func listAll(telling page: @escaping @Sendable (ListedPage) -> Void) async throws(BridgeError) -> SyncCursor? {
        guard !life.isOver else { throw .unreachable("dead") }
        if let pages {
            for await listed in pages { page(listed) }
            if let failure { throw failure }
            return SyncCursor(rawValue: "0")
        }
        let cursor = try await real.listAll(telling: page)
        await meanwhile()
        return cursor
    }

    func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? {
        guard life.spend() else { throw .unreachable("dead") }
        let answer = try await real.perform(write)
        guard life.spend() else { throw .unreachable("dead") }
        return answer
    }

    func writesAtOnce() async -> Int { await real.writesAtOnce() }

    /// Dies before the request, or when it is carried out and nobody has heard of it.
    func perform(_ writes: [RecordWrite]) async -> [Result<UpstreamRecord?, BridgeError>] {
        let dead = writes.map { _ in Result<UpstreamRecord?, BridgeError>.failure(.unreachable("dead")) }
        guard life.spend() else { return dead }
        let results = await real.perform(writes)
        return life.spend() ? results : dead
    }
}
