import Bridging
import ICalendar
import SQL
import Store

/// A notification channel as it is remembered: the token only as a digest.
struct StoredChannel: Sendable {
    /// A week's channel is renewed a day early, a shorter one when a quarter of its life is left.
    private static let earliestRenewal: Int64 = 86_400

    var link: LinkID
    var channel: NotificationChannel
    var tokenDigest: String
    var openedAt: Instant

    /// What the upstream calls; nil for a channel from before that was noted.
    var address: String?

    /// Whether the upstream has answered that it is open.
    ///
    /// What a pass finds otherwise, another one died over.
    var isOpen: Bool { !channel.resource.isEmpty }

    /// Whether it is this address that is called.
    func calls(_ address: String) -> Bool { self.address.map { $0 == address } ?? true }

    func isFresh(at now: Instant) -> Bool {
        let margin = min(Self.earliestRenewal, (channel.expiry - openedAt) / 4)
        return channel.expiry - now > margin
    }
}

extension LinkStore {
    func channels(of link: LinkID) async throws -> [StoredChannel] {
        try await database.read { transaction in
            try transaction.rows("SELECT * FROM channel WHERE link = \(link.value) ORDER BY expires_at")
                .map(StoredChannel.init)
        }
    }

    func channel(_ id: String) async throws -> StoredChannel? {
        try await database.read { transaction in
            try transaction.row("SELECT * FROM channel WHERE id = \(.text(id))").map(StoredChannel.init)
        }
    }

    func save(_ channel: StoredChannel) async throws {
        try await database.write { transaction in
            try transaction.run(
                """
                INSERT INTO channel (id, link, resource, token_digest, opened_at, expires_at, address)
                VALUES (\(.text(channel.channel.id)), \(channel.link.value), \(.text(channel.channel.resource)),
                    \(.text(channel.tokenDigest)), \(channel.openedAt.value), \(channel.channel.expiry.value),
                    \(.text(channel.address)))
                ON CONFLICT (id) DO UPDATE SET resource = excluded.resource, expires_at = excluded.expires_at
                """
            )
        }
    }

    /// Notes that no channel could be opened; answers when it may be tried again.
    ///
    /// Each failure in a row doubles the wait, up to a fifth longer by chance.
    func channelFailed(_ link: Link, _ sentence: String, random: Double) async throws {
        let now = now()
        try await database.write { transaction in
            let row = try transaction.row("SELECT channel_failures FROM link WHERE id = \(link.id.value)")
            let failures = try row?.integer("channel_failures") ?? 0
            let wait = min(Self.firstChannelWait << min(failures, 10), Self.longestChannelWait)
            let due = now + (wait + Int64(Double(wait) / 5 * random))
            try transaction.run(
                """
                UPDATE link SET channel_problem = \(.text(sentence)), channel_failures = \(.integer(failures + 1)),
                    channel_due_at = \(due.value)
                WHERE id = \(link.id.value)
                """
            )
            try Self.audit(.channelFailed, link, by: "gateway", detail: sentence, at: now, transaction)
        }
    }

    /// Five minutes: an upstream that could not be reached is soon back.
    private static let firstChannelWait: Int64 = 300

    /// Six hours: an address that the upstream refuses is mended by a person, and polling goes on meanwhile.
    private static let longestChannelWait: Int64 = 6 * 3600

    /// Notes that a channel is open.
    func channelOpened(_ link: Link, until expiry: Instant) async throws {
        let now = now()
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE link SET channel_problem = NULL, channel_failures = 0, channel_due_at = NULL
                WHERE id = \(link.id.value)
                """
            )
            let detail = "until \(expiry.rfc3339)"
            try Self.audit(.channelOpened, link, by: "gateway", detail: detail, at: now, transaction)
        }
    }

    /// When opening a channel may be tried again after it failed; nil for at once.
    func channelDue(_ link: LinkID) async throws -> Instant? {
        try await database.read { transaction in
            try transaction.row("SELECT channel_due_at FROM link WHERE id = \(link.value)")?
                .optionalInstant("channel_due_at")
        }
    }

    /// A call of an upstream is written down to the minute: bursts of them cost nothing.
    private static let ringTick: Int64 = 60

    /// Notes that the upstream of a link called.
    public func rang(_ link: LinkID) async throws {
        let now = now()
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE link SET rang_at = \(now.value)
                WHERE id = \(link.value) AND (rang_at IS NULL OR rang_at <= \(now.advanced(by: -Self.ringTick).value))
                """
            )
        }
    }

    /// Forgets that no channel of a link could be opened.
    func forgetChannelFailures(of link: LinkID) async throws {
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE link SET channel_problem = NULL, channel_failures = 0, channel_due_at = NULL
                WHERE id = \(link.value)
                """
            )
        }
    }

    /// Forgets a channel that was never open.
    func forgetChannel(_ id: String) async throws {
        try await database.write { try $0.run("DELETE FROM channel WHERE id = \(.text(id))") }
    }

    /// Closes channels: from now on their calls are those of unknown ones.
    func close(_ channels: [StoredChannel], of link: Link, because reason: String, by actor: String?) async throws {
        guard !channels.isEmpty else { return }
        let now = now()
        try await database.write { transaction in
            for channel in channels {
                let count = try transaction.run("DELETE FROM channel WHERE id = \(.text(channel.channel.id))")
                // One that was never open is not missed.
                guard count > 0, channel.isOpen else { continue }
                try Self.audit(.channelClosed, link, by: actor ?? "gateway", detail: reason, at: now, transaction)
            }
        }
    }
}

extension StoredChannel {
    init(_ row: SQLRow) throws {
        link = LinkID(rawValue: try row.integer("link"))
        channel = NotificationChannel(
            id: try row.text("id"),
            resource: try row.text("resource"),
            expiry: try row.instant("expires_at")
        )
        tokenDigest = try row.text("token_digest")
        openedAt = try row.instant("opened_at")
        address = try row.optionalText("address")
    }
}

/// Compares two texts in a time that does not tell where they differ.
func isSameSecret(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
