import Bridging
import Reconcile
import SQL
import Store

/// Another link of the same calendar.
struct OtherLink: Sendable {
    var link: Link
    var state: LinkState

    /// Whether it carries out what is to be written.
    var isRunning: Bool {
        switch state {
        case .idle, .syncing, .waiting, .needsApproval: true
        case .preview, .paused, .error: false
        }
    }
}

/// How another link stands to an event.
struct OtherHolding: Sendable {
    /// Whose the event was over that link; nil where it is in no agreement there.
    var origin: Origin?
    /// Whether the event was in an agreement there, and is gone since.
    var isGone: Bool
    /// Whether the upstream has guests of the event.
    var hasGuests: Bool
    /// Whether a person has that link leave the event alone.
    var isSkipped: Bool
}

/// The claim of a link to be the one that tells the guests of an event; of several the least counts.
///
/// However many upstreams have an event, one of them invites: that which has its guests already, or else that from which
/// the event came, or else that of the first link.
struct InvitationClaim: Comparable {
    private enum Rank: Int {
        case hasGuests, isSource, mayInvite
    }

    private let rank: Rank
    private let link: LinkID

    /// Makes the claim of a link; nil where it tells nobody of the event.
    init?(of link: LinkID, hasGuests: Bool, origin: Origin?, mayInvite: Bool) {
        self.link = link
        if hasGuests {
            rank = .hasGuests
        } else if mayInvite {
            rank = origin == .upstream ? .isSource : .mayInvite
        } else {
            return nil
        }
    }

    static func < (left: InvitationClaim, right: InvitationClaim) -> Bool {
        (left.rank.rawValue, left.link.rawValue) < (right.rank.rawValue, right.link.rawValue)
    }
}

extension SyncPass {
    /// Reads a snapshot with all that deciding needs of it.
    func look(at scope: SnapshotScope) async throws -> Snapshot {
        try await state.snapshot(of: link, fields: bridge.fields, telling: tellingProviders, scope)
    }

    /// The providers over which somebody else than this link may tell guests; none where it never tells them itself.
    private var tellingProviders: Set<String> { bridge is any MailingBridge ? configuration.mailingProviders : [] }

    /// Notes on each item whether another link of the calendar tells its guests.
    func noteInvitations(on snapshot: inout Snapshot) {
        guard bridge is any MailingBridge else { return }
        let others = snapshot.others.values
        guard !others.isEmpty else { return }
        // A link whose filters cannot be read carries out nothing.
        let filters = others.map { ($0, try? $0.link.readFilters()) }
        // Nobody asked of an event without guests how it stands elsewhere: of that, nobody is told.
        for (uid, item) in snapshot.items where !item.elsewhere.isEmpty {
            let own = InvitationClaim(
                of: link.id,
                hasGuests: item.base.map { !$0.isVoid && $0.agreement.hasGuestsThere } ?? false,
                origin: item.base?.origin ?? item.departed?.origin,
                mayInvite: true
            )
            snapshot.items[uid]?.isToldElsewhere = filters.contains { other, filters in
                guard let own, let claim = claim(of: other, filters, to: item) else { return false }
                return claim < own
            }
        }
    }

    private func claim(of other: OtherLink, _ filters: LinkFilters?, to item: SnapshotItem) -> InvitationClaim? {
        let holding = item.elsewhere[other.link.id]
        let isAdmitted = item.local.map { filters?.admits($0.object, at: clock.now()) ?? false } ?? false
        let mayWrite =
            other.isRunning && other.link.effectiveDirection != .pull && filters.map { $0.busyOnly != true } ?? false
            && holding?.isSkipped != true && (holding?.origin != nil || isAdmitted)
        return InvitationClaim(
            of: other.link.id,
            hasGuests: holding?.hasGuests ?? false,
            origin: holding?.origin,
            mayInvite: mayWrite && (other.link.notifiesGuests || item.notifiesGuests)
        )
    }

    /// The rules for an item of which another link tells the guests: they do not travel over this one.
    func uninvitingRules(_ rules: Rules) -> Rules {
        var rules = rules
        rules.pullOnly.insert(Field.attendees.rawValue)
        return rules
    }
}

extension Agreement {
    /// Whether the upstream had guests when both sides agreed.
    var hasGuestsThere: Bool { Self.haveGuests(remote) }

    /// Whether either side had guests when both agreed.
    fileprivate var hasGuests: Bool { hasGuestsThere || Self.haveGuests(local) }

    private static func haveGuests(_ fields: Fields) -> Bool {
        fields.keys.contains { $0.name == Field.attendees.rawValue }
    }
}

extension SnapshotItem {
    /// Whether the event has or had guests, as far as that is told without parsing it: about any other nobody is told.
    func mayHaveGuests(now texts: String?...) -> Bool {
        if let base, base.agreement.hasGuests { return true }
        return (texts + [base?.localText, base?.remoteText, departed?.text]).contains { text in
            text.map(Self.mayNameGuests) ?? false
        }
    }

    /// Whether the name of the property of guests is in a text, in whatever case and wherever a line is folded.
    private static func mayNameGuests(_ text: String) -> Bool {
        let name = guestName
        var matched = 0
        for octet in text.utf8 where octet > UInt8(ascii: " ") {
            let letter = octet & upperCase
            if letter == name[matched] {
                matched += 1
                guard matched < name.count else { return true }
            } else {
                // The first letter is nowhere else in the name.
                matched = letter == name[0] ? 1 : 0
            }
        }
        return false
    }

    private static let guestName = Array("ATTENDEE".utf8)
    private static let upperCase: UInt8 = 0xDF
}

extension LinkStore {
    /// The other links of a link's calendar that may tell guests.
    static func others(
        than link: Link,
        telling providers: Set<String>,
        _ transaction: borrowing SQLTransaction
    ) throws -> [LinkID: OtherLink] {
        guard !providers.isEmpty else { return [:] }
        let rows = try transaction.rows(
            "SELECT * FROM link WHERE calendar = \(link.calendar.value) AND id <> \(link.id.value)"
        )
        return try rows.reduce(into: [:]) { others, row in
            let other = OtherLink(link: try Link(row), state: try row.word("state"))
            if providers.contains(other.link.provider) { others[other.link.id] = other }
        }
    }

    /// How other links stand to an event.
    static func holdings(
        of uid: String,
        over others: some Sequence<LinkID>,
        _ transaction: borrowing SQLTransaction
    ) throws -> [LinkID: OtherHolding] {
        var holdings: [LinkID: OtherHolding] = [:]
        for link in others {
            let agreed = try transaction.row(
                """
                SELECT origin, local_fields, remote_fields FROM base
                WHERE link = \(link.value) AND uid = \(.text(uid)) AND agreed_at IS NOT NULL
                """
            )
            let skipped = try transaction.row(
                "SELECT 1 AS is_skipped FROM skipped WHERE link = \(link.value) AND uid = \(.text(uid))"
            )
            let departed = try transaction.row(
                "SELECT 1 AS is_gone FROM departed WHERE link = \(link.value) AND uid = \(.text(uid))"
            )
            holdings[link] = OtherHolding(
                origin: try agreed?.word("origin"),
                isGone: agreed == nil && departed != nil,
                hasGuests: try agreed.map { try Agreement($0).hasGuestsThere } ?? false,
                isSkipped: skipped != nil
            )
        }
        return holdings
    }
}
