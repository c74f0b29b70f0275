public import XML

/// The `CALDAV:filter` of a calendar-query: a tree of conditions on one calendar object (RFC 4791 §9.7).
public struct ComponentFilter: Sendable, Hashable {
    /// What is asked of the components of a name.
    public enum Test: Sendable, Hashable {
        /// There must be none (RFC 4791 §9.7.4).
        case isNotDefined

        /// One of them must fulfil all of these.
        case matches(timeRange: UTCRange?, properties: [PropertyFilter], components: [ComponentFilter])
    }

    /// The component's name, upper-case.
    public let name: String

    /// What is asked of it.
    public let test: Test

    /// Makes a filter by hand.
    public init(_ name: String, _ test: Test) {
        self.name = name
        self.test = test
    }

    /// Reads a `CALDAV:comp-filter`.
    ///
    /// - Throws: `supported-filter` for conditions nobody here knows and times of what has none, and for more of them,
    ///   or deeper ones, than ``maximumConditions`` and ``maximumDepth`` allow.
    public init(_ element: Element) throws(DAVError) {
        try self.init(element, depth: 1)
        guard conditionCount <= Self.maximumConditions else {
            throw .failed(.supportedFilter, "A filter has \(Self.maximumConditions) conditions at most.")
        }
    }

    /// The most conditions one filter may have; people ask a handful.
    public static let maximumConditions = 200

    /// How deep component filters nest: as deep as calendar objects do.
    public static let maximumDepth = 8

    private init(_ element: Element, depth: Int) throws(DAVError) {
        guard depth <= Self.maximumDepth else {
            throw .failed(.supportedFilter, "Component filters nest \(Self.maximumDepth) deep at most.")
        }
        name = try element.requiredName()
        guard element.first(.calDAV("is-not-defined")) == nil else {
            test = .isNotDefined
            return
        }
        var properties: [PropertyFilter] = []
        var components: [ComponentFilter] = []
        var timeRange: UTCRange?
        for child in element.elements {
            switch child.name {
            case .calDAV("prop-filter"): properties.append(try PropertyFilter(child))
            case .calDAV("comp-filter"): components.append(try ComponentFilter(child, depth: depth + 1))
            case .calDAV("time-range"):
                guard Self.timed.contains(name) else {
                    throw .failed(.supportedFilter, "A time-range cannot be asked of \(name).")
                }
                timeRange = try UTCRange(child)
            case let other: throw .unknownCondition(other)
            }
        }
        test = .matches(timeRange: timeRange, properties: properties, components: components)
    }

    /// The components that happen at some time (RFC 4791 §9.9, RFC 7953 §7.2.2).
    private static let timed: Set<String> = [
        "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VALARM", "VAVAILABILITY", "AVAILABLE",
    ]

    private var conditionCount: Int {
        guard case .matches(_, let properties, let components) = test else { return 1 }
        return 1 + properties.reduce(0) { $0 + $1.conditionCount } + components.reduce(0) { $0 + $1.conditionCount }
    }
}

/// A condition on the properties of one name (RFC 4791 §9.7.2).
public struct PropertyFilter: Sendable, Hashable {
    /// What is asked of the properties of a name.
    public enum Test: Sendable, Hashable {
        case isNotDefined
        case matches(timeRange: UTCRange?, text: TextMatch?, parameters: [ParameterFilter])
    }

    /// The property's name, upper-case.
    public let name: String

    /// What is asked of it.
    public let test: Test

    /// Reads a `CALDAV:prop-filter`.
    public init(_ element: Element) throws(DAVError) {
        name = try element.requiredName()
        guard element.first(.calDAV("is-not-defined")) == nil else {
            test = .isNotDefined
            return
        }
        var timeRange: UTCRange?
        var text: TextMatch?
        var parameters: [ParameterFilter] = []
        for child in element.elements {
            switch child.name {
            case .calDAV("time-range"): timeRange = try UTCRange(child)
            case .calDAV("text-match"): text = try TextMatch(child)
            case .calDAV("param-filter"): parameters.append(try ParameterFilter(child))
            case let other: throw .unknownCondition(other)
            }
        }
        test = .matches(timeRange: timeRange, text: text, parameters: parameters)
    }

    fileprivate var conditionCount: Int {
        guard case .matches(_, _, let parameters) = test else { return 1 }
        return 1 + parameters.count
    }
}

/// A condition on the parameters of one name (RFC 4791 §9.7.3).
public struct ParameterFilter: Sendable, Hashable {
    /// What is asked of the parameters of a name.
    public enum Test: Sendable, Hashable {
        case isDefined
        case isNotDefined
        case matches(TextMatch)
    }

    /// The parameter's name, upper-case.
    public let name: String

    /// What is asked of it.
    public let test: Test

    /// Reads a `CALDAV:param-filter`.
    public init(_ element: Element) throws(DAVError) {
        name = try element.requiredName()
        let known: Set<Name> = [.calDAV("is-not-defined"), .calDAV("text-match")]
        if let other = element.elements.map(\.name).first(where: { !known.contains($0) }) {
            throw .unknownCondition(other)
        }
        if element.first(.calDAV("is-not-defined")) != nil {
            test = .isNotDefined
        } else if let text = element.first(.calDAV("text-match")) {
            test = .matches(try TextMatch(text))
        } else {
            test = .isDefined
        }
    }
}

extension DAVError {
    /// RFC 4791 §7.8: a filter this server cannot evaluate is named, never ignored.
    fileprivate static func unknownCondition(_ name: Name) -> DAVError {
        .failed(.supportedFilter, "The filter has a condition that is not known here: \(name).")
    }
}

extension Element {
    /// The `name` attribute that every filter and selection element has.
    func requiredName() throws(DAVError) -> String {
        guard let name = attribute("name"), !name.isEmpty else {
            throw .failed(.validFilter, "\(self.name.local) needs a name.")
        }
        return name.uppercased()
    }
}
