import Accounts
import Bridging
import ICalendar
import Store
import Synchronization

/// What accounts listed a moment ago: whoever has chosen from a list does not wait until the upstream has listed it again.
///
/// A class because all copies of the gateway share it.
public final class ListedCalendars: Sendable {
    /// So long a listing counts: a person who chooses takes some seconds.
    static let seconds: Int64 = 60

    private struct Listing {
        var calendars: [UpstreamCalendar]
        var at: Instant
    }

    private let listings = Mutex<[ConnectionID: Listing]>([:])

    init() {}

    /// Remembers what an account listed, and forgets what has become old.
    func keep(_ calendars: [UpstreamCalendar], of connection: ConnectionID, at now: Instant) {
        listings.withLock { listings in
            listings = listings.filter { now - $0.value.at < Self.seconds }
            listings[connection] = Listing(calendars: calendars, at: now)
        }
    }

    /// What an account listed a moment ago; empty where it did not.
    func recent(of connection: ConnectionID, at now: Instant) -> [UpstreamCalendar] {
        listings.withLock { listings in
            guard let listing = listings[connection], now - listing.at < Self.seconds else { return [] }
            return listing.calendars
        }
    }
}

extension Gateway {
    /// The calendars of an account, asked for now.
    func upstreamCalendars(
        of connection: ConnectionID,
        _ provider: any UpstreamProvider
    ) async throws(BridgeError) -> [UpstreamCalendar] {
        let listed = try await provider.calendars(using: vault.source(for: connection))
        listedCalendars.keep(listed, of: connection, at: now())
        return listed
    }
}
