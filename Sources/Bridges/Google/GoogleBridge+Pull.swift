public import Bridging
import HTTPTypes
import ICalendar
import Synchronization

extension GoogleBridge {
    /// Lists what changed since `cursor`, or everything, always to the last page.
    ///
    /// Changed default reminders make every event that uses them another one, and another role may show what one that sees when
    /// somebody is busy hid. Of neither Google tells anything: the whole calendar is then listed again.
    public func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        guard let cursor else { return try await list(since: nil) }
        guard let position = EventCursor(cursor) else { throw .cursorExpired }
        let pulled = try await list(since: position)
        let showsMore = position.role == Self.busyRole && defaultReminders.role.map { $0 != Self.busyRole } ?? false
        guard defaultReminders.value == position.defaultReminders, !showsMore else {
            return try await list(since: nil)
        }
        return pulled
    }

    /// The role that is told when somebody is busy, and nothing else.
    private static let busyRole = "freeBusyReader"

    private func list(since position: EventCursor?) async throws(BridgeError) -> PulledRecords {
        let pages = Mutex<[UpstreamRecord]>([])
        let cursor = try await list(since: position) { page in pages.withLock { $0 += page.records } }
        return PulledRecords(records: pages.withLock { $0 }, isComplete: position == nil, cursor: cursor)
    }

    /// Lists everything, and tells of each page while the next one is on its way.
    public func listAll(telling page: @escaping @Sendable (ListedPage) -> Void) async throws(BridgeError)
        -> SyncCursor?
    {
        try await list(since: nil, telling: page)
    }

    private func list(
        since position: EventCursor?,
        telling tell: (ListedPage) -> Void
    ) async throws(BridgeError) -> SyncCursor {
        var tokens = PageTokens()
        var next: EventPage? = try await page(query(position), isIncremental: position != nil)
        var syncToken: String?
        while let page = next {
            defaultReminders.learn(page.defaultReminders)
            defaultReminders.learn(role: page.accessRole)
            syncToken = page.nextSyncToken
            try tokens.advance(to: page.nextPageToken)
            async let following = following(tokens, position)
            do {
                tell(try page.listed())
            } catch {
                throw .unreadableAnswer
            }
            next = try await following.get()
        }
        guard let syncToken else { throw .unreachable("Google's listing ended without its last page.") }
        return EventCursor(
            syncToken: syncToken,
            defaultReminders: defaultReminders.value ?? .array([]),
            role: defaultReminders.role ?? position?.role
        ).cursor
    }

    /// The page after the last one that was read; nil after the last one there is.
    private func following(_ tokens: PageTokens, _ position: EventCursor?) async -> Result<EventPage?, BridgeError> {
        guard tokens.hasNext else { return .success(nil) }
        do {
            return .success(try await page(query(position) + tokens.query, isIncremental: position != nil))
        } catch {
            return .failure(error)
        }
    }

    /// So many events are asked for at once, of 2,500 that Google would give.
    ///
    /// One page is worked out while the next is on its way: larger ones make a first sync no faster, only later to begin.
    private static let eventsPerPage = 1_500

    /// The parameters of a listing, which must be the same on each page and with each token.
    private func query(_ position: EventCursor?) -> [(String, String)] {
        [("singleEvents", "false"), ("maxResults", String(Self.eventsPerPage))]
            + (position.map { [("syncToken", $0.syncToken)] } ?? [])
    }

    private func page(_ query: [(String, String)], isIncremental: Bool) async throws(BridgeError)
        -> EventPage
    {
        let reply = try await client.exchange(.get, events(), query)
        guard !reply.isSuccess else {
            do {
                return try EventPage(reply.body)
            } catch {
                throw .unreadableAnswer
            }
        }
        let failure = GoogleFailure(reply)
        let blamesToken = failure.status == 400 && failure.location == "syncToken"
        guard failure.status == 410 || blamesToken else { throw failure.error(about: .calendar) }
        // A full listing has no cursor that could have expired: saying so again would make the caller start for ever.
        throw isIncremental
            ? .cursorExpired : .unreachable("Google refuses to list the whole calendar.")
    }
}

/// A place in a calendar's feed of changes.
struct EventCursor: Hashable {
    /// Raised when a cursor of an earlier form can no longer be read; such a one counts as expired.
    static let version = 1

    var syncToken: String
    /// The calendar's default reminders when the token was given.
    var defaultReminders: JSON
    /// What the account was in the calendar then, in Google's word; nil where that was not noted.
    var role: String?

    init(syncToken: String, defaultReminders: JSON, role: String?) {
        self.syncToken = syncToken
        self.defaultReminders = defaultReminders
        self.role = role
    }

    /// Reads a stored cursor; nil where it is not one of this version.
    init?(_ cursor: SyncCursor) {
        guard let value = try? JSONReader.value(of: cursor.rawValue),
            value["version"]?.integer == Self.version,
            let token = value["syncToken"]?.text
        else { return nil }
        self.init(
            syncToken: token,
            defaultReminders: value["defaultReminders"] ?? .array([]),
            role: value["role"]?.text
        )
    }

    var cursor: SyncCursor {
        let members: [(String, JSON)] = [
            ("version", .integer(Self.version)),
            ("syncToken", .string(syncToken)),
            ("defaultReminders", defaultReminders),
        ]
        let noted = role.map { [("role", JSON.string($0))] } ?? []
        return SyncCursor(rawValue: JSON.members(members + noted).serialized)
    }
}
