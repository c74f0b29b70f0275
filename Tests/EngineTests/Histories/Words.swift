import SyncTestSupport
import Synchronization

/// The words that people type in one history, each once, so that a lost one can be told.
final class Words: Sendable {
    private let history: String
    private let count = Mutex(0)
    private let taken = Mutex<Set<String>>([])
    private let gone = Mutex<Set<String>>([])

    /// `history` names in a trace what the words belong to.
    init(of history: String = "") { self.history = history }

    /// A word nobody typed before.
    func next() -> String {
        count.withLock { count in
            count += 1
            return "word\(count)e"
        }
    }

    /// What happened, line by line, for a history that is replayed with `KALENDS_TEST_TRACE` set.
    func trace(_ line: @autoclosure () -> String) { Trace.note(history, line()) }

    /// Notes the words of what a client stored here.
    func took(_ text: String) { taken.withLock { $0.formUnion(Self.words(in: text)) } }

    /// Notes the words that a write of the gateway took away upstream.
    func lost(_ words: Set<String>) { gone.withLock { $0.formUnion(words) } }

    /// The words that must still be found somewhere.
    var owed: Set<String> { taken.withLock { $0 }.union(gone.withLock { $0 }) }

    /// The words that stand in a text.
    static func words(in text: String) -> Set<String> {
        Set(text.matches(of: /word[0-9]+e/).map { String($0.output) })
    }
}
