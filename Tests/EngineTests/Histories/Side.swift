import Bridging
import HTTPTypes
import OutboundHTTP
import Store
import SyncTestSupport
import Synchronization

@testable import Sync

/// One upstream of a history: a simulated service, and the people who use it by themselves.
protocol Side: Sendable {
    var provider: String { get }

    /// The upstream's identifier of the calendar.
    var calendarIdentifier: String { get }

    /// The mapping of the link, settled; nil where there is nothing to map.
    func mapping() async throws -> String?

    /// A bridge in a process that may die.
    func bridge(to link: UpstreamLink, in process: Process) -> any Bridge

    /// Something a person does there.
    func act(using random: inout SeededGenerator) async throws

    /// Deletes everything there but for an event or two.
    func clear() async throws

    /// Changes what of an event goes where; answers ``mapping()`` as it is from then on.
    func changeMapping(using random: inout SeededGenerator) async throws -> String?

    /// Something the service does by itself.
    func forget() async

    /// Faults for the next requests, or none.
    func disturb(using random: inout SeededGenerator) async
    func calm() async

    /// All words that a person can read there.
    func words() async -> Set<String>

    /// Where what is shown there departs from our calendar, as far as the service can hold it; the series that are
    /// frozen are not looked at.
    func differences(from ours: [StoredObject], knowing memory: World.Memory) async throws -> [String]

    /// How many mails went to guests.
    func mails() async -> Int
}

/// What a side needs to know of the process that calls it.
struct Process: Sendable {
    /// The database and the upstreams are reached so often before it dies.
    var life = Life(calls: .max)

    /// Whether it remembers nothing of the one before.
    var isNew = true

    /// What others do between two requests of it.
    var meanwhile: @Sendable () async -> Void = {}

    /// Rings when a client edits the calendar.
    var bell = EditBell()

    /// Counts the requests that would change something.
    var writes = Counter()
}

/// A simulated service without a socket.
protocol SimulatedService: Sendable {
    /// Whether a request changes something.
    func isWrite(_ request: OutboundRequest) -> Bool

    /// Whether a person may not act between this request and the one before: the service has no conditional writes.
    func isTiedToTheLast(_ request: OutboundRequest) -> Bool

    func exchange(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply
}

/// Changes to what a service answers, as if it had sent something odd.
final class Tampering: Sendable {
    private let change = Mutex<(@Sendable (String) -> String)?>(nil)

    func set(_ change: (@Sendable (String) -> String)?) { self.change.withLock { $0 = change } }

    func tampered(_ body: [UInt8]) -> [UInt8] {
        guard let change = change.withLock({ $0 }) else { return body }
        return Array(change(String(decoding: body, as: UTF8.self)).utf8)
    }
}

/// Requests to a simulated service from a process that may die.
struct ServiceTransport<Service: SimulatedService & Side>: HTTPTransport {
    let service: Service
    let process: @Sendable () -> Process
    let words: Words

    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        let process = process()
        guard process.life.spend() else { throw .unreachable("dead") }
        if !service.isTiedToTheLast(request) { await process.meanwhile() }
        guard service.isWrite(request) else { return try await received(request, process) }
        _ = process.writes.next()
        let before = await service.words()
        let reply: Result<OutboundReply, OutboundError>
        do {
            reply = .success(try await received(request, process))
        } catch {
            reply = .failure(error)
        }
        words.lost(before.subtracting(await service.words()))
        return try reply.get()
    }

    private func received(_ request: OutboundRequest, _ process: Process) async throws(OutboundError) -> OutboundReply {
        words.trace("  \(request.method) \(request.url) \(String(decoding: request.body, as: UTF8.self))")
        let reply: OutboundReply
        do {
            reply = try await service.exchange(request)
        } catch {
            words.trace("  = \(error)")
            throw error
        }
        words.trace("  = \(reply.status) \(String(decoding: reply.body, as: UTF8.self))")
        guard process.life.spend() else { throw .unreachable("dead") }
        return reply
    }
}
