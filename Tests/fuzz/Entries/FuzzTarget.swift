import Glibc

/// What is fed with arbitrary octets, by libFuzzer (`make fuzz`) and by the replay of what it once found (`make test`).
public enum FuzzTarget: String, Sendable, CaseIterable {
    case contentLines = "content-lines"
    case calendarObjects = "calendar-objects"
    case expansion
    case requestXML = "request-xml"
    case pathsAndHeaders = "paths-and-headers"
    case values

    /// Takes the octets in and checks what must hold for any octets whatever.
    ///
    /// - Parameters:
    ///   - octets: the input.
    ///   - maximumSeconds: what one step may take of the processor; nil where slowness proves nothing, as in a debug build.
    /// - Throws: the first property that does not hold.
    public func run(_ octets: [UInt8], maximumSeconds: Double?) throws(BrokenProperty) {
        let trial = Trial(maximumSeconds: maximumSeconds)
        switch self {
        case .contentLines: try trial.contentLines(octets)
        case .calendarObjects: try trial.calendarObject(octets)
        case .expansion: try trial.expansion(octets)
        case .requestXML: try trial.requestXML(octets)
        case .pathsAndHeaders: try trial.pathsAndHeaders(octets)
        case .values: try trial.values(octets)
        }
    }
}

/// What did not hold.
public struct BrokenProperty: Error, Sendable, Hashable {
    /// The property that should have held, and what was found instead.
    public let sentence: String
}

/// One input on its way through one target.
struct Trial {
    let maximumSeconds: Double?

    /// Fails unless `condition` holds.
    func check(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(BrokenProperty) {
        guard condition else { throw BrokenProperty(sentence: sentence()) }
    }

    /// Runs one step, which must end soon; nil where it refuses the input.
    func timed<Result, Refusal: Error>(
        _ step: StaticString,
        _ body: () throws(Refusal) -> Result
    ) throws(BrokenProperty) -> Result? {
        let before = Self.processorSeconds()
        let result: Result?
        do {
            result = try body()
        } catch {
            result = nil
        }
        let taken = Self.processorSeconds() - before
        if let maximumSeconds, taken > maximumSeconds {
            throw BrokenProperty(sentence: "\(step) took \(taken) s")
        }
        return result
    }

    /// What this thread has used of the processor: other work on the machine does not count.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
