/// The driver's limits, each with its reason.
enum Limits {
    /// Another process (`kalends user add` beside the gateway) holds the lock for milliseconds; after 5 s it is stuck.
    static let busyMilliseconds: Int32 = 5_000

    /// So long may one read take: the longest listing of 50,000 objects takes a second; after 30 nobody waits any more.
    static let readSeconds = 30.0

    /// So many steps of SQLite's machine lie between two looks at the clock: some milliseconds.
    static let stepsPerLook: Int32 = 100_000

    /// The upper levels of all indexes, for the writer: 8 MiB; what it writes besides lies in the system's own cache.
    static let cacheKibibytes = 8_192

    /// The upper levels of all indexes, for each of the readers; what they read besides lies in the system's own cache.
    static let readerCacheKibibytes = 2_048

    /// More than the program has statements, so that only made-up texts push others out.
    static let cachedStatements = 400

    /// SQLite's own default, 4 MiB: short enough that looking pages up in the log stays cheap.
    static let checkpointPages: Int32 = 1_000

    /// 64 MiB: so long a log means that readers overlapped without a gap for thousands of commits.
    static let restartPages: Int32 = 16_000

    /// A log that has once been long gives its space back down to 16 MiB.
    static let logOctetsKept = 16 << 20

    /// So many writes share one commit at most, so that the first of them is not kept waiting by all the others.
    static let writesPerCommit = 256
}
