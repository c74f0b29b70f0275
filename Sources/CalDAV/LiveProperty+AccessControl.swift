import Store
import WebDAV
import XML

extension LiveProperty {
    /// What clients ask of RFC 3744, RFC 5397 and RFC 3253.
    static let accessControl: [LiveProperty] = [
        LiveProperty(.dav("current-user-principal")) { .hrefs([.principal($0.requester.name)]) },
        LiveProperty(.dav("principal-URL")) { resource in
            guard case .principal = resource.kind else { return nil }
            return .hrefs([.principal(resource.requester.name)])
        },
        LiveProperty(.dav("principal-collection-set")) { _ in .hrefs([.principals]) },
        LiveProperty(.dav("owner")) { resource in
            switch resource.kind {
            case .principal, .home, .calendar, .object: .hrefs([.principal(resource.requester.name)])
            case .root, .principals, .homes: nil
            }
        },
        LiveProperty(.dav("current-user-privilege-set")) { resource in
            .elements(resource.privileges.map { privilege($0) })
        },
        LiveProperty(.dav("acl")) { resource in
            let principal = Element(.dav("href"), text: Href.principal(resource.requester.name).path)
            let ace = Element(
                .dav("ace"),
                children: [
                    .element(Element(.dav("principal"), children: [.element(principal)])),
                    .element(Element(.dav("grant"), children: resource.privileges.map { .element(privilege($0)) })),
                    .element(Element(.dav("protected"))),
                ]
            )
            return .elements([ace])
        },
        LiveProperty(.dav("supported-report-set")) { resource in
            .elements(
                resource.reports.map { name in
                    let report = Element(.dav("report"), children: [.element(Element(name))])
                    return Element(.dav("supported-report"), children: [.element(report)])
                }
            )
        },
    ]

    private static func privilege(_ name: Name) -> Element {
        Element(.dav("privilege"), children: [.element(Element(name))])
    }
}

extension Resource {
    /// What the requester may do (RFC 3744 §3); without a write privilege Thunderbird shows the calendar read-only.
    var privileges: [Name] {
        let reading: [Name] = [.dav("read"), .dav("read-current-user-privilege-set")]
        let writing: [Name] = [.dav("write"), .dav("write-properties"), .dav("write-content")]
        let members: [Name] = [.dav("bind"), .dav("unbind")]
        switch kind {
        case .root, .principals, .principal, .homes: return reading
        case .home: return reading + members
        case .calendar(let calendar):
            let shown = reading + [.calDAV("read-free-busy")]
            return calendar.isWriteProtected ? shown : shown + writing + members
        case .object(_, in: let calendar): return calendar.isWriteProtected ? reading : reading + writing
        }
    }

    /// The reports that can be asked here (RFC 3253 §3.1.5).
    var reports: [Name] {
        let everywhere: [Name] = [
            .dav("expand-property"), .dav("principal-property-search"), .dav("principal-search-property-set"),
        ]
        guard calendar != nil else { return everywhere }
        return [
            .calDAV("calendar-query"), .calDAV("calendar-multiget"), .calDAV("free-busy-query"),
            .dav("sync-collection"),
        ] + everywhere
    }
}
