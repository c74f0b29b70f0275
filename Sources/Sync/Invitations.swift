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
    /// Notes on each item whether another link of the calendar tells its guests.
    func noteInvitations(on snapshot: inout Snapshot) {
        guard bridge is any MailingBridge else { return }
        let others = snapshot.others.values.filter { configuration.mailingProviders.contains($0.link.provider) }
        guard !others.isEmpty else { return }
        // A link whose filters cannot be read carries out nothing.
        let filters = others.map { ($0, try? $0.link.readFilters()) }
        for (uid, item) in snapshot.items {
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
    var hasGuestsThere: Bool { remote.keys.contains { $0.name == Field.attendees.rawValue } }
}

extension LinkStore {
    /// The other links of a link's calendar.
    static func others(than link: Link, _ transaction: borrowing SQLTransaction) throws -> [LinkID: OtherLink] {
        let rows = try transaction.rows(
            "SELECT * FROM link WHERE calendar = \(link.calendar.value) AND id <> \(link.id.value)"
        )
        return try rows.reduce(into: [:]) { others, row in
            let other = OtherLink(link: try Link(row), state: try row.word("state"))
            others[other.link.id] = other
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
            holdings[link] = OtherHolding(
                origin: try agreed?.word("origin"),
                hasGuests: try agreed.map { try Agreement($0).hasGuestsThere } ?? false,
                isSkipped: skipped != nil
            )
        }
        return holdings
    }
}
