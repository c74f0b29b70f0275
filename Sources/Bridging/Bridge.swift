public import ICalendar

/// One upstream calendar.
///
/// A bridge transports records and translates them. It decides nothing, stores nothing, never retries.
public protocol Bridge: Sendable {
    /// The properties this upstream can hold; every other property stays on our side only.
    var fields: FieldSet { get }

    /// Fetches the records that changed since `cursor`, or all of them when it is nil.
    func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords

    /// Performs one write, if the record is still at the revision it names; nil once it is deleted.
    ///
    /// - Returns: the record as the upstream answered it, which need not be what was sent.
    func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord?

    /// Translates all records of one series into one calendar object. Pure.
    ///
    /// - Throws: ``TranslationError`` when the series cannot be shown as an event, or is none.
    func object(from series: [UpstreamRecord]) throws(TranslationError) -> CalendarObject

    /// Lists the writes that turn `series` into `object`, or delete it when `object` is nil. Pure.
    ///
    /// An empty `series` means that the upstream has no such event yet. Only what differs between the two is written.
    func writes(
        toMake object: CalendarObject?,
        from series: [UpstreamRecord]
    ) throws(TranslationError) -> [RecordWrite]
}

extension Bridge {
    /// Pulls from `cursor`, and from the beginning once the upstream has forgotten it.
    public func pullRecovering(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        do {
            return try await pull(since: cursor)
        } catch .cursorExpired where cursor != nil {
            return try await pull(since: nil)
        }
    }
}

/// An upstream that tells of deletions only in a full listing, which it makes now and then.
public protocol SweepingBridge: Bridge {
    /// The same bridge, whose next pull lists everything; for a pass that a person asked for.
    func sweeping() -> any Bridge
}

/// An upstream that says of a record that it vanished only when it is asked for that one.
///
/// What a pass wrote before it died is in no cursor; so each pass says first which records are thought to be there.
public protocol RecallingBridge: Bridge {
    /// Tells the next pull which records are thought to be there, as they were when they were last seen.
    ///
    /// So a listing that is older than that can be told, even by a process that did not see it itself.
    func recall(_ records: [RecordMark]) async

    /// Tells the next pull which records the upstream called about: it asks for those that nothing else tells of.
    func called(about records: Set<String>) async
}

/// An upstream that tells what became of single records, without a listing.
public protocol RereadingBridge: Bridge {
    /// The records of a series as they are now; nil where only a listing tells.
    func reread(_ records: [UpstreamRecord]) async throws(BridgeError) -> [UpstreamRecord]?
}

/// An upstream of which only asking tells what it can hold.
public protocol InquiringBridge: Bridge {
    /// Finds out what the upstream can hold now; the next pull goes by that, without asking again.
    func inquire() async throws(BridgeError)
}

/// An upstream whose events say whether the account declined them.
public protocol AnsweringBridge: Bridge {
    /// Whether the account declined the invitation that these records are.
    func isDeclined(_ series: [UpstreamRecord]) -> Bool
}

/// An upstream with events that only its own applications may change.
public protocol ProtectingBridge: Bridge {
    /// Why nobody may change or delete an event here, in a sentence for a person; nil where one may.
    func protection(of series: [UpstreamRecord]) -> String?
}

/// An upstream in which an occurrence has a record of its own only once it was changed.
public protocol OccurrenceBridge: Bridge {
    /// The same writes, those to occurrences of which no revision is known at the one they have now.
    ///
    /// `known` is what is known of their series. With `isDisputed` an occurrence was found changed before, and a listing
    /// since then told of nothing: it counts as what it was.
    ///
    /// - Throws: `changedUpstream` where an occurrence says something else than what is known of it.
    func examined(
        _ writes: [RecordWrite],
        knowing known: [UpstreamRecord],
        isDisputed: Bool
    ) async throws(BridgeError) -> [RecordWrite]
}

/// An upstream in which a person can change an occurrence and all that follow, which makes two series of one.
public protocol SplittingBridge: Bridge {
    /// The series that a series was split off from first; itself where it was not split off.
    func origin(of series: String) -> String
}

/// An upstream whose listing says what the account may do with the calendar.
public protocol AccessTellingBridge: Bridge {
    /// What the last listing said; nil before the first one.
    var access: UpstreamCalendar.Access? { get }
}

/// An upstream that shows more of a series than the series itself, such as a page for each of its next occurrences.
///
/// That is kept in line with events both sides agree on, after everything else: nobody waits for it.
public protocol UpkeepBridge: Bridge {
    /// Whether series have something to keep; where not, they are looked at only when the event changes, and what is left of
    /// it is taken away.
    var keepsOccurrences: Bool { get }

    /// Whether every series must be looked at: time went by, or nothing is known of the last time.
    var isUpkeepDue: Bool { get }

    /// Whether nothing is remembered of what was written before: then what is shown must be told before the next pull.
    var forgotOccurrences: Bool { get }

    /// What `gone`, which takes an occurrence off its series, says of the series as it was just written.
    func placed(_ gone: UpstreamRecord, in series: UpstreamRecord) -> UpstreamRecord

    /// Tells the next pull what is shown besides the series themselves, as it was written or read last.
    func recall(occurrences: [UpstreamRecord]) async

    /// Lists the writes that bring what is shown of a series in line with `object`.
    ///
    /// Unless the event itself has changed (`isChanged`), nothing is put back on the record of the series.
    func upkeep(
        of object: CalendarObject,
        from series: [UpstreamRecord],
        isChanged: Bool
    ) throws(TranslationError) -> [RecordWrite]

    /// Notes that series are being looked at, and then whether that came to its end.
    func noteUpkeep(isDone: Bool)
}

/// An upstream in which people can write what makes no sense, and that is then told again what is true.
public protocol CorrectingBridge: Bridge {
    /// What a person is told when the records of a series are completed; nil where nothing of theirs is undone by it.
    func correction(of series: [UpstreamRecord]) -> Correction?
}

/// Why something that a person wrote upstream is not as they left it.
public struct Correction: Sendable, Hashable {
    /// What was done, and where.
    public var message: String

    /// What they can do instead.
    public var remedy: String

    /// Describes a correction.
    public init(message: String, remedy: String) {
        self.message = message
        self.remedy = remedy
    }
}

/// An upstream that can call us when something changed.
public protocol NotifyingBridge: Bridge {
    /// Opens a channel that calls `address` until its expiry, presenting `token`.
    func openChannel(_ request: ChannelRequest) async throws(BridgeError) -> NotificationChannel

    /// Closes a channel; an unknown one counts as closed.
    func closeChannel(_ channel: NotificationChannel) async throws(BridgeError)
}
