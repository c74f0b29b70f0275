import Dispatch
import SQL
import Synchronization

/// Something to be done on a connection, on a thread that may block.
struct ConnectionJob: Sendable {
    let run: @Sendable (Connection) -> Void

    /// Tells the caller that it was not done.
    let refuse: @Sendable (any Error) -> Void
}

/// Connections that only read, each with its own queue, and the jobs that wait for one of them.
final class ReaderPool: Sendable {
    private final class Reader: Sendable {
        let connection: Connection
        let queue: DispatchQueue

        init(path: String, number: Int, readSeconds: Double) throws {
            connection = try Connection(path: path, role: .reader, readSeconds: readSeconds)
            queue = DispatchQueue(label: "kalends.sqlite.reader.\(number)")
        }
    }

    private struct State {
        var waiting: [ConnectionJob] = []
        var idle: [Reader]
        var isClosed = false
        var whenAllIdle: CheckedContinuation<Void, Never>?
    }

    private let readers: [Reader]
    private let state: Mutex<State>

    init(path: String, count: Int, readSeconds: Double = Limits.readSeconds) throws {
        let readers = try (1...max(1, count)).map { number in
            try Reader(path: path, number: number, readSeconds: readSeconds)
        }
        self.readers = readers
        state = Mutex(State(idle: readers))
    }

    func submit(_ job: ConnectionJob) {
        enum Turn {
            case now(Reader)
            case later
            case never
        }
        let turn = state.withLock { state -> Turn in
            guard !state.isClosed else { return .never }
            // The reader that was idle last: its thread is the one most likely to be still awake.
            guard let reader = state.idle.popLast() else {
                state.waiting.append(job)
                return .later
            }
            return .now(reader)
        }
        switch turn {
        case .now(let reader): reader.queue.async { self.work(reader, beginningWith: job) }
        case .later: break
        case .never: job.refuse(SQLError.closed)
        }
    }

    /// Works with an idle connection on the thread of the caller; nil when there is none.
    func runNow<Result>(_ work: (Connection) throws -> Result) rethrows -> Result? {
        let idle = state.withLock { state in state.isClosed ? nil : state.idle.popLast() }
        guard let reader = idle else { return nil }
        defer {
            // What has come to wait meanwhile is not the caller's to do.
            if let job = next(for: reader) { reader.queue.async { self.work(reader, beginningWith: job) } }
        }
        return try work(reader.connection)
    }

    /// Closes the connections after all that waits already; a second call returns at once.
    func close() async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                guard state.idle.count < readers.count else { return true }
                state.whenAllIdle = continuation
                return false
            }
            if isIdle { continuation.resume() }
        }
        for reader in readers { reader.connection.close() }
    }

    private func work(_ reader: Reader, beginningWith first: ConnectionJob) {
        var job: ConnectionJob? = first
        while let current = job {
            current.run(reader.connection)
            job = next(for: reader)
        }
    }

    /// The next job that waits, or nil once the reader is idle.
    private func next(for reader: Reader) -> ConnectionJob? {
        let (job, closer) = state.withLock { state -> (ConnectionJob?, CheckedContinuation<Void, Never>?) in
            guard state.waiting.isEmpty else { return (state.waiting.removeFirst(), nil) }
            state.idle.append(reader)
            guard state.idle.count == readers.count else { return (nil, nil) }
            defer { state.whenAllIdle = nil }
            return (nil, state.whenAllIdle)
        }
        closer?.resume()
        return job
    }

    /// The texts of all statements that are prepared; for tests, while nothing reads.
    var preparedTexts: [String] { readers.flatMap(\.connection.preparedTexts) }
}
