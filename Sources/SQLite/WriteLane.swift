import Dispatch
import SQL
import Synchronization

/// A write that waits for its turn.
struct WaitingWrite: Sendable {
    /// Tells the caller what became of it, once that is settled: nil for "durable".
    typealias Settle = @Sendable (_ failure: (any Error)?) -> Void

    /// Runs the body and answers how to tell its caller.
    let run: @Sendable (borrowing SQLTransaction) throws -> Settle

    /// Tells the caller that nothing was written.
    let refuse: @Sendable (any Error) -> Void
}

/// The one connection that writes, and the queue before it.
///
/// Whoever submits to an idle lane starts it; it then works until nothing waits. While a commit is being synchronised,
/// further writes gather, and the next commit takes them all: that is the whole of group commit.
final class WriteLane: Sendable {
    private enum Job {
        case write(WaitingWrite)
        /// Has the connection for itself, outside of any transaction.
        case solo(ConnectionJob)
    }

    private enum Batch {
        case writes([WaitingWrite])
        case solo(ConnectionJob)
    }

    private struct State {
        var waiting: [Job] = []
        var isWorking = false
        var isClosed = false
        var commits = 0
    }

    private let connection: Connection
    private let queue = DispatchQueue(label: "kalends.sqlite.writer")
    private let state = Mutex(State())

    init(_ connection: Connection) { self.connection = connection }

    func submit(_ write: WaitingWrite) {
        if !enqueue(.write(write)) { write.refuse(SQLError.closed) }
    }

    func submit(_ solo: ConnectionJob) {
        if !enqueue(.solo(solo)) { solo.refuse(SQLError.closed) }
    }

    /// Closes the connection after all that waits already.
    func close() async {
        await withCheckedContinuation { continuation in
            let last = ConnectionJob(
                run: { connection in
                    connection.close()
                    continuation.resume()
                },
                refuse: { _ in continuation.resume() }
            )
            if !enqueue(.solo(last), isLast: true) { last.refuse(SQLError.closed) }
        }
    }

    private func enqueue(_ job: Job, isLast: Bool = false) -> Bool {
        let (isAccepted, mustStart) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.isClosed = isLast
            state.waiting.append(job)
            defer { state.isWorking = true }
            return (true, !state.isWorking)
        }
        if mustStart { queue.async { self.work() } }
        return isAccepted
    }

    private func work() {
        while let batch = nextBatch() {
            switch batch {
            case .solo(let solo): solo.run(connection)
            case .writes(let writes):
                commit(writes)
                connection.checkpointIfDue()
            }
        }
    }

    /// All writes that wait up to the next solo, or that solo; nil ends the work.
    private func nextBatch() -> Batch? {
        state.withLock { state in
            var writes: [WaitingWrite] = []
            for job in state.waiting.prefix(Limits.writesPerCommit) {
                guard case .write(let write) = job else { break }
                writes.append(write)
            }
            if !writes.isEmpty {
                state.waiting.removeFirst(writes.count)
                return .writes(writes)
            }
            guard case .solo(let solo)? = state.waiting.first else {
                state.isWorking = false
                return nil
            }
            state.waiting.removeFirst()
            return .solo(solo)
        }
    }

    // MARK: Group commit

    /// Runs the writes in one transaction and tells their callers once it is durable.
    private func commit(_ writes: [WaitingWrite]) {
        do {
            try connection.execute("BEGIN IMMEDIATE")
        } catch {
            for write in writes { write.refuse(error) }
            return
        }
        var ready: [WaitingWrite.Settle] = []
        var rest = writes[...]
        while let write = rest.popFirst() {
            do {
                ready.append(try runAlone(write))
            } catch {
                write.refuse(error)
                guard connection.isOutsideTransaction else { continue }
                // A full disk, for one, ends the transaction with all that is in it.
                for settle in ready { settle(error) }
                return commit(Array(rest))
            }
        }
        let failure = finish()
        for settle in ready { settle(failure) }
    }

    /// Runs one write inside its own savepoint, so that it fails without harm to the others.
    private func runAlone(_ write: WaitingWrite) throws -> WaitingWrite.Settle {
        try connection.execute("SAVEPOINT one_write")
        do {
            let settle = try write.run(SQLTransaction(on: connection))
            try connection.execute("RELEASE one_write")
            return settle
        } catch {
            if !connection.isOutsideTransaction {
                try connection.execute("ROLLBACK TO one_write")
                try connection.execute("RELEASE one_write")
            }
            throw error
        }
    }

    /// Makes the transaction durable; nil is success.
    private func finish() -> (any Error)? {
        do {
            try connection.execute("COMMIT")
            state.withLock { $0.commits += 1 }
            return nil
        } catch {
            connection.abandonTransaction()
            return error
        }
    }

    // MARK: For tests and measurements

    /// How many transactions have been committed.
    var commitCount: Int { state.withLock { $0.commits } }

    /// How many jobs wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }
}
