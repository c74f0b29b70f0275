import Bridging
import ICalendar
import Store

/// What became of an upstream's call.
public enum RingOutcome: Sendable, Hashable {
    case woken
    /// The greeting of a new channel: nothing has changed.
    case ignored
    case unknownChannel
    case wrongToken
}

extension SyncScheduler {
    /// A channel that was refused is tried again after an hour.
    private static let channelPause: Int64 = 3600

    /// An upstream called: an early poll, which carries no data into the system.
    public func channelRang(_ id: String, token: String, state: String) async throws -> RingOutcome {
        guard let channel = try await links.channel(id) else { return .unknownChannel }
        guard isSameSecret(channel.tokenDigest, ETag.of(token).rawValue) else { return .wrongToken }
        guard state != "sync" else { return .ignored }
        wake(channel.link)
        return .woken
    }

    /// Opens a channel where there is to be one, or the next one before the last ends; then closes the old.
    ///
    /// Without a channel the link is polled: a failure here costs time, not truth.
    func keepChannel(of link: Link, _ bridge: any Bridge) async {
        guard let bridge = bridge as? any NotifyingBridge, let address = configuration.webhookAddresses[link.provider],
            channelPauses[link.id].map({ $0 <= clock.now() }) ?? true
        else { return }
        let now = clock.now()
        do {
            let known = try await links.channels(of: link.id)
            guard !known.contains(where: { $0.isFresh(at: now) }) else { return }
            let token = links.makeIdentity() + links.makeIdentity()
            let request = ChannelRequest(id: links.makeIdentity(), address: address, token: token)
            let digest = ETag.of(token).rawValue
            // Written down first: the upstream may call before its answer is here.
            let expected = NotificationChannel(id: request.id, resource: "", expiry: now + Self.channelPause)
            var stored = StoredChannel(link: link.id, channel: expected, tokenDigest: digest, openedAt: now)
            try await links.save(stored)
            do {
                stored.channel = try await bridge.openChannel(request)
            } catch {
                try await links.forgetChannel(request.id)
                throw error
            }
            try await links.save(stored)
            for old in known { try await close(old, over: bridge) }
        } catch {
            channelPauses[link.id] = now + Self.channelPause
        }
    }

    func close(_ channel: StoredChannel, over bridge: any NotifyingBridge) async throws {
        try await links.forgetChannel(channel.channel.id)
        try await bridge.closeChannel(channel.channel)
    }
}
