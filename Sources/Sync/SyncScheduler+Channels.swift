import Bridging
import ICalendar
public import Store

/// What became of an upstream's call.
public enum RingOutcome: Sendable, Hashable {
    case woken
    /// The greeting of a new channel: nothing has changed.
    case ignored
    case unknownChannel
    case wrongToken
}

extension SyncScheduler {
    /// So long an upstream may take to answer that a channel is open.
    private static let openingTime: Int64 = 3600

    /// An upstream called: an early poll, which carries no data into the system.
    ///
    /// `resource` is what the call says the channel is about; it must be what the upstream said when it opened it.
    public func channelRang(
        _ id: String,
        token: String,
        state: String,
        resource: String? = nil
    ) async throws -> RingOutcome {
        guard let channel = try await links.channel(id) else { return .unknownChannel }
        guard isSameSecret(channel.tokenDigest, ETag.of(token).rawValue) else { return .wrongToken }
        // Until the upstream has answered that the channel is open, nobody knows its resource.
        let known = channel.channel.resource
        guard known.isEmpty || resource == nil || resource == known else { return .unknownChannel }
        guard state != "sync" else { return .ignored }
        upstreamCalled(channel.link)
        try await links.rang(channel.link)
        return .woken
    }

    /// Opens a channel where there is to be one, or the next one before the last ends; then closes the old.
    ///
    /// Without a channel the link is polled: a failure here costs time, not truth. It is shown, and tried again later.
    func keepChannel(of link: Link, _ bridge: any Bridge) async {
        guard let bridge = bridge as? any NotifyingBridge else { return }
        let now = clock.now()
        do {
            let known = try await links.channels(of: link.id)
            guard let address = configuration.webhookAddresses[link.provider] else {
                return try await close(known, of: link, over: bridge, because: "The gateway cannot be called any more.")
            }
            if let due = try await links.channelDue(link.id), due > now { return }
            guard !known.contains(where: { $0.isOpen && $0.isFresh(at: now) && $0.calls(address) }) else { return }
            let token = links.makeIdentity() + links.makeIdentity()
            let request = ChannelRequest(id: links.makeIdentity(), address: address, token: token)
            let digest = ETag.of(token).rawValue
            // Written down first: the upstream may call before its answer is here.
            let expected = NotificationChannel(id: request.id, resource: "", expiry: now + Self.openingTime)
            var stored = StoredChannel(link: link.id, channel: expected, tokenDigest: digest, openedAt: now)
            stored.address = address
            try await links.save(stored)
            do {
                stored.channel = try await bridge.openChannel(request)
            } catch {
                try await links.forgetChannel(request.id)
                throw error
            }
            try await links.save(stored)
            try await links.channelOpened(link, until: stored.channel.expiry)
            try await close(known, of: link, over: bridge, because: "Another one is open in its place.")
        } catch {
            await noteChannelFailure(error, link)
        }
    }

    private func noteChannelFailure(_ error: any Error, _ link: Link) async {
        do {
            try await links.channelFailed(link, LinkProblem(error).message, random: clock.random())
            emit(SyncUpdate(principal: link.principal, link: link.id, kind: .link))
        } catch {
            // The database itself failed: the next pass tries again at once, which is harmless.
            return
        }
    }

    /// Closes channels that are no longer wanted.
    private func close(
        _ channels: [StoredChannel],
        of link: Link,
        over bridge: any NotifyingBridge,
        because reason: String
    ) async throws {
        try await links.close(channels, of: link, because: reason, by: AuditActor.current)
        for channel in channels { await tell(bridge, thatEnds: channel) }
    }

    private func tell(_ bridge: any NotifyingBridge, thatEnds channel: StoredChannel) async {
        // Without the answer that it is open there is no resource to name.
        guard channel.isOpen else { return }
        do {
            try await bridge.closeChannel(channel.channel)
        } catch {
            // It ends by itself: calls of an unknown channel are answered 404.
            return
        }
    }

    /// Closes the channels of a link that is being removed.
    func closeChannels(of link: Link, by author: Author) async throws {
        let channels = try await links.channels(of: link.id)
        try await links.close(channels, of: link, because: "The link was removed.", by: author.name)
        guard !channels.isEmpty, let bridge = try? await makeBridge(link) as? any NotifyingBridge else { return }
        for channel in channels { await tell(bridge, thatEnds: channel) }
    }

    /// A connection was connected again: its links go on, with channels of the new grant.
    ///
    /// Those of the old one died with it, and nobody tells.
    public func connectionMended(_ connection: ConnectionID) async throws {
        let mended = try await links.links(over: connection)
        var lost: [(link: Link, channels: [StoredChannel])] = []
        for link in mended {
            let channels = try await links.channels(of: link.id)
            lost.append((link, channels))
            try await links.close(channels, of: link, because: "Its grant was replaced.", by: AuditActor.current)
            try await links.forgetChannelFailures(of: link.id)
            try await links.tryAnew(link.id)
        }
        for link in mended { insist(link.id, nil) }
        for (link, channels) in lost where !channels.isEmpty {
            guard let bridge = try? await makeBridge(link) as? any NotifyingBridge else { continue }
            for channel in channels { await tell(bridge, thatEnds: channel) }
        }
    }
}
