public import ICalendar
import SQL
public import Store

/// What a person decides about the plan of a link before it starts.
public struct StartChoices: Sendable, Hashable {
    /// UIDs of events that are to stay where they are.
    public var skip: Set<String>

    /// UIDs, on either side, of events that the plan takes for the same and that are two.
    public var separate: Set<String>

    /// Everything goes as planned, except these.
    public init(skip: Set<String> = [], separate: Set<String> = []) {
        self.skip = skip
        self.separate = separate
    }
}

/// An event here and a series there that may be one event, found by what they say.
struct Pairing: Sendable, Hashable {
    var series: String
    /// The UID of the event here.
    var uid: String
    /// The UID of the event there.
    var upstreamUID: String
    /// In 0...1.
    var confidence: Double
}

extension LinkStore {
    /// The UIDs of the events that a link leaves alone.
    public func skipped(by link: LinkID) async throws -> [String] {
        try await database.read { try Self.skipped(by: link, $0).sorted() }
    }

    /// Replaces the events that a link leaves alone; what is no longer named is taken up again in the next pass.
    public func setSkipped(_ uids: Set<String>, of link: LinkID) async throws {
        let now = now()
        try await database.write { transaction in
            let known = try Self.skipped(by: link, transaction)
            for uid in known.subtracting(uids) {
                try transaction.run("DELETE FROM skipped WHERE link = \(link.value) AND uid = \(.text(uid))")
            }
            for uid in uids.subtracting(known) { try Self.skip(uid, link, at: now, transaction) }
            try Self.lookAgain(link, atEverything: true, transaction)
        }
    }

    /// Remembers which events a plan takes for the same, in place of those of an earlier plan.
    func setPairings(_ pairings: [Pairing], of link: LinkID) async throws {
        try await database.write { transaction in
            try transaction.run("DELETE FROM pairing WHERE link = \(link.value)")
            for pairing in pairings {
                try transaction.run(
                    """
                    INSERT INTO pairing (link, series, uid, confidence) VALUES (\(link.value), \(.text(pairing.series)),
                        \(.text(pairing.uid)), \(.integer(Int64(pairing.confidence * 1000))))
                    """
                )
            }
        }
    }

    /// Makes true what a person confirmed of a plan: the pairs become one event, the others stay two, or stay alone.
    ///
    /// A pair holds only while both of its events are still without a partner.
    func apply(_ choices: StartChoices, to link: LinkID) async throws {
        let now = now()
        try await database.write { transaction in
            let rows = try transaction.rows(
                """
                SELECT pairing.series, pairing.uid, mirrored_object.uid AS upstream_uid, mirrored_object.text
                FROM pairing JOIN mirrored_object ON mirrored_object.link = pairing.link
                    AND mirrored_object.series = pairing.series
                WHERE pairing.link = \(link.value) AND mirrored_object.text IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM base WHERE base.link = pairing.link
                        AND base.uid IN (pairing.uid, mirrored_object.uid))
                """
            )
            for row in rows {
                let uid = try row.text("uid")
                let names: Set<String> = [uid, try row.optionalText("upstream_uid") ?? uid]
                guard choices.separate.isDisjoint(with: names), choices.skip.isDisjoint(with: names) else { continue }
                let object = try CalendarObject(parsing: try row.text("text")).with(uid: uid)
                try transaction.run(
                    """
                    UPDATE mirrored_object SET uid = \(.text(uid)), text = \(.text(object.text)),
                        digest = \(.text(ETag.of(object.text).rawValue))
                    WHERE link = \(link.value) AND series = \(.text(try row.text("series")))
                    """
                )
            }
            try transaction.run("DELETE FROM pairing WHERE link = \(link.value)")
            for uid in choices.skip.sorted() { try Self.skip(uid, link, at: now, transaction) }
            try Self.lookAgain(link, atEverything: true, transaction)
        }
    }

    // MARK: In a transaction

    static func skipped(by link: LinkID, _ transaction: borrowing SQLTransaction) throws -> Set<String> {
        let rows = try transaction.rows("SELECT uid FROM skipped WHERE link = \(link.value)")
        return Set(try rows.map { try $0.text("uid") })
    }

    static func skip(
        _ uid: String,
        _ link: LinkID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run(
            """
            INSERT INTO skipped (link, uid, since) VALUES (\(link.value), \(.text(uid)), \(now.value))
            ON CONFLICT (link, uid) DO NOTHING
            """
        )
        try transaction.run("DELETE FROM retry WHERE link = \(link.value) AND uid = \(.text(uid))")
    }

    // MARK: Restoring

    /// Stores an event that is gone anew, and has it go to every upstream it was at, even where the filters of a link keep
    /// it out now.
    public func bringBack(
        _ object: CalendarObject,
        named name: String,
        in calendar: CalendarID,
        by author: Author
    ) async throws -> PutOutcome {
        let calendars = calendars
        let outcome = try await database.write { transaction in
            let outcome = try calendars.put(object, named: name, in: calendar, if: .absent, by: author, transaction)
            if case .created = outcome { try Self.takeUpAgain(object.uid, in: calendar, transaction) }
            return outcome
        }
        if case .created = outcome { calendars.announce(Commit(calendar: calendar, author: author)) }
        return outcome
    }

    /// Voids the agreement on an event that is gone, in the caller's own transaction: whatever is in step, or was, is wanted.
    static func takeUpAgain(
        _ uid: String,
        in calendar: CalendarID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run(
            """
            INSERT INTO base (
                link, uid, local_fields, remote_fields, local_text, remote_text, local_digest, remote_digest, origin
            )
            SELECT id, \(.text(uid)), '', '', '', '', '', '', COALESCE(
                    (SELECT origin FROM departed WHERE departed.link = link.id AND departed.uid = \(.text(uid))),
                    \(.text(Origin.both.rawValue))
                )
            FROM link
            WHERE calendar = \(calendar.value) AND filters IS NOT NULL AND EXISTS (
                SELECT 1 FROM pass JOIN pass_item ON pass_item.pass = pass.id
                WHERE pass.link = link.id AND pass_item.uid = \(.text(uid)) AND pass_item.outcome = 'done')
            ON CONFLICT (link, uid) DO NOTHING
            """
        )
    }
}
