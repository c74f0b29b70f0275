import Store
import WebDAV
import XML

extension CalDAVServer {
    /// How far `expand-property` follows properties of properties; clients go two steps.
    static let maximumExpansionDepth = 4

    /// `expand-property` (RFC 3253 §3.8).
    func expandProperty(
        _ properties: [ExpandedProperty],
        of resource: Resource,
        _ exchange: Exchange
    ) async throws -> DAVResponse {
        guard try exchange.depth == .zero else {
            throw DAVError.badRequest("expand-property is about one resource: Depth 0.")
        }
        let isMinimal = exchange.preferences.returning == .minimal
        let response = try await expanded(properties, of: resource, level: 1, isMinimal: isMinimal)
        var multiStatus = MultiStatus()
        multiStatus.append(response)
        return DAVResponse(multiStatus)
    }

    /// The `response` element of a resource, with responses in place of the hrefs of the properties to be followed.
    private func expanded(
        _ properties: [ExpandedProperty],
        of resource: Resource,
        level: Int,
        isMinimal: Bool
    ) async throws -> Element {
        guard level <= Self.maximumExpansionDepth else {
            throw DAVError.badRequest("expand-property goes \(Self.maximumExpansionDepth) steps deep at most.")
        }
        var found: [Element] = []
        var missing: [Element] = []
        let resource = try await withDeadProperties(withLocks([resource]))[0]
        for property in properties {
            guard let content = LiveProperty.byName[property.name]?.content(resource) else {
                if let dead = resource.deadProperties.first(where: { $0.propertyName == property.name }) {
                    found.append(try Document(parsing: Array(dead.xml.utf8)).root)
                } else {
                    missing.append(Element(property.name))
                }
                continue
            }
            var element = content.element(named: property.name)
            if case .hrefs(let hrefs) = content, !property.inner.isEmpty {
                element.children = []
                for href in hrefs {
                    let inner = try await self.expanded(
                        property.inner,
                        at: href,
                        for: resource.requester,
                        level + 1,
                        isMinimal: isMinimal
                    )
                    element.children.append(.element(inner))
                }
            }
            found.append(element)
        }
        var parts = [Element(.dav("href"), text: resource.href.path), Element.propStat(found, "200 OK")]
        if !missing.isEmpty, !isMinimal { parts.append(.propStat(missing, "404 Not Found")) }
        return Element(.dav("response"), children: parts.map { .element($0) })
    }

    /// The response for an href; one that leads nowhere here stays an href.
    private func expanded(
        _ properties: [ExpandedProperty],
        at href: Href,
        for principal: Principal,
        _ level: Int,
        isMinimal: Bool
    ) async throws -> Element {
        do {
            let target = try await resource(ResourcePath.parse(href.path), for: principal, at: href.path)
            return try await expanded(properties, of: target, level: level, isMinimal: isMinimal)
        } catch let error as DAVError where error.status == 404 || !href.path.utf8.starts(with: "/".utf8) {
            return Element(.dav("href"), text: href.path)
        }
    }
}

extension LiveProperty.Content {
    /// The value as an element.
    fileprivate func element(named name: Name) -> Element {
        switch self {
        case .text(let text): Element(name, text: text)
        case .hrefs(let hrefs):
            Element(name, children: hrefs.map { .element(Element(.dav("href"), text: $0.path)) })
        case .elements(let elements): Element(name, children: elements.map { .element($0) })
        case .names(let names): Element(name, children: names.map { .element(Element($0)) })
        }
    }
}

extension Element {
    fileprivate static func propStat(_ properties: [Element], _ status: String) -> Element {
        let prop = Element(.dav("prop"), children: properties.map { .element($0) })
        let status = Element(.dav("status"), text: "HTTP/1.1 " + status)
        return Element(.dav("propstat"), children: [.element(prop), .element(status)])
    }
}
