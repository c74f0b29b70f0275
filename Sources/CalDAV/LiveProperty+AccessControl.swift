import Store
import WebDAV
import XML

extension LiveProperty {
    /// What clients ask of RFC 3744, RFC 5397 and RFC 3253.
    static let accessControl: [LiveProperty] = [
        LiveProperty(.dav("current-user-principal")) { .hrefs([.principal($0.requester.name)]) },
        LiveProperty(.dav("principal-URL")) { $0.principal.map { .hrefs([.principal($0.name)]) } },
        LiveProperty(.dav("alternate-URI-set")) { $0.principal.map { _ in .hrefs([]) } },
        LiveProperty(.dav("group-membership")) { $0.principal.map { _ in .hrefs([]) } },
        LiveProperty(.calendarServer("email-address-set")) { resource in
            resource.principal.map { principal in
                .elements(principal.email.map { [Element(.calendarServer("email-address"), text: $0)] } ?? [])
            }
        },
        LiveProperty(.dav("principal-collection-set")) { _ in .hrefs([.principals]) },
        LiveProperty(.dav("owner")) { resource in
            resource.ownerName.map { .hrefs([.principal($0)]) }
        },
        LiveProperty(.dav("current-user-privilege-set")) { resource in
            .elements(resource.privileges.map(Element.privilege))
        },
        LiveProperty(.dav("supported-privilege-set")) { .elements([$0.supportedPrivileges]) },
        LiveProperty(.dav("acl")) { .elements($0.accessControlList.map(\.element)) },
        LiveProperty(.dav("acl-restrictions")) { _ in .names([.dav("grant-only"), .dav("no-invert")]) },
        LiveProperty(.dav("inherited-acl-set")) { _ in .hrefs([]) },
        LiveProperty(.dav("supported-report-set")) { resource in
            .elements(
                resource.reports.map { name in
                    let report = Element(.dav("report"), children: [.element(Element(name))])
                    return Element(.dav("supported-report"), children: [.element(report)])
                }
            )
        },
    ]
}

extension Resource {
    /// The reports that can be asked here (RFC 3253 §3.1.5).
    var reports: [Name] {
        let everywhere: [Name] = [
            .dav("expand-property"), .dav("principal-property-search"), .dav("principal-search-property-set"),
            .dav("principal-match"), .dav("acl-principal-prop-set"),
        ]
        let ofObjects: [Name] = [.calDAV("calendar-query"), .calDAV("calendar-multiget")]
        switch kind {
        case .home: return ofObjects + [.calDAV("free-busy-query")] + everywhere
        case .object: return ofObjects + everywhere
        case .calendar where calendar != nil:
            return ofObjects + [.calDAV("free-busy-query"), .dav("sync-collection")] + everywhere
        case .root, .principals, .homes, .principal, .notifications, .calendar: return everywhere
        }
    }
}
