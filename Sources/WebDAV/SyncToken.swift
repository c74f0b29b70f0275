/// Names a calendar and one of its revisions, as a URI (RFC 6578 §4).
public struct SyncToken: Sendable, Hashable {
    /// The calendar's identifier, which a deleted and recreated calendar does not keep.
    public let calendar: Int64

    /// The revision up to which the client knows every change.
    public let revision: Int64

    /// Names a revision of a calendar.
    public init(calendar: Int64, revision: Int64) {
        self.calendar = calendar
        self.revision = revision
    }

    /// Reads a token we made; nil for any other text.
    public init?(_ uri: String) {
        guard uri.utf8.starts(with: Self.prefix.utf8) else { return nil }
        let parts = uri.utf8.dropFirst(Self.prefix.utf8.count)
            .split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, let calendar = Int64(Substring(parts[0])), let revision = Int64(Substring(parts[1])),
            calendar >= 0, revision >= 0
        else { return nil }
        self.init(calendar: calendar, revision: revision)
        // "+1" and "01" are numbers, but no token of ours.
        guard self.uri == uri else { return nil }
    }

    /// The token as it stands in `DAV:sync-token`.
    public var uri: String { "\(Self.prefix)\(calendar):\(revision)" }

    private static let prefix = "urn:kalends:sync:"
}
