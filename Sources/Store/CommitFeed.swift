import Synchronization

/// The changes that have become durable and that nobody has looked at yet, each calendar and author once.
///
/// Whoever reads is woken by the first of them only, however many follow until it looks: a burst of writes costs one
/// wake-up, not one each.
public final class CommitFeed: Sendable {
    /// What has gathered since the look before; never empty.
    public typealias Batches = AsyncMapSequence<AsyncStream<Void>, Set<Commit>>

    private let waiting = Mutex<Set<Commit>>([])
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    init() { (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func add(_ commit: Commit) {
        let isFirst = waiting.withLock { waiting in
            defer { waiting.insert(commit) }
            return waiting.isEmpty
        }
        if isFirst { ring.yield() }
    }

    var batches: Batches {
        bell.map { [self] in
            waiting.withLock { waiting in
                defer { waiting.removeAll(keepingCapacity: true) }
                return waiting
            }
        }
    }
}
