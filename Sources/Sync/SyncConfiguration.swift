public import Bridging
public import ICalendar

/// Makes the bridge of a link; wired by the program, which alone knows the providers.
public typealias BridgeMaker = @Sendable (Link) async throws -> any Bridge

/// How often to look, and where to be called.
public struct SyncConfiguration: Sendable {
    /// Seconds between polls, by provider.
    public var pollSeconds: [String: Int]

    /// Seconds between polls while a notification channel lives.
    public var pollSecondsWithChannel: Int

    /// The address upstreams call, by provider; none where channels are not to be opened.
    public var webhookAddresses: [String: String]

    /// The step of a provider's clock in seconds, where it is coarser than one.
    public var tickSeconds: [String: Int64] = ["notion": 60]

    /// Providers whose records may lack something of ours, such as the UID, that is written once they were read.
    public var mendedProviders: Set<String> = ["notion"]

    /// Providers that mail the guests of events, where a link may.
    public var mailingProviders: Set<String> = ["google"]

    /// Seconds a write takes at the pace a provider allows, by provider; for telling when a long pass will be done.
    public var secondsPerWrite: [String: Double] = [:]

    /// The pace of a provider; one that allows what it likes is taken for a quick one.
    func pace(of provider: String) -> Double { secondsPerWrite[provider] ?? 0.1 }

    /// More writes than this that wait are bulk, and go together where the upstream takes many in one request.
    public var writesMakingBulk = 20

    /// What is wrong with a link though events still travel, such as a mapped column that is gone.
    public var complaint: @Sendable (any Bridge) -> Refusal? = { _ in nil }

    /// How long is kept what is no longer needed.
    public var retention = Retention()

    /// A provider that is not named is polled this often: ten minutes, as a CalDAV server is.
    public static let defaultPollSeconds = 600

    /// Says how often to look, and where to be called.
    public init(
        pollSeconds: [String: Int] = ["google": 60, "notion": 60, "caldav": 600, "ics": 900, "cozi": 1800],
        pollSecondsWithChannel: Int = 900,
        webhookAddresses: [String: String] = [:]
    ) {
        self.pollSeconds = pollSeconds
        self.pollSecondsWithChannel = pollSecondsWithChannel
        self.webhookAddresses = webhookAddresses
    }
}

/// Time and chance, as parameters.
public struct SyncClock: Sendable {
    public var now: @Sendable () -> Instant

    /// Waits until that time, or until the task is cancelled, which throws.
    public var sleep: @Sendable (_ until: Instant) async throws -> Void

    /// A number in 0..<1.
    public var random: @Sendable () -> Double

    /// Takes time and chance.
    public init(
        now: @escaping @Sendable () -> Instant,
        sleep: @escaping @Sendable (_ until: Instant) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }
}
