import CMalloc
import Foundation
import ServiceLifecycle

/// What the process asks of the C library and of the system, for months of service to many clients.
enum ProcessResources {
    /// Larger blocks, such as the listing of a large calendar, are mapped by themselves and vanish when they are freed.
    ///
    /// Left alone, the C library raises this bound with every such block, up to 32 MiB, and keeps what it then gets back.
    private static let mappedFrom: Int32 = 256 << 10

    /// So much of each pool may stay free: less would be given back after every answer, and fetched anew for the next.
    private static let keptFree: Int32 = 4 << 20

    /// Enough for the threads that run tasks, one for each core, for the one that writes and the one that serves.
    ///
    /// With fewer they wait for each other; with a pool of its own every thread would keep what one request once needed.
    private static let pools = Int32(clamping: ProcessInfo.processInfo.activeProcessorCount + 2)

    /// Every client's connection is a file; more than these nobody has.
    ///
    /// The usual limit of 1,024 is for programs that use `select`; without any, some libraries walk through all that there
    /// could be.
    private static let openFiles: rlim_t = 65_536

    /// Has freed memory given back to the system, and allows as many connections as the system lets this process have.
    static func prepareForLongService() {
        // Where the C library knows no such wish, memory is merely kept longer.
        _ = mallopt(M_MMAP_THRESHOLD, mappedFrom)
        _ = mallopt(M_TRIM_THRESHOLD, keptFree)
        _ = mallopt(M_ARENA_MAX, pools)

        var files = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else { return }
        files.rlim_cur = max(files.rlim_cur, min(files.rlim_max, openFiles))
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    }
}

/// Gives memory back that lies free between what is still in use: a first sync of many events leaves a good deal of it.
struct MemoryReturn: Service {
    /// Often enough for people who look at the process, seldom enough for it to cost nothing.
    private static let interval = Duration.seconds(60)

    /// So much may lie free: going through the pools holds up whoever allocates for some milliseconds.
    private static let tolerated = 32 << 20

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            // Being cancelled is how the service is meant to end.
            do {
                while true {
                    try await Task.sleep(for: Self.interval)
                    if mallinfo2().fordblks > Self.tolerated { malloc_trim(0) }
                }
            } catch is CancellationError {}
        }
    }
}
