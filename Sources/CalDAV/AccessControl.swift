import Store
import WebDAV
import XML

/// Who may do what with a resource (RFC 3744 §5.5); every entry is protected, for nobody changes one by ACL.
struct AccessControlEntry: Sendable, Hashable {
    /// Whom an entry is about.
    enum Holder: Sendable, Hashable {
        /// The principal at this address.
        case principal(Href)
        /// Whoever is logged in.
        case authenticated
    }

    let holder: Holder
    let privileges: [Name]

    /// The entry as `DAV:ace`.
    var element: Element {
        let holder =
            switch holder {
            case .principal(let href): Element(.dav("href"), text: href.path)
            case .authenticated: Element(.dav("authenticated"))
            }
        return Element(
            .dav("ace"),
            children: [
                .element(Element(.dav("principal"), children: [.element(holder)])),
                .element(Element(.dav("grant"), children: privileges.map { .element(.privilege($0)) })),
                .element(Element(.dav("protected"))),
            ]
        )
    }
}

extension Resource {
    /// Who may do what here (RFC 3744 §5.5).
    var accessControlList: [AccessControlEntry] {
        switch kind {
        case .root, .principals, .principal, .homes:
            [AccessControlEntry(holder: .authenticated, privileges: privileges)]
        case .home, .notifications, .calendar, .object:
            [AccessControlEntry(holder: .principal(.principal(requester.name)), privileges: privileges)]
                + (shares ?? []).filter { $0.state == .accepted }.map(Self.entry)
        }
    }

    private static func entry(of share: Share) -> AccessControlEntry {
        let privileges =
            switch share.access {
            case .read: reading + [.calDAV("read-free-busy")]
            case .write: reading + [.calDAV("read-free-busy")] + writing + bindings
            }
        return AccessControlEntry(holder: .principal(.principal(share.sharee.name)), privileges: privileges)
    }

    private static let reading: [Name] = [.dav("read"), .dav("read-acl"), .dav("read-current-user-privilege-set")]
    private static let writing: [Name] = [.dav("write"), .dav("write-properties"), .dav("write-content")]
    private static let bindings: [Name] = [.dav("bind"), .dav("unbind")]

    /// What the requester may do (RFC 3744 §3); without a write privilege Thunderbird shows the calendar read-only.
    var privileges: [Name] {
        switch kind {
        case .root, .principals, .principal, .notifications, .homes: return Self.reading
        case .home: return Self.reading + Self.bindings
        case .calendar(let calendar):
            if subscription != nil { return Self.reading + [.dav("write-properties")] }
            // Of a shared calendar that may only be read, name and colour can be changed all the same. It is not told:
            // Thunderbird takes write-properties for leave to write events.
            let shown = Self.reading + [.calDAV("read-free-busy")]
            return calendar.isWriteProtected ? shown : shown + Self.writing + Self.bindings
        case .object(_, in: let calendar):
            return calendar.isWriteProtected ? Self.reading : Self.reading + Self.writing + Self.bindings
        }
    }

    /// The privileges there are, as the tree in which each contains those below it (RFC 3744 §5.3).
    var supportedPrivileges: Element {
        .supportedPrivilege(
            .dav("all"),
            "Everything",
            isAbstract: true,
            [
                .supportedPrivilege(
                    .dav("read"),
                    "Read",
                    [.supportedPrivilege(.calDAV("read-free-busy"), "See when time is taken")]
                ),
                .supportedPrivilege(.dav("read-acl"), "Read who may do what"),
                .supportedPrivilege(.dav("read-current-user-privilege-set"), "Read one's own privileges"),
                .supportedPrivilege(
                    .dav("write"),
                    "Write",
                    [
                        .supportedPrivilege(.dav("write-properties"), "Change properties"),
                        .supportedPrivilege(.dav("write-content"), "Change content"),
                        .supportedPrivilege(.dav("bind"), "Add members"),
                        .supportedPrivilege(.dav("unbind"), "Remove members"),
                    ]
                ),
                .supportedPrivilege(.dav("write-acl"), "Change who may do what"),
            ]
        )
    }
}

extension Element {
    /// A `DAV:privilege`.
    static func privilege(_ name: Name) -> Element {
        Element(.dav("privilege"), children: [.element(Element(name))])
    }

    fileprivate static func supportedPrivilege(
        _ name: Name,
        _ description: String,
        isAbstract: Bool = false,
        _ contained: [Element] = []
    ) -> Element {
        var parts = [Element.privilege(name)]
        if isAbstract { parts.append(Element(.dav("abstract"))) }
        let language = [Name("http://www.w3.org/XML/1998/namespace", "lang"): "en"]
        parts.append(Element(.dav("description"), attributes: language, children: [.text(description)]))
        return Element(.dav("supported-privilege"), children: (parts + contained).map { .element($0) })
    }
}
