import Synchronization

/// Gathers events that are worked out until somebody writes them: while one transaction is made durable, the next fills.
///
/// A class because who works out and who writes share it.
final class FreshBasket: Sendable {
    /// So many events are written in one transaction at most: some megabytes, and progress is told of each.
    static let itemsPerWrite = 2_000

    private struct State {
        var items: [FreshItem] = []
        var isNudged = false
    }

    private let state = Mutex(State())
    private let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    init() { (rings, bell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Adds events.
    func put(_ some: [FreshItem]) {
        guard !some.isEmpty else { return }
        state.withLock { $0.items += some }
        bell.yield()
    }

    /// Makes ``next()`` answer without waiting for more.
    func nudge() {
        state.withLock { $0.isNudged = true }
        bell.yield()
    }

    /// Says that nothing more comes.
    func close() { bell.finish() }

    /// Waits until there is something to write, and answers it, or until it is nudged; nil when nothing more comes.
    func next() async -> [FreshItem]? {
        var rings = rings.makeAsyncIterator()
        var isOpen = true
        while true {
            let (taken, isNudged) = state.withLock { state in
                let taken = Array(state.items.prefix(Self.itemsPerWrite))
                state.items.removeFirst(taken.count)
                defer { state.isNudged = false }
                return (taken, state.isNudged)
            }
            guard taken.isEmpty, !isNudged else { return taken }
            guard isOpen else { return nil }
            isOpen = await rings.next() != nil
        }
    }
}
