public import XML

/// `DAV:principal-property-search` (RFC 3744 §9.4).
public struct PrincipalPropertySearch: Sendable, Hashable {
    /// How a text is looked for; calendarserver.org's extension, without which it may stand anywhere.
    public enum MatchType: String, Sendable, Hashable, CaseIterable {
        case contains
        case startsWith = "starts-with"
        case endsWith = "ends-with"
        case equals
    }

    /// One condition: each of these properties matches the text.
    public struct Condition: Sendable, Hashable {
        public let properties: [PropertyName]
        public let text: String
        public let matchType: MatchType

        init(_ search: Element) throws(DAVError) {
            properties = search.first(.dav("prop"))?.elements.map(\.name) ?? []
            let match = search.first(.dav("match"))
            text = match?.trimmedText ?? ""
            let named = match?.attribute("match-type") ?? MatchType.contains.rawValue
            guard let matchType = MatchType(rawValue: named) else {
                throw .badRequest("The match-type \(named) is not known here.")
            }
            self.matchType = matchType
        }

        /// Whether a value matches, the case of letters aside.
        public func accepts(_ value: String) -> Bool {
            let value = value.lowercased()
            let text = text.lowercased()
            switch matchType {
            case .contains: return TextMatch(text, collation: .octet).accepts(value)
            case .startsWith: return value.utf8.starts(with: text.utf8)
            case .endsWith: return value.utf8.reversed().starts(with: text.utf8.reversed())
            case .equals: return value == text
            }
        }
    }

    /// The conditions; without any, every principal is found.
    public let conditions: [Condition]

    /// Whether one of them is enough.
    public let isAnyOf: Bool

    /// What is wanted of each match.
    public let request: PropFind

    init(_ root: Element) throws(DAVError) {
        conditions = try root.all(.dav("property-search")).map { search throws(DAVError) in try Condition(search) }
        switch root.attribute("test") ?? "allof" {
        case "anyof": isAnyOf = true
        case "allof": isAnyOf = false
        case let other: throw .badRequest("The test \(other) is neither anyof nor allof.")
        }
        // python-caldav leaves `prop` empty and writes what it wants beside it.
        let beside = root.elements.map(\.name).filter { !Self.ownElements.contains($0) }
        request =
            switch PropFind(in: root) {
            case .named(let names)?: .named(names + beside)
            case let other?: other
            case nil: .named(beside)
            }
        guard conditions.count <= RequestLimits.maximumSearches, beside.count <= RequestLimits.maximumProperties else {
            throw .badRequest("A search has \(RequestLimits.maximumSearches) conditions at most.")
        }
    }

    private static let ownElements: Set<Name> = [
        .dav("property-search"), .dav("prop"), .dav("allprop"), .dav("propname"), .dav("include"),
        .dav("apply-to-principal-collection-set"), .calendarServer("limit"),
    ]
}

/// `DAV:principal-match` (RFC 3744 §9.3).
public struct PrincipalMatch: Sendable, Hashable {
    /// What makes a resource match.
    public enum Subject: Sendable, Hashable {
        /// It is the principal who asks.
        case itself

        /// A property of it names the principal who asks.
        case property(PropertyName)
    }

    /// What makes a resource match.
    public let subject: Subject

    /// What is wanted of each match.
    public let request: PropFind

    init(_ root: Element) throws(DAVError) {
        let properties = root.first(.dav("principal-property"))?.elements ?? []
        switch (root.first(.dav("self")), properties.count, properties.first) {
        case (_?, 0, _): subject = .itself
        case (nil, 1, let property?): subject = .property(property.name)
        default: throw .badRequest("principal-match needs either self or one principal-property.")
        }
        request = PropFind(in: root) ?? .named([])
    }
}
