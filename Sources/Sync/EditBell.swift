import Synchronization

/// Tells a running pass that somebody has edited the calendar, so that the edit need not wait for the end of the pass.
///
/// A class because the scheduler rings it while the pass holds it.
final class EditBell: Sendable {
    private struct State {
        var isRung = false
        var listener: AsyncStream<Void>.Continuation?
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

    /// Whether it rang since this was last asked.
    func takeRing() -> Bool {
        state.withLock { state in
            defer { state.isRung = false }
            return state.isRung
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
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        listener?.finish()
    }
}
