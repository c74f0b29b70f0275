/// What goes wrong, how often, and in which order: the same for the same seed.
struct NotionFaults: Sendable {
    /// One way for a request to fail.
    enum Kind: String, Sendable, CaseIterable {
        /// 500 before anything was done.
        case failure
        /// 503 before anything was done.
        case unavailable
        /// The request is served, its answer is lost.
        case lostAnswer
        /// The write is done, the answer is a 503 that says so; of a read, a plain 503.
        case savedButUnavailable
        /// 429 with Retry-After.
        case rateLimited
        /// The request is served, the answer's body ends in the middle.
        case truncated
        /// An HTML page from the edge.
        case page
        /// 409, a collision while saving; nothing was done.
        case conflict
        /// 529 with Retry-After.
        case overloaded
        /// 400 for what is asked, whatever it is; nothing was done.
        case refused
    }

    /// A fault for the next request that matches.
    struct Planned: Sendable {
        var method: String
        var pathContains: String
        var kind: Kind
    }

    /// How many of 1,000 requests fail so.
    var perMille: [Kind: Int] = [:]

    /// Faults used up one by one.
    var next: [Planned] = []

    private var state: UInt64

    /// Makes a source of faults that replays from `seed`.
    init(seed: UInt64 = 1) { state = seed }

    /// What happens to this request, if anything; faults by chance only where the request `isOpenToChance`.
    mutating func draw(method: String, path: String, isOpenToChance: Bool) -> Kind? {
        if let index = next.firstIndex(where: {
            ($0.method == "*" || $0.method == method) && path.contains($0.pathContains)
        }) {
            return next.remove(at: index).kind
        }
        guard isOpenToChance else { return nil }
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

extension NotionFaults.Kind {
    /// The answer of a fault that comes before anything is done.
    var refusal: NotionReply? {
        switch self {
        case .failure: NotionReply(NotionProblem(500, "internal_server_error", "Unexpected error occurred."))
        case .unavailable: NotionReply(.unavailable)
        case .rateLimited: NotionReply(.rateLimited(after: 1))
        case .page: NotionReply(502, html: "<html><body>Bad gateway</body></html>")
        case .conflict:
            NotionReply(NotionProblem(409, "conflict_error", "Conflict occurred while saving. Please try again."))
        case .overloaded:
            NotionReply(NotionProblem(529, "service_overload", "Notion is overloaded. Try later.", retryAfter: 1))
        case .refused: NotionReply(.validation("The simulated service does not save this."))
        case .lostAnswer, .savedButUnavailable, .truncated: nil
        }
    }
}
