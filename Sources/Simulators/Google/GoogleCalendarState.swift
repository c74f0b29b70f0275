public import ICalendar

/// All that the simulated Google knows, without HTTP: a value, so that a test can copy and compare it.
///
/// Every mutation is synchronous. Time comes in through ``now``, randomness through ``random``.
struct GoogleCalendarState: Sendable {
    /// The time of the request that is being answered, seconds since 1970.
    var now: Instant

    /// Names this life of the simulator: tokens of another are refused.
    let epoch: String

    var random: SeededGenerator
    var accounts: [String: SimulatedAccount] = [:]
    var calendars: [String: SimulatedCalendar] = [:]
    /// The events of each calendar.
    private(set) var books: [String: EventBook] = [:]
    /// Calendar identifiers in the order of their making.
    var calendarOrder: [String] = []
    var grants = Grants()
    var channels: [String: Channel] = [:]
    /// Identifiers of channels are never free again, not even after stop.
    var usedChannelIDs: Set<String> = []
    var listings = Listings()
    var outbox: [Mail] = []
    var pages = PageBehaviour()
    /// Notifications not yet handed to the sender.
    var pendingNotifications: [PushNotification] = []
    private var lastTick: Int64 = 0

    init(now: Instant, seed: UInt64) {
        self.now = now
        random = SeededGenerator(seed: seed)
        epoch = SeededGenerator.word(of: 8, seed: seed)
    }

    /// The events of a calendar; reading them holds no copy back while they are changed.
    func book(of calendar: SimulatedCalendar) -> EventBook { books[calendar.id] ?? EventBook() }

    /// Changes the events of a calendar in place.
    mutating func withBook<Result>(of calendar: String, _ change: (inout EventBook) -> Result) -> Result {
        change(&books[calendar, default: EventBook()])
    }

    /// The next microsecond: at least the time of the request, and never the same twice.
    mutating func tick() -> Int64 {
        lastTick = max(lastTick + 1, now.seconds * 1_000_000)
        return lastTick
    }
}

/// How a listing is cut into pages, beside what the client asks for.
public struct PageBehaviour: Sendable, Hashable {
    /// The most items on one page, whatever `maxResults` says; nil for no such limit.
    public let maximumItems: Int?

    /// Whether an empty page with a token comes before every page.
    public let insertsEmptyPages: Bool

    /// Describes how listings are cut.
    public init(maximumItems: Int? = nil, insertsEmptyPages: Bool = false) {
        self.maximumItems = maximumItems.map { max(1, $0) }
        self.insertsEmptyPages = insertsEmptyPages
    }
}

/// A mail that Google would have sent.
public struct Mail: Sendable, Hashable {
    /// Why it is sent.
    public enum Kind: String, Sendable, Hashable {
        case invitation, update, cancellation
    }

    public let kind: Kind
    public let recipient: String
    public let calendar: String
    public let event: String
    public let summary: String
    public let at: Instant

    var resource: JSON {
        [
            "kind": .string(kind.rawValue), "recipient": .string(recipient), "calendar": .string(calendar),
            "event": .string(event), "summary": .string(summary), "at": .string(at.rfc3339),
        ]
    }
}

/// SplitMix64: the same seed gives the same history.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A word of base32hex characters, the alphabet of event identifiers.
    mutating func word(of length: Int) -> String {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuv".utf8)
        return String(decoding: (0..<length).map { _ in alphabet[Int(next() % 32)] }, as: UTF8.self)
    }

    static func word(of length: Int, seed: UInt64) -> String {
        var generator = SeededGenerator(seed: seed)
        return generator.word(of: length)
    }
}
