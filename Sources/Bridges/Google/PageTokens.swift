import Bridging

/// The way through a listing of many pages.
struct PageTokens {
    /// More pages than the largest calendar has, so that a listing that never ends is noticed.
    static let maximumPages = 10_000

    private var current: String?
    private var count = 0

    var hasNext: Bool { current != nil }

    /// The query that asks for the next page; empty for the first.
    var query: [(String, String)] { current.map { [("pageToken", $0)] } ?? [] }

    /// Goes on to the page of that token, or ends at nil.
    mutating func advance(to next: String?) throws(BridgeError) {
        count += 1
        guard next == nil || next != current && count < Self.maximumPages else {
            throw .unreachable("Google's listing does not come to an end.")
        }
        current = next
    }
}
