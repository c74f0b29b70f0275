import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import ServiceLifecycle
import Store
import Sync
import Synchronization

extension RESTRoutes {
    static let streamOperations: [Operation] = [
        Operation(
            method: .get,
            path: "/stream",
            name: "stream",
            summary: "What happens, as it happens: link, run, conflict, event and toast",
            answer: .events
        ) { rest, request in try await rest.stream(request) }
    ]

    /// What a reader is told first: how long to wait before it comes back.
    private static let opening = "retry: 3000\n: welcome\n\n"

    private func stream(_ request: RESTRequest) async throws -> RESTReply {
        let principal = request.visitor.principal.id
        guard let seat = streams.take(principal) else {
            var problem = RESTProblem(
                .tooManyRequests,
                "rate_limited",
                "\(StreamSeats.perUser) streams of yours are open.",
                "Close one."
            )
            problem.headers[.retryAfter] = "10"
            throw problem
        }
        let lines = await lines(for: principal)
        let body = ResponseBody { writer in
            defer { seat.stayed() }
            try await writer.write(ByteBuffer(string: Self.opening))
            for await line in lines.cancelOnGracefulShutdown() { try await writer.write(ByteBuffer(string: line)) }
            try await writer.finish(nil)
        }
        return RESTReply(.stream(type: "text/event-stream", body))
    }

    /// The updates of one user as lines, with signs of life between them; ends with its reader.
    private func lines(for principal: PrincipalID) async -> AsyncStream<String> {
        let updates = await gateway.scheduler.updates()
        let (lines, continuation) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(256))
        let scheduler = gateway.scheduler
        let heartbeat = gateway.heartbeat
        let work = Task {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    for await update in updates where update.principal == principal {
                        if let line = try? await Self.line(update, scheduler) { continuation.yield(line) }
                    }
                    continuation.finish()
                }
                group.addTask {
                    while (try? await Task.sleep(for: heartbeat)) != nil { continuation.yield(": alive\n\n") }
                }
            }
        }
        continuation.onTermination = { _ in work.cancel() }
        return lines
    }

    private static func line(_ update: SyncUpdate, _ scheduler: SyncScheduler) async throws -> String? {
        let link = JSON.integer(update.link.rawValue)
        let (name, data): (String, JSON)
        switch update.kind {
        case .link:
            guard let status = try await scheduler.status(of: update.link) else { return nil }
            (name, data) = ("link", row(status))
        case .run(let run): (name, data) = ("run", ["id": .integer(run.rawValue), "link": link])
        case .conflict(let conflict): (name, data) = ("conflict", ["id": .integer(conflict.rawValue), "link": link])
        case .event: (name, data) = ("event", ["link": link])
        case .toast(let problem):
            let (message, remedy) = (JSON.string(problem.message), JSON.string(problem.remedy))
            (name, data) = ("toast", ["link": link, "message": message, "remedy": remedy])
        }
        return "event: \(name)\ndata: \(String(decoding: data.octets, as: UTF8.self))\n\n"
    }
}

/// The streams that are open: few for a user, not too many in all.
final class StreamSeats: Sendable {
    static let perUser = 8
    private static let total = 512

    private let taken = Mutex<[PrincipalID: Int]>([:])

    /// A seat, until it is let go of; nil where all are taken.
    func take(_ principal: PrincipalID) -> StreamSeat? {
        let isFree = taken.withLock { taken in
            guard taken[principal, default: 0] < Self.perUser, taken.values.reduce(0, +) < Self.total else {
                return false
            }
            taken[principal, default: 0] += 1
            return true
        }
        return isFree ? StreamSeat(of: principal, among: self) : nil
    }

    fileprivate func giveBack(_ principal: PrincipalID) {
        taken.withLock { taken in
            taken[principal, default: 1] -= 1
            if taken[principal] == 0 { taken[principal] = nil }
        }
    }
}

/// One open stream.
///
/// A class, because an answer to HEAD is dropped without being sent, and must give its seat back all the same.
final class StreamSeat: Sendable {
    private let principal: PrincipalID
    private let seats: StreamSeats

    fileprivate init(of principal: PrincipalID, among seats: StreamSeats) {
        self.principal = principal
        self.seats = seats
    }

    /// Keeps the seat up to here.
    func stayed() {}

    deinit { seats.giveBack(principal) }
}
