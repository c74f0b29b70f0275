import Synchronization

/// Gathers events that are worked out until somebody writes them: while one transaction is made durable, the next fills.
///
/// A class because who works out and who writes share it.
final class FreshBasket: Sendable {
    /// So many events are written in one transaction at most: some megabytes, and progress is told of each.
    static let itemsPerWrite = 2_000

    private let items = Mutex<[FreshItem]>([])
    private let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    init() { (rings, bell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Adds events.
    func put(_ some: [FreshItem]) {
        guard !some.isEmpty else { return }
        items.withLock { $0 += some }
        bell.yield()
    }

    /// Says that nothing more comes.
    func close() { bell.finish() }

    /// Waits until there is something to write, and answers it; nil when nothing more comes.
    func next() async -> [FreshItem]? {
        var rings = rings.makeAsyncIterator()
        var isOpen = true
        while true {
            let taken = items.withLock { items in
                let taken = Array(items.prefix(Self.itemsPerWrite))
                items.removeFirst(taken.count)
                return taken
            }
            guard taken.isEmpty, isOpen else { return taken.isEmpty ? nil : taken }
            isOpen = await rings.next() != nil
        }
    }
}
