import Store
import WebDAV
import XML

extension CalDAVServer {
    /// The most principals, or resources, one of these reports tells of.
    static let maximumPrincipalResults = 5_000

    /// `principal-property-search` (RFC 3744 §9.4): everybody finds everybody, by name and address.
    ///
    /// Deviation: it searches all principals wherever it is asked, with and without `apply-to-principal-collection-set`:
    /// a client that knows only some address of the server asks there.
    func principalPropertySearch(
        _ search: PrincipalPropertySearch,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        try exchange.requireDepthZero()
        let found = try await calendars.principals().filter(search.accepts).map { principal in
            Resource(kind: .principal(principal), requester: exchange.principal, href: .principal(principal.name))
        }
        return try tell(found, search.request, exchange)
    }

    /// `principal-search-property-set` (RFC 3744 §9.5).
    func principalSearchPropertySet(_ exchange: Exchange) throws(DAVError) -> DAVResponse {
        try exchange.requireDepthZero()
        let properties = PrincipalPropertySearch.searchable.map { name, description in
            let prop = Element(.dav("prop"), children: [.element(Element(name))])
            let language = [Name("http://www.w3.org/XML/1998/namespace", "lang"): "en"]
            let text = Element(.dav("description"), attributes: language, children: [.text(description)])
            return Element(.dav("principal-search-property"), children: [.element(prop), .element(text)])
        }
        var writer = Writer.dav()
        writer.declaration()
        writer.element(
            Element(.dav("principal-search-property-set"), children: properties.map { .element($0) }),
            declaresPrefixes: true
        )
        return DAVResponse(status: 200, xml: writer.octets)
    }

    /// `principal-match` (RFC 3744 §9.3): the members, at any depth, that are the requester, or that name him.
    func principalMatch(
        _ match: PrincipalMatch,
        of resource: Resource,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        try exchange.requireDepthZero()
        var found: [Resource] = []
        var unseen = [resource]
        while let next = unseen.popLast() {
            if match.accepts(next) { found.append(next) }
            unseen += try await members(of: next).reversed()
            guard found.count + unseen.count <= Self.maximumQueryResults else {
                throw DAVError.failed(.numberOfMatchesWithinLimits, "More than can be looked through at once.")
            }
        }
        return try tell(found, match.request, exchange, limit: Self.maximumQueryResults)
    }

    /// `acl-principal-prop-set` (RFC 3744 §9.2): properties of the principals that the resource's entries name.
    func aclPrincipalPropSet(
        _ request: PropFind,
        of resource: Resource,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        try exchange.requireDepthZero()
        var seen: Set<Href> = []
        var found: [Resource] = []
        let entries = try await withShares([resource]).flatMap(\.accessControlList)
        for case .principal(let href) in entries.map(\.holder) where seen.insert(href).inserted {
            found.append(try await self.resource(ResourcePath.parse(href.path), for: exchange.principal, at: href.path))
        }
        return try tell(found, request, exchange)
    }

    private func tell(
        _ resources: [Resource],
        _ request: PropFind,
        _ exchange: Exchange,
        limit: Int = maximumPrincipalResults
    ) throws(DAVError) -> DAVResponse {
        guard resources.count <= limit else {
            throw .failed(.numberOfMatchesWithinLimits, "More than \(limit) resources match.")
        }
        let answer = PropFindAnswer(request, isMinimal: exchange.preferences.returning == .minimal)
        var multiStatus = MultiStatus()
        for resource in resources { answer.append(resource, to: &multiStatus) }
        return DAVResponse(multiStatus)
    }
}

extension Exchange {
    /// RFC 3744 §9: its reports are defined for Depth 0 only, which is also what a missing header means.
    func requireDepthZero() throws(DAVError) {
        guard try depth == .zero else { throw .badRequest("This report is about one resource: Depth 0.") }
    }
}

extension PrincipalPropertySearch {
    /// The properties that can be searched, with what people call them (RFC 3744 §9.5).
    fileprivate static let searchable: [(PropertyName, String)] = [
        (.dav("displayname"), "Name"),
        (.calDAV("calendar-user-address-set"), "Address"),
        (.calendarServer("email-address-set"), "Mail address"),
    ]

    /// Whether a principal is among those looked for.
    fileprivate func accepts(_ principal: Principal) -> Bool {
        func holds(_ condition: Condition) -> Bool {
            // An empty text stands in everything, even in an address nobody has.
            condition.text.isEmpty
                || condition.properties.allSatisfy { principal.texts(of: $0).contains(where: condition.accepts) }
        }
        return isAnyOf && !conditions.isEmpty ? conditions.contains(where: holds) : conditions.allSatisfy(holds)
    }
}

extension PrincipalMatch {
    fileprivate func accepts(_ resource: Resource) -> Bool {
        switch subject {
        case .itself: return resource.principal?.id == resource.requester.id
        case .property(let name):
            guard case .hrefs(let hrefs)? = LiveProperty.byName[name]?.content(resource) else { return false }
            return hrefs.contains(.principal(resource.requester.name))
        }
    }
}

extension Principal {
    /// What people call the user.
    var shownName: String { displayName ?? name }

    /// The addresses of the user in calendars (RFC 6638 §2.4.1).
    var addresses: [Href] {
        let mailbox = email.map { [Href(encoded: "mailto:" + $0)] } ?? []
        return mailbox + [.principal(name)]
    }

    /// What a search looks into; an address is found with and without its scheme.
    fileprivate func texts(of property: PropertyName) -> [String] {
        switch property {
        case .dav("displayname"): [shownName]
        case .calDAV("calendar-user-address-set"): addresses.map(\.path) + [email].compactMap(\.self)
        case .calendarServer("email-address-set"): [email].compactMap(\.self)
        default: []
        }
    }
}
