import Store
import WebDAV
import XML

extension LiveProperty {
    /// Sharing in both dialects: calendarserver.org's and that of draft-pot-webdav-resource-sharing.
    static let sharing: [LiveProperty] = [
        // Where invitations would be; a share is accepted as soon as it is given, so that there are never any.
        LiveProperty(.calendarServer("notification-URL")) { resource in
            guard let principal = resource.principal, principal.id == resource.requester.id else { return nil }
            return .hrefs([.notifications(of: principal.name)])
        },
        LiveProperty(.calendarServer("allowed-sharing-modes")) { resource in
            resource.calendar.flatMap { $0.received == nil ? .names([.calendarServer("can-be-shared")]) : nil }
        },
        LiveProperty(.calendarServer("shared-url")) { resource in
            resource.calendar?.received.map { .hrefs([.calendar($0.nameAtOwner, of: $0.ownerName)]) }
        },
        LiveProperty(.calendarServer("invite")) { resource in
            guard let calendar = resource.calendar else { return nil }
            if let received = calendar.received {
                return .elements([organizer(received), resource.requester.invited(received.access, received.state)])
            }
            guard let shares = resource.shares, !shares.isEmpty else { return nil }
            return .elements(shares.map { $0.sharee.invited($0.access, $0.state) })
        },
        LiveProperty(.dav("share-access")) { resource in
            resource.calendar.map { .names([.dav($0.shareAccess)]) }
        },
        LiveProperty(.dav("share-resource-uri")) { resource in
            resource.calendar.map { .hrefs([Href(encoded: "urn:kalends:calendar:\($0.id.rawValue)")]) }
        },
        LiveProperty(.dav("invite")) { resource in
            guard let calendar = resource.calendar else { return nil }
            if let received = calendar.received {
                return .elements([resource.requester.sharee(received.access, received.state)])
            }
            return .elements((resource.shares ?? []).map { $0.sharee.sharee($0.access, $0.state) })
        },
    ]

    /// The properties whose value needs the shares of a calendar.
    static let needingShares: Set<PropertyName> = [.calendarServer("invite"), .dav("invite"), .dav("acl")]

    private static func organizer(_ received: ReceivedShare) -> Element {
        let name = received.ownerDisplayName ?? received.ownerName
        return Element(
            .calendarServer("organizer"),
            children: [
                .element(Element(.dav("href"), text: Href.principal(received.ownerName).path)),
                .element(Element(.calendarServer("common-name"), text: name)),
            ]
        )
    }
}

extension LiveProperty {
    /// Subscribed sources, which the client fetches itself: calendarserver.org's `CS:subscribed`.
    static let subscriptions: [LiveProperty] = [
        LiveProperty(.calendarServer("source")) { resource in
            resource.subscription?.properties.source.map { .hrefs([Href(encoded: $0)]) }
        }
    ]
}

extension CalendarCollection {
    /// `DAV:share-access`: what the one who asks may do, and whether its own calendar is given to others.
    fileprivate var shareAccess: String {
        switch access {
        case .owner: isShared ? "shared-owner" : "not-shared"
        case .read: "read"
        // What its upstream takes away nobody can give.
        case .write: isWriteProtected ? "read" : "read-write"
        }
    }
}

extension Principal {
    /// `CS:user`, as Apple's clients list sharees.
    fileprivate func invited(_ access: ShareAccess, _ state: ShareState) -> Element {
        let granted = Element(.calendarServer(access.word))
        return Element(
            .calendarServer("user"),
            children: [
                .element(Element(.dav("href"), text: shareeAddress.path)),
                .element(Element(.calendarServer("common-name"), text: shownName)),
                .element(Element(.calendarServer(state.word))),
                .element(Element(.calendarServer("access"), children: [.element(granted)])),
            ]
        )
    }

    /// `DAV:sharee`.
    fileprivate func sharee(_ access: ShareAccess, _ state: ShareState) -> Element {
        let prop = Element(.dav("prop"), children: [.element(Element(.dav("displayname"), text: shownName))])
        return Element(
            .dav("sharee"),
            children: [
                .element(Element(.dav("href"), text: shareeAddress.path)),
                .element(prop),
                .element(Element(.dav("share-access"), children: [.element(Element(.dav(access.word)))])),
                .element(Element(.dav(state.word))),
            ]
        )
    }

    /// The mail address where there is one: it is what clients show and send back.
    private var shareeAddress: Href { addresses.first ?? .principal(name) }
}

extension ShareAccess {
    /// The element that says so, in either dialect.
    fileprivate var word: String {
        switch self {
        case .read: "read"
        case .write: "read-write"
        }
    }
}

extension ShareState {
    /// The element that says so, in either dialect.
    fileprivate var word: String {
        switch self {
        case .accepted: "invite-accepted"
        case .declined: "invite-declined"
        }
    }
}
