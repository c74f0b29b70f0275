import XML

/// What a POST to a calendar or a home says about sharing, in either of the two dialects that clients speak.
///
/// Apple's is `CS:share` and `CS:invite-reply` (caldav-sharing); the other is `DAV:share-resource` and
/// `DAV:invite-reply` (draft-pot-webdav-resource-sharing).
public enum SharingRequest: Sendable, Hashable {
    /// The owner gives, changes or takes back.
    case changes([Change])

    /// The sharee answers.
    case reply(Reply)

    /// What somebody is to be able to do from now on.
    public enum Access: Sendable, Hashable { case none, read, readWrite }

    /// One sharee, and what is to become of its access.
    public struct Change: Sendable, Hashable {
        /// The sharee as the client names it: `mailto:` or the address of a principal.
        public let sharee: String
        public let access: Access
    }

    /// Whether a sharee wants what it was given.
    public struct Reply: Sendable, Hashable {
        /// The shared calendar in its owner's home.
        public let calendar: String
        public let isAccepted: Bool
    }

    /// The most sharees one request may name.
    public static let maximumChanges = 100

    /// Reads a request body.
    public init(parsing body: [UInt8]) throws(DAVError) {
        let root = try Document(body: body).root
        switch root.name {
        case .calendarServer("share"): self = .changes(try Self.appleChanges(root))
        case .dav("share-resource"): self = .changes(try Self.changes(root))
        case .calendarServer("invite-reply"): self = .reply(try Reply(root, Name.calendarServer))
        case .dav("invite-reply"): self = .reply(try Reply(root, Name.dav))
        default: throw .badRequest("A POST here is about sharing: CS:share, DAV:share-resource or invite-reply.")
        }
        if case .changes(let changes) = self, !(1...Self.maximumChanges).contains(changes.count) {
            throw .badRequest("A request names 1 to \(Self.maximumChanges) sharees.")
        }
    }

    private static func appleChanges(_ root: Element) throws(DAVError) -> [Change] {
        var changes: [Change] = []
        for action in root.elements {
            switch action.name {
            case .calendarServer("set"):
                let isWriter =
                    action.first(.calendarServer("read-write")) != nil
                    || action.first(.calendarServer("read-write-schedule")) != nil
                guard isWriter || action.first(.calendarServer("read")) != nil else {
                    throw .badRequest("CS:set says neither read nor read-write.")
                }
                changes.append(Change(sharee: try sharee(action), access: isWriter ? .readWrite : .read))
            case .calendarServer("remove"):
                changes.append(Change(sharee: try sharee(action), access: .none))
            default: break
            }
        }
        return changes
    }

    private static func changes(_ root: Element) throws(DAVError) -> [Change] {
        var changes: [Change] = []
        for sharee in root.all(.dav("sharee")) {
            let access: Access
            switch sharee.first(.dav("share-access"))?.elements.first?.name {
            case .dav("read"): access = .read
            case .dav("read-write"): access = .readWrite
            case .dav("no-access"): access = .none
            default: throw .badRequest("DAV:share-access is read, read-write or no-access.")
            }
            changes.append(Change(sharee: try self.sharee(sharee), access: access))
        }
        return changes
    }

    private static func sharee(_ element: Element) throws(DAVError) -> String {
        guard let href = element.first(.dav("href"))?.trimmedText, !href.isEmpty else {
            throw .badRequest("\(element.name.local) needs a DAV:href that names the sharee.")
        }
        return href
    }
}

extension SharingRequest.Reply {
    fileprivate init(_ root: Element, _ name: (String) -> Name) throws(DAVError) {
        let host = root.first(name("hosturl"))?.first(.dav("href"))?.trimmedText
        guard let host else { throw .badRequest("invite-reply needs hosturl, the calendar that was shared.") }
        switch (root.first(name("invite-accepted")), root.first(name("invite-declined"))) {
        case (_?, nil): isAccepted = true
        case (nil, _?): isAccepted = false
        case (nil, nil), (_?, _?): throw .badRequest("invite-reply either accepts or declines.")
        }
        calendar = host
    }
}
