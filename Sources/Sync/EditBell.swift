import Synchronization

/// Tells a running pass that somebody has edited the calendar, so that the edit need not wait for the end of the pass.
///
/// A class because the scheduler rings it while the pass holds it.
final class EditBell: Sendable {
    private struct State {
        var isRung = false
        var isHeeded = false
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

    /// Whether it rang since this was last asked; who is told so heeds the edits, and then calls ``fallSilent()``.
    func takeRing() -> Bool {
        state.withLock { state in
            guard state.isRung else { return false }
            (state.isRung, state.isHeeded) = (false, true)
            return true
        }
    }

    /// Tells that the edits it was last rung for have been heeded.
    func fallSilent() { state.withLock { $0.isHeeded = false } }

    /// Whether a listing is under way, and edits are being heeded meanwhile, or about to be.
    var isBusy: Bool { state.withLock { $0.listener != nil && ($0.isRung || $0.isHeeded) } }

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
