import Synchronization

/// Tells a running pass that somebody has edited the calendar, so that the edit need not wait for the end of the pass.
///
/// A class because the scheduler rings it while the pass holds it.
final class EditBell: Sendable {
    private struct State {
        var isRung = false
        var isHeeded = false
        var listener: AsyncStream<Void>.Continuation?
        /// Who waits until nothing is left to be heeded.
        var waiting: [CheckedContinuation<Void, Never>] = []

        /// Whether a listing is under way, and edits are being heeded meanwhile, or about to be.
        var isBusy: Bool { listener != nil && (isRung || isHeeded) }

        /// Those who need not wait any more.
        mutating func released() -> [CheckedContinuation<Void, Never>] {
            guard !isBusy else { return [] }
            defer { waiting = [] }
            return waiting
        }
    }

    private let state = Mutex(State())

    /// Tells of an edit.
    func ring() {
        let listener = state.withLock { state in
            state.isRung = true
            return state.listener
        }
        listener?.yield()
    }

    /// Whether it rang and nobody has heard it yet.
    var isRung: Bool { state.withLock(\.isRung) }

    /// Whether it rang since this was last asked; who is told so heeds the edits, and then calls ``fallSilent()``.
    func takeRing() -> Bool {
        state.withLock { state in
            guard state.isRung else { return false }
            (state.isRung, state.isHeeded) = (false, true)
            return true
        }
    }

    /// Tells that the edits it was last rung for have been heeded.
    func fallSilent() {
        let released = state.withLock { state in
            state.isHeeded = false
            return state.released()
        }
        for waiting in released { waiting.resume() }
    }

    /// Waits until a listing that is under way has let all edits pass that it was rung for.
    func heeded() async {
        await withCheckedContinuation { continuation in
            let isBusy = state.withLock { state in
                if state.isBusy { state.waiting.append(continuation) }
                return state.isBusy
            }
            if !isBusy { continuation.resume() }
        }
    }

    /// Every ring from now on, and one that has been heard by nobody, until ``hangUp()``.
    func rings() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let isRung = state.withLock { state in
            state.listener = continuation
            return state.isRung
        }
        if isRung { continuation.yield() }
        return stream
    }

    /// Ends the stream of rings; those to come are kept for ``takeRing()``.
    func hangUp() {
        let (listener, released) = state.withLock { state in
            let listener = state.listener
            state.listener = nil
            return (listener, state.released())
        }
        listener?.finish()
        for waiting in released { waiting.resume() }
    }
}
