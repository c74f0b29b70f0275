/// A disturbance of the simulated service: what goes wrong, for which requests, how often.
public struct Fault: Sendable, Hashable {
    /// What goes wrong.
    public enum Effect: Sendable, Hashable {
        /// An error of the back end; nothing was done.
        case failBefore(status: Int)
        /// The request was carried out, but the answer is an error of the back end.
        case failAfter(status: Int)
        /// The connection is closed; nothing was done.
        case cutBefore
        /// The request was carried out, but the connection is closed instead of an answer.
        case cutAfter
        /// A usage limit, with the seconds of a `Retry-After` if there is one.
        case throttle(status: Int, reason: String, retryAfter: Int?)
        /// The request was carried out; half of the answer arrives.
        case truncate
        /// The request was carried out; the answer is 200 with octets that are no JSON.
        case garbage
        /// A proxy's HTML page; nothing was done.
        case html(status: Int)
        /// The answer takes longer.
        case slow(milliseconds: Int)
        /// The person takes the grant back just now.
        case revokeGrant
    }

    public var effect: Effect

    /// The HTTP method; nil for any.
    public var method: String?

    /// The path as sent, in which `*` stands for any run of characters.
    public var path: String

    /// How many requests are disturbed; nil for no end.
    public var times: Int?

    /// How many matching requests pass before the first one is disturbed.
    public var skip: Int

    /// How likely a matching request is disturbed, from 0 to 1.
    public var rate: Double

    /// Describes a fault; without more than the effect, the next API request is hit, once.
    public init(
        _ effect: Effect,
        method: String? = nil,
        path: String = "/calendar/*",
        times: Int? = 1,
        skip: Int = 0,
        rate: Double = 1
    ) {
        self.effect = effect
        self.method = method
        self.path = path
        self.times = times
        self.skip = skip
        self.rate = rate
    }
}

/// The faults that are set, and the dice.
struct FaultPlan: Sendable {
    var faults: [Fault] = []
    var random: SeededGenerator

    /// The effect this request meets, if any; the first fault that hits is counted down.
    mutating func effect(on request: APIRequest) -> Fault.Effect? {
        for index in faults.indices where faults[index].matches(request) {
            guard faults[index].skip == 0 else {
                faults[index].skip -= 1
                continue
            }
            guard faults[index].rate >= 1 || Double.random(in: 0..<1, using: &random) < faults[index].rate else {
                continue
            }
            let effect = faults[index].effect
            if let times = faults[index].times {
                faults[index].times = times - 1
                if times <= 1 { faults.remove(at: index) }
            }
            return effect
        }
        return nil
    }
}

extension Fault {
    fileprivate func matches(_ request: APIRequest) -> Bool {
        (method.map { $0 == request.method } ?? true) && Self.glob(path[...], request.path[...])
    }

    /// Whether `text` fits a pattern in which `*` stands for any run.
    static func glob(_ pattern: Substring, _ text: Substring) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return pattern == text }
        guard text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}

extension Fault {
    /// Reads a fault from the control interface: the effect's name, its numbers, and the members of ``Fault``.
    init?(_ json: JSON) {
        guard let name = json["effect"]?.text, let effect = Effect(name, json) else { return nil }
        self.init(
            effect,
            method: json["method"]?.text,
            path: json["path"]?.text ?? "/calendar/*",
            times: json["times"].map { $0.number } ?? (json["rate"] == nil ? 1 : nil),
            skip: json["skip"]?.number ?? 0,
            rate: json["rate"]?.fraction ?? 1
        )
    }
}

extension Fault.Effect {
    fileprivate init?(_ name: String, _ json: JSON) {
        let status = json["status"]?.number
        switch name {
        case "failBefore": self = .failBefore(status: status ?? 503)
        case "failAfter": self = .failAfter(status: status ?? 503)
        case "cutBefore": self = .cutBefore
        case "cutAfter": self = .cutAfter
        case "throttle":
            self = .throttle(
                status: status ?? 429,
                reason: json["reason"]?.text ?? "rateLimitExceeded",
                retryAfter: json["retryAfter"]?.number
            )
        case "truncate": self = .truncate
        case "garbage": self = .garbage
        case "html": self = .html(status: status ?? 502)
        case "slow": self = .slow(milliseconds: json["milliseconds"]?.number ?? 1000)
        case "revokeGrant": self = .revokeGrant
        case _: return nil
        }
    }
}
