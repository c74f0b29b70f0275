/// An upstream that lists page by page, so that one page can be worked on while the next is on its way.
public protocol PagingBridge: Bridge {
    /// Lists everything, and tells of each page as soon as it is there.
    ///
    /// What was told of stands for the whole calendar only once this has returned.
    ///
    /// - Returns: from where to pull next.
    func listAll(telling page: @escaping @Sendable (ListedPage) -> Void) async throws(BridgeError) -> SyncCursor?
}

/// Some records of a listing.
public struct ListedPage: Sendable {
    public var records: [UpstreamRecord]

    /// Whether no page comes after it.
    public var isLast: Bool

    /// Describes a page.
    public init(records: [UpstreamRecord], isLast: Bool) {
        self.records = records
        self.isLast = isLast
    }
}
