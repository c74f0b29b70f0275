import ICalendar

/// Counts what a pass has done, and tells from the upstream's pace when it will be done.
struct ProgressMeter: Sendable {
    /// Items that a former, interrupted pass of the same first sync has brought in step already.
    private let before: Int
    private let secondsPerWrite: Double
    private var done = 0
    private var total = 0

    /// Whether more may come than is counted: an upstream is being listed.
    private var isListing = false

    /// Writes to the upstream: those that are left, those made since the first one, and when that was.
    private var writesLeft = 0
    private var writesDone = 0
    private var writesBegan: Instant?

    /// So many writes tell the pace better than the quota does: the upstream may be slower than what it allows.
    private static let tellingWrites = 10

    /// A write takes `secondsPerWrite` when nothing but the quota holds it up.
    init(before: Int = 0, secondsPerWrite: Double) {
        self.before = before
        self.secondsPerWrite = secondsPerWrite
    }

    /// Counts items that need no upstream, or will not be tried now.
    mutating func expect(_ items: Int) { total += items }

    /// Counts writes that are ahead.
    mutating func expectWrites(_ writes: Int) {
        total += writes
        writesLeft += writes
    }

    /// Counts what an upstream was listed to have so far; `isAll` says that there is no more.
    mutating func expect(listed items: Int, isAll: Bool) {
        total = max(items, done)
        isListing = !isAll
    }

    /// Counts items that are done without the upstream.
    mutating func finish(_ items: Int) { done += items }

    /// Counts an item for the upstream that is done, with a write or because none was needed.
    mutating func finishWrite(at now: Instant, wasMade: Bool = true) {
        done += 1
        writesLeft = max(0, writesLeft - 1)
        guard wasMade else { return }
        if writesBegan == nil { writesBegan = now } else { writesDone += 1 }
    }

    /// How far the pass is.
    func progress(at now: Instant) -> SyncProgress {
        var progress = SyncProgress(done: before + done, total: before + total, isTotalKnown: !isListing)
        guard writesLeft > 0 else { return progress }
        var pace = secondsPerWrite
        if let writesBegan, writesDone >= Self.tellingWrites {
            pace = max(pace, Double(now - writesBegan) / Double(writesDone))
        }
        progress.estimatedEnd = now + Int64((Double(writesLeft) * pace).rounded(.up))
        return progress
    }
}
