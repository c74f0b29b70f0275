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
    public init(_ element: Element) throws(DAVError) {
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
            case .calDAV("comp-filter"): components.append(try ComponentFilter(child))
            case .calDAV("time-range"): timeRange = try UTCRange(child)
            case let other: throw .unknownCondition(other)
            }
        }
        test = .matches(timeRange: timeRange, properties: properties, components: components)
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
