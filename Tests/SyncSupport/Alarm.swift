package import ICalendar
import Synchronization

/// Sleep by a clock that only a test moves, and word of who is asleep: nothing has to be waited for by looking again.
package final class Alarm: Sendable {
    private struct Sleeper {
        let until: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var sleepers: [Int: Sleeper] = [:]
        var lastSleeper = 0
        /// Those who were cancelled before they slept.
        var cancelled: Set<Int> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        /// Those who wait for so many sleepers as there are.
        mutating func contentWatchers() -> [CheckedContinuation<Void, Never>] {
            let count = sleepers.count
            let content = watchers.filter { $0.count == count }.map(\.continuation)
            watchers.removeAll { $0.count == count }
            return content
        }
    }

    private let now: @Sendable () -> Instant
    private let move: @Sendable (Int64) -> Void
    private let state = Mutex(State())

    /// Takes a clock, and what moves it by so many seconds.
    package init(now: @escaping @Sendable () -> Instant, move: @escaping @Sendable (Int64) -> Void) {
        self.now = now
        self.move = move
    }

    /// Waits until that time, or until the task is cancelled.
    package func sleep(_ until: Instant) async throws {
        let number = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                lay(Sleeper(until: until, continuation: continuation), as: number)
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func lay(_ sleeper: Sleeper, as number: Int) {
        let isDue = sleeper.until <= now()
        let (isCancelled, content) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
            guard state.cancelled.remove(number) == nil else { return (true, []) }
            if !isDue { state.sleepers[number] = sleeper }
            return (false, state.contentWatchers())
        }
        if isCancelled {
            sleeper.continuation.resume(throwing: CancellationError())
        } else if isDue {
            sleeper.continuation.resume()
        }
        for watcher in content { watcher.resume() }
    }

    /// Lets time pass.
    package func advance(_ seconds: Int64) {
        move(seconds)
        let now = now()
        let due = state.withLock { state in
            let due = state.sleepers.filter { $0.value.until <= now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// When the first of those who sleep is to wake.
    package var next: Instant? { state.withLock { $0.sleepers.values.map(\.until).min() } }

    /// Waits until exactly so many are asleep.
    package func untilAsleep(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isSo = state.withLock { state in
                guard state.sleepers.count != count else { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isSo { continuation.resume() }
        }
    }
}
