/// Where a client stands in a calendar's changes: what the number of a ``ChangePage`` means.
///
/// Usually it is a revision. While a first synchronisation is cut into pages it says when that began as well: deletions from
/// before are none of its business, and a page that lies below the purge horizon does not send it back to the beginning.
enum SyncPosition: Hashable {
    /// Everything up to this revision is known.
    case revision(Int64)

    /// The objects up to `reached` are known, in a first synchronisation that began at revision `began`.
    case initial(began: Int64, reached: Int64)

    /// Two revisions in one positive number; a calendar cannot have so many: 68 years of a change every second.
    private static let radix: Int64 = 1 << 31

    init?(number: Int64) {
        guard number >= 0 else { return nil }
        let (began, reached) = number.quotientAndRemainder(dividingBy: Self.radix)
        self = began == 0 ? .revision(reached) : .initial(began: began, reached: reached)
    }

    var number: Int64 {
        switch self {
        case .revision(let revision): revision
        case .initial(let began, let reached): began * Self.radix + reached
        }
    }

    /// The revision from which on every deletion must still be remembered.
    var deletionsKnownUpTo: Int64 {
        switch self {
        case .revision(let revision): revision
        case .initial(let began, _): began
        }
    }

    /// The revision up to which living objects are known.
    var objectsKnownUpTo: Int64 {
        switch self {
        case .revision(let revision): revision
        case .initial(_, let reached): reached
        }
    }

    /// The position after a page that ends at `revision`.
    func advanced(to revision: Int64) -> SyncPosition {
        switch self {
        case .initial(let began, _) where revision < began:
            .initial(began: began, reached: revision)
        case .initial, .revision:
            .revision(revision)
        }
    }
}
