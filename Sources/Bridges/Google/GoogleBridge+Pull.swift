public import Bridging
import HTTPTypes
import ICalendar

extension GoogleBridge {
    /// Lists what changed since `cursor`, or everything, always to the last page.
    ///
    /// Changed default reminders make every event that uses them another one, of which Google tells nothing: the whole
    /// calendar is then listed again.
    public func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        guard let cursor else { return try await list(since: nil) }
        guard let position = EventCursor(cursor) else { throw .cursorExpired }
        let pulled = try await list(since: position)
        guard defaultReminders.value == position.defaultReminders else {
            return try await list(since: nil)
        }
        return pulled
    }

    private func list(since position: EventCursor?) async throws(BridgeError) -> PulledRecords {
        var records: [UpstreamRecord] = []
        var pages = PageTokens()
        var syncToken: String?
        repeat {
            let page = try await page(query(position) + pages.query, isIncremental: position != nil)
            defaultReminders.learn(page.defaultReminders)
            records += page.records
            syncToken = page.nextSyncToken
            try pages.advance(to: page.nextPageToken)
        } while pages.hasNext
        guard let syncToken else { throw .unreachable("Google's listing ended without its last page.") }
        let cursor = EventCursor(
            syncToken: syncToken,
            defaultReminders: defaultReminders.value ?? .array([])
        )
        return PulledRecords(records: records, isComplete: position == nil, cursor: cursor.cursor)
    }

    /// The parameters of a listing, which must be the same on each page and with each token.
    private func query(_ position: EventCursor?) -> [(String, String)] {
        [("singleEvents", "false"), ("maxResults", "2500")]
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

    init(syncToken: String, defaultReminders: JSON) {
        self.syncToken = syncToken
        self.defaultReminders = defaultReminders
    }

    /// Reads a stored cursor; nil where it is not one of this version.
    init?(_ cursor: SyncCursor) {
        guard let value = try? JSONReader.value(of: cursor.rawValue),
            value["version"]?.integer == Self.version,
            let token = value["syncToken"]?.text
        else { return nil }
        self.init(syncToken: token, defaultReminders: value["defaultReminders"] ?? .array([]))
    }

    var cursor: SyncCursor {
        let value = JSON.members([
            ("version", .integer(Self.version)),
            ("syncToken", .string(syncToken)),
            ("defaultReminders", defaultReminders),
        ])
        return SyncCursor(rawValue: value.serialized)
    }
}
