/// What goes wrong, how often, and in which order: the same for the same seed.
public struct NotionFaults: Sendable {
    /// One way for a request to fail.
    public enum Kind: String, Sendable, CaseIterable {
        /// 500 before anything was done.
        case failure
        /// 503 before anything was done.
        case unavailable
        /// The write is done, its answer is lost.
        case lostAnswer
        /// The write is done, the answer is a 503 that says so.
        case savedButUnavailable
        /// 429 with Retry-After.
        case rateLimited
        /// The answer's body ends in the middle.
        case truncated
        /// An HTML page from the edge.
        case page
    }

    /// How many of 1,000 requests fail so.
    public var perMille: [Kind: Int] = [:]

    /// Faults for the next requests that match, used up one by one.
    public var next: [(method: String, pathContains: String, kind: Kind)] = []

    private var state: UInt64

    /// Makes a source of faults that replays from `seed`.
    public init(seed: UInt64 = 1) { state = seed }

    /// What happens to this request, if anything.
    mutating func draw(method: String, path: String) -> Kind? {
        if let index = next.firstIndex(where: {
            ($0.method == "*" || $0.method == method) && path.contains($0.pathContains)
        }) {
            return next.remove(at: index).kind
        }
        for kind in Kind.allCases {
            if let rate = perMille[kind], rate > 0, random(1000) < rate { return kind }
        }
        return nil
    }

    /// SplitMix64.
    private mutating func random(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
