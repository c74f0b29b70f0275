import Synchronization

/// Gathers events that are worked out until somebody writes them: while one transaction is made durable, the next fills.
///
/// A class because who works out and who writes share it.
final class FreshBasket: Sendable {
    /// So many events are written in one transaction at most: some megabytes, which fit in the writer's cache of pages, and
    /// progress is told of each.
    static let itemsPerWrite = 1_200

    /// With so many waiting nothing more is worked out: both would share the cores, and the writing be left for the end.
    static let mostWaiting = 800

    /// How many events the upstream was listed to have so far, and whether there is no more.
    struct Listed {
        var events = 0
        var isAll = false
    }

    private struct State {
        var groups: [[FreshItem]] = []
        var count = 0
        var isNudged = false
        var listed = Listed()

        /// Takes whole groups, as many as one transaction holds.
        mutating func take() -> [FreshItem] {
            var taken: [FreshItem] = []
            var number = 0
            while number < groups.count, taken.isEmpty || taken.count + groups[number].count <= itemsPerWrite {
                taken += groups[number]
                number += 1
            }
            groups.removeFirst(number)
            count -= taken.count
            return taken
        }
    }

    private let state = Mutex(State())
    private let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    private let room: AsyncStream<Void>
    private let roomBell: AsyncStream<Void>.Continuation

    init() {
        (rings, bell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        (room, roomBell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Adds a group of events, and waits until there is room for more.
    func put(_ group: [FreshItem]) async {
        guard !group.isEmpty else { return }
        state.withLock { state in
            state.groups.append(group)
            state.count += group.count
        }
        bell.yield()
        var room = room.makeAsyncIterator()
        while state.withLock({ $0.count }) >= Self.mostWaiting {
            // Nobody takes anything any more once this is cancelled.
            guard await room.next() != nil else { return }
        }
    }

    /// Makes ``next()`` answer without waiting for more.
    func nudge() {
        state.withLock { $0.isNudged = true }
        bell.yield()
    }

    /// Notes how many events were listed, for whoever waits to tell of it.
    func note(_ listed: Listed) {
        state.withLock { $0.listed = listed }
        nudge()
    }

    /// How many events were listed.
    var listed: Listed { state.withLock { $0.listed } }

    /// Says that nothing more comes.
    func close() { bell.finish() }

    /// Waits until there is something to write, and answers it, or until it is nudged; nil when nothing more comes.
    func next() async -> [FreshItem]? {
        var rings = rings.makeAsyncIterator()
        var isOpen = true
        while true {
            let (taken, isNudged) = state.withLock { state in
                defer { state.isNudged = false }
                return (state.take(), state.isNudged)
            }
            if !taken.isEmpty { roomBell.yield() }
            guard taken.isEmpty, !isNudged else { return taken }
            guard isOpen else { return nil }
            isOpen = await rings.next() != nil
        }
    }
}
