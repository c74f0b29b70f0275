import CSQLite
import Dispatch

/// When the read of one connection must have ended; SQLite asks for it while it works.
// Safe because it belongs to one connection, which one thread uses at a time; SQLite asks on that very thread.
final class ReadDeadline: @unchecked Sendable {  // Safe because of the one connection, as said above.
    /// In nanoseconds of the clock that never goes back; SQLite's callback can only be given a pointer.
    private let nanoseconds: UnsafeMutablePointer<UInt64>

    init() {
        nanoseconds = .allocate(capacity: 1)
        nanoseconds.initialize(to: .max)
    }

    deinit { nanoseconds.deallocate() }

    /// Has SQLite break off what a connection does once the time is over.
    func watch(_ handle: OpaquePointer) {
        sqlite3_progress_handler(
            handle,
            Limits.stepsPerLook,
            { context in
                guard let deadline = context?.assumingMemoryBound(to: UInt64.self).pointee else { return 0 }
                return DispatchTime.now().uptimeNanoseconds > deadline ? 1 : 0
            },
            nanoseconds
        )
    }

    /// Begins a read.
    func set(secondsFromNow seconds: Double) {
        nanoseconds.pointee = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
    }
}
