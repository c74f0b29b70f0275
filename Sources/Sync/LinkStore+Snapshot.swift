import Bridging
import ICalendar
import Reconcile
import SQL
import Store

extension LinkStore {
    /// Reads the three sides of a link in one moment, as much of them as `scope` says.
    ///
    /// Of events with guests it tells how other links of those providers stand to them.
    func snapshot(
        of link: Link,
        fields: FieldSet,
        telling providers: Set<String> = [],
        _ scope: SnapshotScope
    ) async throws -> Snapshot {
        let raw = try await database.read { try RawSnapshot(of: link, calendars, telling: providers, scope, $0) }
        return await raw.projected(onto: fields, try link.readFilters())
    }

    /// Reads one item, changed or not.
    func snapshot(of link: Link, fields: FieldSet, uid: String) async throws -> SnapshotItem? {
        try await snapshot(of: link, fields: fields, .item(uid)).items[uid]
    }
}

/// The rows of a snapshot, not yet parsed.
private struct RawSnapshot: Sendable {
    struct Remote: Sendable {
        var series: String
        var uid: String
        var digest: String
        var isEvent: Bool
        var isProblem: Bool
        var modified: Instant?
    }

    private var revision: Int64?
    private var agreedCount = 0
    private var others: [LinkID: OtherLink] = [:]
    private var held: [String: Bool] = [:]
    private var items: [String: SnapshotItem] = [:]
    private var localObjects: [String: StoredObject] = [:]
    private var remotes: [String: Remote] = [:]
    private var joined: [String: String] = [:]
    private var remoteTexts: [String: String] = [:]
    private var knownUnreadable: [String: String] = [:]

    init(
        of link: Link,
        _ calendars: CalendarStore,
        telling providers: Set<String>,
        _ scope: SnapshotScope,
        _ transaction: borrowing SQLTransaction
    ) throws {
        revision = try transaction.row(
            "SELECT revision FROM calendar WHERE id = \(link.calendar.value) AND deleted_at IS NULL"
        )?
        .integer("revision")
        guard revision != nil else { return }
        let uids = try scope.uids(of: link, transaction)
        joined = scope.joined
        let frozen = try readRemotes(link, uids, transaction)
        let objects =
            try uids?.compactMap { try calendars.object(uid: $0, in: link.calendar, transaction) }
            ?? calendars.all(in: link.calendar, transaction)
        for object in objects where object.kind == .event { localObjects[object.uid] = object }
        var bases = try readDigests(link, uids, transaction)
        agreedCount = try SnapshotScope.agreedCount(link, transaction)
        let marked = try readMarks(link, transaction)
        let isEverything = scope.isEverything
        var changed = Set(localObjects.keys).union(remotes.keys).union(bases.keys).union(items.keys)
        changed = changed.filter { uid in
            guard !isEverything, !marked.contains(uid), let base = bases[uid], base.isAgreed else { return true }
            return localObjects[uid]?.etag.rawValue != base.local
                || (remotes[uid].map { $0.isEvent ? $0.digest : "" } ?? "") != base.remote
        }
        // What was not read must not look as if it were gone.
        if let uids { changed.formIntersection(uids) }
        changed.subtract(frozen)
        if !scope.includesSkipped { changed.subtract(try LinkStore.skipped(by: link.id, transaction)) }
        bases = bases.filter { changed.contains($0.key) }
        localObjects = localObjects.filter { changed.contains($0.key) }
        remotes = remotes.filter { changed.contains($0.key) }
        items = items.filter { changed.contains($0.key) }
        others = try LinkStore.others(than: link, telling: providers, transaction)
        for uid in changed { try readItem(uid, link, transaction) }
        held = try transaction.rows("SELECT uid, is_approved FROM held WHERE link = \(link.id.value)")
            .reduce(into: [:]) { $0[try $1.text("uid")] = try $1.bool("is_approved") }
    }

    // MARK: Reading

    /// Reads what is known of the upstream; answers the items that must be left alone because they cannot be read.
    private mutating func readRemotes(
        _ link: Link,
        _ uids: Set<String>?,
        _ transaction: borrowing SQLTransaction
    ) throws -> Set<String> {
        guard let uids else { return try readRemotes(link, "", transaction) }
        var frozen: Set<String> = []
        for uid in uids {
            // By the series of the agreement too: a series that is no event any more may have no UID.
            let condition: SQLStatement = """
                AND mirrored_object.series IN (
                    SELECT named.series FROM mirrored_object AS named
                    WHERE named.link = \(link.id.value) AND named.uid = \(.text(uid))
                    UNION
                    SELECT agreed.series FROM base AS agreed
                    WHERE agreed.link = \(link.id.value) AND agreed.uid = \(.text(uid)))
                """
            frozen.formUnion(try readRemotes(link, condition, transaction))
        }
        return frozen
    }

    private mutating func readRemotes(
        _ link: Link,
        _ condition: SQLStatement,
        _ transaction: borrowing SQLTransaction
    ) throws -> Set<String> {
        var frozen: Set<String> = []
        let rows: SQLStatement = """
            SELECT mirrored_object.series, COALESCE(mirrored_object.uid, base.uid) AS item, digest, modified,
                text IS NOT NULL AS is_event, problem IS NOT NULL AS is_problem
            FROM mirrored_object
            LEFT JOIN base ON base.link = mirrored_object.link AND base.series = mirrored_object.series
            WHERE mirrored_object.link = \(link.id.value) \(condition)
            """
        try transaction.forEach(rows) { row in
            let series = try row.text("series")
            guard let uid = try joined[series] ?? row.optionalText("item") else { return }
            let remote = Remote(
                series: series,
                uid: uid,
                digest: try row.text("digest"),
                isEvent: try row.bool("is_event"),
                isProblem: try row.bool("is_problem"),
                modified: try row.optionalInstant("modified")
            )
            if remote.isProblem { frozen.insert(uid) }
            // Of two series of one UID the one that is an event counts.
            if remotes[uid]?.isEvent != true { remotes[uid] = remote }
        }
        return frozen
    }

    private typealias Digests = (local: String, remote: String, isAgreed: Bool)

    private func readDigests(
        _ link: Link,
        _ uids: Set<String>?,
        _ transaction: borrowing SQLTransaction
    ) throws -> [String: Digests] {
        var digests: [String: Digests] = [:]
        let all: SQLStatement = """
            SELECT uid, local_digest, remote_digest, agreed_at FROM base WHERE link = \(link.id.value)
            """
        let statements = uids?.map { uid -> SQLStatement in "\(all) AND uid = \(.text(uid))" } ?? [all]
        for rows in statements {
            try transaction.forEach(rows) { row in
                digests[try row.text("uid")] = (
                    try row.text("local_digest"), try row.text("remote_digest"),
                    try row.optionalInteger("agreed_at") != nil
                )
            }
        }
        return digests
    }

    /// Reads intents, retries and open conflicts into items; answers whose these are.
    private mutating func readMarks(_ link: Link, _ transaction: borrowing SQLTransaction) throws -> Set<String> {
        var marked: Set<String> = []
        let intents = try transaction.rows(
            "SELECT uid, is_creation, text, fields, is_several FROM intent WHERE link = \(link.id.value)"
        )
        for row in intents {
            let uid = try row.text("uid")
            items[uid, default: SnapshotItem(uid: uid)].intent = try SnapshotItem.Intent(row)
            marked.insert(uid)
        }
        // An item whose upkeep waits is in step, and treated as such.
        let retries = try transaction.rows(
            """
            SELECT uid, attempts, due_at, local_digest, remote_digest, error_code, undo_text FROM retry
            WHERE link = \(link.id.value) AND action <> \(.text(SyncPass.upkeepWord))
            """
        )
        for row in retries {
            let uid = try row.text("uid")
            items[uid, default: SnapshotItem(uid: uid)].retry = try WaitingItem(row)
            marked.insert(uid)
        }
        for row in try transaction.rows("SELECT uid, problem FROM unreadable WHERE link = \(link.id.value)") {
            let uid = try row.text("uid")
            knownUnreadable[uid] = try row.text("problem")
            marked.insert(uid)
        }
        let conflicts = try transaction.rows(
            "SELECT uid, local_digest, remote_digest FROM conflict WHERE link = \(link.id.value) AND is_open = 1"
        )
        for row in conflicts {
            let uid = try row.text("uid")
            items[uid, default: SnapshotItem(uid: uid)].conflict = (
                try row.text("local_digest"), try row.text("remote_digest")
            )
            marked.insert(uid)
        }
        return marked
    }

    private mutating func readItem(_ uid: String, _ link: Link, _ transaction: borrowing SQLTransaction) throws {
        var item = items[uid] ?? SnapshotItem(uid: uid)
        let base = try transaction.row(
            """
            SELECT series, local_fields, remote_fields, local_text, remote_text, local_digest, remote_digest,
                origin, agreed_at
            FROM base WHERE link = \(link.id.value) AND uid = \(.text(uid))
            """
        )
        item.base = try base.map(AgreedItem.init)
        if base == nil {
            item.departed = try transaction.row(
                """
                SELECT origin, (SELECT text FROM version
                    WHERE calendar = \(link.calendar.value) AND uid = \(.text(uid)) AND kind = 'deleted'
                    ORDER BY number DESC LIMIT 1) AS text
                FROM departed WHERE link = \(link.id.value) AND uid = \(.text(uid))
                """
            )
            .map { DepartedItem(origin: try $0.word("origin"), text: try $0.optionalText("text")) }
            if item.departed == nil, localObjects[uid] == nil, let remote = remotes[uid], remote.isEvent {
                item.departed = try LinkStore.movedFromElsewhere(uid, remote.series, to: link, transaction)
            }
        }
        item.series = remotes[uid]?.series ?? item.base?.series
        if let series = item.series {
            item.records = try LinkStore.records(of: series, link.id, transaction)
            if remotes[uid]?.isEvent == true {
                let row = try transaction.row(
                    """
                    SELECT text FROM mirrored_object WHERE link = \(link.id.value) AND series = \(.text(series))
                    """
                )
                remoteTexts[uid] = try row?.optionalText("text")
            }
        }
        if !others.isEmpty, item.mayHaveGuests(now: localObjects[uid]?.text, remoteTexts[uid]) {
            item.elsewhere = try LinkStore.holdings(of: uid, over: others.keys, transaction)
        }
        items[uid] = item
    }

    // MARK: Projecting

    /// Parses and projects; an item one of whose sides cannot be parsed is left out, which freezes it.
    func projected(onto fieldSet: FieldSet, _ filters: LinkFilters) async -> Snapshot {
        var snapshot = Snapshot(revision: revision, agreedCount: agreedCount, held: held)
        snapshot.knownUnreadable = knownUnreadable
        snapshot.others = others
        snapshot.showsSomeOnly = fieldSet.overrides == .some
        let allFields = Set(fieldSet.all.map(\.rawValue))
        let isVeiled = filters.busyOnly == true
        let read = await inParallel(Array(items.values)) { raw in
            Result { try projected(raw, onto: fieldSet, isVeiled, allFields) }
        }
        for (raw, result) in zip(items.values, read) {
            switch result {
            case .success(let item): snapshot.items[raw.uid] = item
            case .failure(let error):
                // What is stored was parsed before it was: only a newer, stricter program comes here.
                let reason = (error as? CalendarDataError)?.message ?? "\(error)"
                let text = localObjects[raw.uid]?.text ?? remoteTexts[raw.uid] ?? ""
                snapshot.unreadable.append(UnreadableItem(uid: raw.uid, text: text, problem: reason))
            }
        }
        return snapshot
    }

    private func projected(
        _ raw: SnapshotItem,
        onto fieldSet: FieldSet,
        _ isVeiled: Bool,
        _ allFields: Set<String>
    ) throws -> SnapshotItem {
        var item = raw
        item.local = try localObjects[raw.uid].map { stored in
            let object = try stored.object()
            let fields = Projection(of: object, onto: fieldSet).fields
            return LocalItem(stored: stored, object: object, outgoing: object, fields: fields)
        }
        if let text = remoteTexts[raw.uid], let remote = remotes[raw.uid] {
            // It was checked when it was translated.
            let object = try CalendarObject(stored: text, uid: remote.uid, kind: .event)
            item.remote = RemoteItem(
                digest: remote.digest,
                object: object,
                fields: Projection(of: object, onto: fieldSet).fields,
                modified: remote.modified
            )
        }
        if isVeiled { try item.veil(onto: fieldSet) }
        item.base?.compareOnly(allFields, overrides: fieldSet.holdsOverrides)
        try item.takeExceptionsAlong(onto: fieldSet)
        try item.agreeOnSeries()
        item.placeless = try item.occurrencesWithoutPlace()
        return item
    }
}

extension SnapshotItem.Intent {
    fileprivate init(_ row: SQLRow) throws {
        let text = try row.text("text")
        guard try !row.bool("is_creation") else {
            self = .creation(text)
            return
        }
        let fields = FieldsText.decodeKeys(try row.text("fields"))
        self = .change(UnansweredWrite(text: text, fields: fields, isSeveral: try row.bool("is_several")))
    }
}

extension AgreedItem {
    fileprivate init(_ row: SQLRow) throws {
        series = try row.optionalText("series")
        agreement = try Agreement(row)
        localText = try row.text("local_text")
        remoteText = SameText.read(try row.text("remote_text"), beside: localText)
        localDigest = try row.text("local_digest")
        remoteDigest = try row.text("remote_digest")
        origin = try row.word("origin")
        isVoid = try row.optionalInteger("agreed_at") == nil
    }
}

extension AgreedItem {
    /// Sets fields aside that are not compared at present.
    ///
    /// What was agreed on occurrences is forgotten instead: once they are compared again, they count as never agreed on.
    fileprivate mutating func compareOnly(_ names: Set<String>, overrides: Bool) {
        func isCompared(_ field: FieldKey, _ value: String) -> Bool {
            names.contains(field.name) && (overrides || field.occurrence == nil || value == FieldKey.cancelled)
        }
        func isDormant(_ field: FieldKey, _ value: String) -> Bool {
            field.occurrence == nil && !names.contains(field.name)
        }
        let (local, remote) = (agreement.local.tellingOccurrencesApart, agreement.remote.tellingOccurrencesApart)
        agreement = Agreement(local: local.filter(isCompared), remote: remote.filter(isCompared))
        dormant = Agreement(local: local.filter(isDormant), remote: remote.filter(isDormant))
    }
}

extension Fields {
    /// The fields with each occurrence told by itself: an agreement of an earlier version listed them with the schedule.
    fileprivate var tellingOccurrencesApart: Fields {
        let lines = self[.schedule]?.split(separator: "\n") ?? []
        // Those of a floating series are told with it still.
        let start = lines.first?.dropFirst("START ".count) ?? ""
        let isFloating = start.contains("T") && !start.hasSuffix("Z") && !start.contains(" ")
        func isApart(_ line: Substring) -> Bool {
            line.hasPrefix("OVERRIDES ") || line.hasPrefix("EXDATE ") && !isFloating
        }
        guard lines.contains(where: isApart) else { return self }
        var fields = self
        let rest = lines.filter { !isApart($0) }
        fields[.schedule] = rest.isEmpty ? nil : rest.joined(separator: "\n")
        for line in lines where line.hasPrefix("EXDATE ") && !isFloating {
            for occurrence in line.dropFirst("EXDATE ".count).split(separator: ",") {
                let key = FieldKey(FieldKey.schedule.name, of: String(occurrence))
                if fields[key] == nil { fields[key] = FieldKey.cancelled }
            }
        }
        return fields
    }
}
