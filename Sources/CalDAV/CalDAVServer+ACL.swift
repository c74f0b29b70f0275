import Store
import WebDAV
import XML

extension CalDAVServer {
    /// The most entries an ACL request may bring.
    static let maximumEntries = 100

    /// ACL (RFC 3744 §8.1): told what is wrong with it, and refused, for nobody has the privilege to change an entry.
    func changeAccessControl(_ exchange: Exchange) async throws -> DAVResponse {
        let resource = try await resource(exchange)
        let request = try AccessControlRequest(parsing: exchange.request.body)
        guard request.entries.count <= Self.maximumEntries else {
            throw DAVError.failed(.limitedNumberOfACEs, "An ACL has \(Self.maximumEntries) entries at most.")
        }
        for entry in request.entries { try await check(entry, exchange) }
        throw DAVError.failed(
            .needPrivileges(.dav("write-acl"), on: resource.href),
            "Calendars are shared by invitation, not by ACL."
        )
    }

    /// The preconditions of RFC 3744 §8.1.1 that one entry can fail by itself.
    private func check(_ entry: AccessControlRequest.Entry, _ exchange: Exchange) async throws {
        guard !entry.isDenial else { throw DAVError.failed(.grantOnly, "Entries grant and never deny.") }
        guard !entry.isInverted else { throw DAVError.failed(.noInvert, "No entry is about everybody else.") }
        for privilege in entry.privileges {
            guard Self.privileges.contains(privilege) else {
                throw DAVError.failed(.notSupportedPrivilege, "There is no privilege \(privilege) here.")
            }
            guard privilege != .dav("all") else { throw DAVError.failed(.noAbstract, "DAV:all is abstract.") }
        }
        guard entry.principal.name == .dav("href") else {
            throw DAVError.failed(.allowedPrincipal, "Entries are about single principals.")
        }
        guard let href = Href(parsing: entry.principal.trimmedText),
            let path = try? ResourcePath.parse(href.path), case .principal(let name) = path,
            try await calendars.principal(named: name) != nil
        else { throw DAVError.failed(.recognizedPrincipal, "There is no such principal.") }
    }

    private static let privileges: Set<Name> = [
        .dav("all"), .dav("read"), .dav("read-acl"), .dav("read-current-user-privilege-set"), .dav("write"),
        .dav("write-properties"), .dav("write-content"), .dav("write-acl"), .dav("bind"), .dav("unbind"),
        .calDAV("read-free-busy"),
    ]
}
