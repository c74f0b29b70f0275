public import ICalendar
import SQL
public import Store

/// What a person decides about the plan of a link before it starts.
public struct StartChoices: Sendable, Hashable {
    /// UIDs of events that are to stay where they are; of a pair one of them names both.
    public var skip: Set<String>

    /// UIDs, on either side, of events that the plan takes for the same and that are two.
    public var separate: Set<String>

    /// Everything goes as planned, except these.
    public init(skip: Set<String> = [], separate: Set<String> = []) {
        self.skip = skip
        self.separate = separate
    }
}

/// What becomes of a set of events that a person chose, by UID.
public enum ChosenEvents: Sendable, Hashable {
    /// These and no others.
    case exactly(Set<String>)

    /// These as well.
    case adding(Set<String>)

    /// No longer these, nor what the latest plan takes for one with them.
    case removing(Set<String>)
}

/// A choice about the pairs of a plan that comes when its link has begun: each is one event by then, or two.
public struct LinkHasBegun: Error, Sendable, Hashable {
    public var link: LinkID
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

    /// What was chosen so far.
    func choices(of link: LinkID) async throws -> StartChoices {
        try await database.read { try Self.choices(of: link, $0) }
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

    /// Starts a link as a person confirmed its plan: the pairs become one event, the others stay two, or stay alone.
    ///
    /// A pair holds only while both of its events are still without a partner.
    ///
    /// - Returns: whether there is such a link.
    /// - Throws: ``LinkHasBegun`` where it is too late to part pairs.
    func start(_ link: LinkID, _ more: StartChoices) async throws -> Bool {
        let (now, actor) = (now(), AuditActor.current)
        return try await database.write { transaction in
            if !more.separate.isEmpty { try Self.requirePreview(of: link, transaction) }
            guard try Self.setState(.idle, of: link, by: actor, at: now, transaction) else { return false }
            var choices = try Self.choices(of: link, transaction)
            choices.skip.formUnion(more.skip)
            choices.separate.formUnion(more.separate)
            for pairing in try Self.pairings(of: link, transaction) {
                // What is left alone is a pair still when it is taken up.
                guard !choices.skips(pairing) else {
                    choices.skip.formUnion([pairing.uid, pairing.upstreamUID])
                    continue
                }
                if !choices.separates(pairing) { try Self.join(pairing, of: link, transaction) }
                try Self.forget(pairing, of: link, transaction)
            }
            try transaction.run("DELETE FROM separated WHERE link = \(link.value)")
            for uid in choices.skip.sorted() { try Self.skip(uid, link, at: now, transaction) }
            try Self.lookAgain(link, atEverything: true, transaction)
            return true
        }
    }

    // MARK: In a transaction

    /// Changes which events a link leaves alone; what it did and does no longer is taken up in the next pass.
    ///
    /// Of a pair that was left alone when the link began, one half named leaves both; taken up, they are one event.
    ///
    /// - Returns: how many events the link leaves alone now.
    static func setSkipped(
        _ change: ChosenEvents,
        of link: LinkID,
        at now: Instant,
        _ transaction: borrowing SQLTransaction
    ) throws -> Int {
        let known = try skipped(by: link, transaction)
        let named = try change.applied(to: known, over: link, transaction)
        let chosen = try wholePairs(of: named, leftAloneUntilNow: known, over: link, transaction)
        for uid in known.subtracting(chosen).sorted() {
            try transaction.run("DELETE FROM skipped WHERE link = \(link.value) AND uid = \(.text(uid))")
        }
        for uid in chosen.subtracting(known).sorted() { try skip(uid, link, at: now, transaction) }
        return chosen.count
    }

    /// Changes which events are two where the plan takes them for one.
    ///
    /// - Returns: how many are now.
    /// - Throws: ``LinkHasBegun`` where the link is no preview any more, and the change names an event.
    static func setSeparate(
        _ change: ChosenEvents,
        of link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> Int {
        if !change.named.isEmpty { try requirePreview(of: link, transaction) }
        let chosen = try change.applied(to: separated(over: link, transaction), over: link, transaction)
        try transaction.run("DELETE FROM separated WHERE link = \(link.value)")
        for uid in chosen.sorted() {
            try transaction.run("INSERT INTO separated (link, uid) VALUES (\(link.value), \(.text(uid)))")
        }
        return chosen.count
    }

    private static func requirePreview(of link: LinkID, _ transaction: borrowing SQLTransaction) throws {
        let begun = try transaction.row("SELECT id FROM link WHERE id = \(link.value) AND state <> 'preview'")
        guard begun == nil else { throw LinkHasBegun(link: link) }
    }

    fileprivate static func partners(
        of uids: Set<String>,
        over link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> Set<String> {
        let pairs = try pairings(of: link, transaction).map { [$0.uid, $0.upstreamUID] }
        return Set(pairs.filter { !uids.isDisjoint(with: $0) }.joined()).subtracting(uids)
    }

    /// The UIDs of what a link that has begun leaves alone, with both halves of each pair of which one is named; pairs that it
    /// left alone until now, and of which none is named, are one event from then on.
    private static func wholePairs(
        of uids: Set<String>,
        leftAloneUntilNow known: Set<String>,
        over link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> Set<String> {
        // Before that, the plan decides what is a pair.
        let preview = try transaction.row("SELECT id FROM link WHERE id = \(link.value) AND state = 'preview'")
        guard preview == nil else { return uids }
        var whole = uids
        for pairing in try pairings(of: link, transaction) {
            let halves: Set<String> = [pairing.uid, pairing.upstreamUID]
            guard uids.isDisjoint(with: halves) else {
                whole.formUnion(halves)
                continue
            }
            guard !known.isDisjoint(with: halves) else { continue }
            try join(pairing, of: link, transaction)
            try forget(pairing, of: link, transaction)
        }
        return whole
    }

    private static func forget(_ pairing: Pairing, of link: LinkID, _ transaction: borrowing SQLTransaction) throws {
        try transaction.run("DELETE FROM pairing WHERE link = \(link.value) AND series = \(.text(pairing.series))")
    }

    /// Remembers of two events that were one, and are left alone now, that they are a pair.
    static func keepPairing(
        of uid: String,
        and series: String,
        over link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        try transaction.run(
            """
            INSERT INTO pairing (link, series, uid, confidence) VALUES (\(link.value), \(.text(series)), \(.text(uid)), 1000)
            ON CONFLICT (link, series) DO UPDATE SET uid = excluded.uid, confidence = excluded.confidence
            """
        )
    }

    /// Gives the event there the UID of the one here, as which it is from now on.
    private static func join(_ pairing: Pairing, of link: LinkID, _ transaction: borrowing SQLTransaction) throws {
        try rename(pairing.series, to: pairing.uid, over: link, transaction)
    }

    /// Has an event upstream known here under another UID.
    static func rename(
        _ series: String,
        to uid: String,
        over link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        let key: SQLStatement = "link = \(link.value) AND series = \(.text(series))"
        guard let text = try transaction.row("SELECT text FROM mirrored_object WHERE \(key)")?.optionalText("text")
        else {
            return
        }
        let object = try CalendarObject(parsing: text).with(uid: uid)
        try transaction.run(
            """
            UPDATE mirrored_object SET uid = \(.text(uid)), text = \(.text(object.text)),
                digest = \(.text(ETag.of(object.text).rawValue))
            WHERE \(key)
            """
        )
    }

    /// The pairs of the latest plan both halves of which still have no partner.
    private static func pairings(of link: LinkID, _ transaction: borrowing SQLTransaction) throws -> [Pairing] {
        try transaction.rows(
            """
            SELECT pairing.series, pairing.uid, mirrored_object.uid AS upstream_uid, confidence
            FROM pairing JOIN mirrored_object ON mirrored_object.link = pairing.link
                AND mirrored_object.series = pairing.series
            WHERE pairing.link = \(link.value) AND mirrored_object.text IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM base WHERE base.link = pairing.link
                    AND base.uid IN (pairing.uid, mirrored_object.uid))
            """
        )
        .map { row in
            let uid = try row.text("uid")
            return Pairing(
                series: try row.text("series"),
                uid: uid,
                upstreamUID: try row.optionalText("upstream_uid") ?? uid,
                confidence: Double(try row.integer("confidence")) / 1000
            )
        }
    }

    private static func choices(of link: LinkID, _ transaction: borrowing SQLTransaction) throws -> StartChoices {
        StartChoices(skip: try skipped(by: link, transaction), separate: try separated(over: link, transaction))
    }

    private static func separated(over link: LinkID, _ transaction: borrowing SQLTransaction) throws -> Set<String> {
        let rows = try transaction.rows("SELECT uid FROM separated WHERE link = \(link.value)")
        return Set(try rows.map { try $0.text("uid") })
    }

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

extension ChosenEvents {
    /// The UIDs that the change is about.
    fileprivate var named: Set<String> {
        switch self {
        case .exactly(let uids), .adding(let uids), .removing(let uids): uids
        }
    }

    /// What is chosen after the change, where this was before.
    fileprivate func applied(
        to known: Set<String>,
        over link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> Set<String> {
        switch self {
        case .exactly(let uids): return uids
        case .adding(let uids): return known.union(uids)
        case .removing(let uids):
            return known.subtracting(uids).subtracting(try LinkStore.partners(of: uids, over: link, transaction))
        }
    }
}
