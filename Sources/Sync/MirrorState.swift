import Bridging
import ICalendar
import SQL
import Store

extension PulledRecords {
    /// Records that are one of a series: if they were events of their own before, they no longer are.
    fileprivate var joining: Set<String> {
        Set(records.filter { !$0.isDeleted && $0.id != $0.series }.map(\.id))
    }
}

/// What was mirrored of the series that a pull touches, before it.
struct MirrorState: Sendable {
    let cursor: SyncCursor?
    private let series: [String: [String: UpstreamRecord]]
    private let uids: [String: String]
    private let holders: [String: String]
    /// Series whose absence from a whole listing means nothing.
    private let kept: Set<String>
    /// Every series that was ever translated.
    private let names: Set<String>
    private let joining: Set<String>

    /// Reads the records that the pull may change: those it names, or all where it is a whole listing.
    init(
        of link: LinkID,
        covering pulled: PulledRecords,
        keeping kept: Set<String>,
        _ transaction: borrowing SQLTransaction
    ) throws {
        self.kept = kept
        let joining = pulled.joining
        cursor = try transaction.row("SELECT cursor FROM link WHERE id = \(link.value)")?
            .optionalText("cursor").map(SyncCursor.init(rawValue:))
        var series: [String: [String: UpstreamRecord]] = [:]
        var uids: [String: String] = [:]
        var holders: [String: String] = [:]
        var names: Set<String> = []
        if !pulled.records.isEmpty || pulled.isComplete {
            let all: SQLStatement = """
                SELECT series, uid, text IS NOT NULL OR problem IS NOT NULL AS is_there FROM mirrored_object
                WHERE link = \(link.value) ORDER BY series
                """
            try transaction.forEach(all) { row in
                let name = try row.text("series")
                names.insert(name)
                guard let uid = try row.optionalText("uid") else { return }
                uids[name] = uid
                // What is no event any more has its UID only until another series comes with it.
                if try row.bool("is_there"), holders[uid] == nil { holders[uid] = name }
            }
        }
        if pulled.isComplete {
            let all: SQLStatement = """
                SELECT record, series, revision, payload, is_deleted, modified FROM mirror WHERE link = \(link.value)
                """
            try transaction.forEach(all) { row in
                let record = try UpstreamRecord(row)
                series[record.series, default: [:]][record.id] = record
            }
        } else {
            for name in Set(pulled.records.map(\.series)).union(joining) {
                for record in try LinkStore.records(of: name, link, transaction) {
                    series[name, default: [:]][record.id] = record
                }
            }
        }
        for (name, uid) in try Self.uidsElsewhere(
            of: Set(pulled.records.map(\.series)).subtracting(names),
            link,
            transaction
        ) {
            uids[name] = uid
        }
        self.series = series
        self.uids = uids
        self.holders = holders
        self.names = names
        self.joining = joining
    }

    /// The UIDs under which other links know rows of the same table.
    ///
    /// Where a table keeps no UIDs, a row that another link made would be one more event here, and come to that link as such.
    private static func uidsElsewhere(
        of names: Set<String>,
        _ link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws -> [String: String] {
        guard !names.isEmpty else { return [:] }
        let others = try transaction.rows(
            """
            SELECT other.id FROM link AS own JOIN link AS other ON other.provider = own.provider
                AND other.upstream_calendar = own.upstream_calendar AND other.id <> own.id
            WHERE own.id = \(link.value) AND own.mapping IS NOT NULL ORDER BY other.id
            """
        )
        var uids: [String: String] = [:]
        for other in others {
            let id = try other.integer("id")
            for name in names where uids[name] == nil {
                uids[name] = try transaction.row(
                    "SELECT uid FROM base WHERE link = \(.integer(id)) AND series = \(.text(name)) AND agreed_at IS NOT NULL"
                )?
                .text("uid")
            }
        }
        return uids
    }

    /// The series whose records are others after the pull.
    func changedSeries(by pulled: PulledRecords) -> Set<String> {
        var changed: Set<String> = []
        for record in pulled.records where series[record.series]?[record.id] != record {
            // Something came and went between two pulls: nothing of it was ever here.
            guard series[record.series] != nil || !record.isDeleted else { continue }
            changed.insert(record.series)
        }
        for name in joining where series[name]?[name] != nil { changed.insert(name) }
        if pulled.isComplete {
            let listed = Set(pulled.records.map(\.id))
            for (name, records) in series where !kept.contains(name) {
                if records.keys.contains(where: { !listed.contains($0) }) { changed.insert(name) }
            }
        }
        return changed
    }

    /// The records of some series as they are after the pull, by identifier; none for a series that is gone without a trace.
    func records(of names: Set<String>, after pulled: PulledRecords) -> [String: [UpstreamRecord]] {
        let pulledBySeries = Dictionary(grouping: pulled.records, by: \.series)
        let places = Dictionary(pulled.records.map { ($0.id, $0.series) }, uniquingKeysWith: { _, last in last })
        return names.reduce(into: [:]) { result, name in
            let isComplete = pulled.isComplete && !kept.contains(name)
            let isJoining = joining.contains(name)
            result[name] = records(of: name, after: pulledBySeries[name] ?? [], isComplete: isComplete, isJoining)
                // What is an event of its own now, or of another series, is none of this one's any more.
                .filter { places[$0.id, default: name] == name }
        }
    }

    private func records(
        of name: String,
        after pulled: [UpstreamRecord],
        isComplete: Bool,
        _ isJoining: Bool
    ) -> [UpstreamRecord] {
        var records = isComplete ? [:] : series[name] ?? [:]
        if isJoining { records[name] = nil }
        for record in pulled { records[record.id] = record }
        let isGone = records.values.allSatisfy(\.isDeleted) && series[name] == nil
        return isGone ? [] : records.values.sorted { $0.id < $1.id }
    }

    /// Whether records of a series, or what they were translated to, are there already.
    func knows(_ name: String) -> Bool { series[name] != nil || names.contains(name) }

    /// Series as objects, from their records after the pull.
    func translated(_ records: [String: [UpstreamRecord]], by bridge: any Bridge) async -> [String: MirroredObject] {
        let sorted = records.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
        // First those that have a UID: one may give it up, and another that is new take it.
        let ordered = sorted.filter { uids[$0.key] != nil } + sorted.filter { uids[$0.key] == nil }
        let translations = await inParallel(ordered) { Translation(of: $0.value, by: bridge) }
        // Names are given one after the other.
        var holders = holders
        var objects: [String: MirroredObject] = [:]
        for ((name, records), translation) in zip(ordered, translations) {
            objects[name] = MirroredObject(records, name, as: uids[name], holders: &holders, translation)
        }
        return objects
    }
}

/// What the records of a series are as an event.
enum Translation: Sendable {
    case object(CalendarObject)
    case notAnEvent
    case problem(String)

    init(of records: [UpstreamRecord], by bridge: any Bridge) {
        do {
            let object = try bridge.object(from: records)
            self = object.kind == .event ? .object(object) : .notAnEvent
        } catch {
            switch error {
            case .notAnEvent: self = .notAnEvent
            case .unreadable(let sentence), .unsupported(let sentence): self = .problem(sentence)
            }
        }
    }
}

extension MirroredObject {
    /// Names the event that the records of a series are.
    ///
    /// The UID a series was given first stays, whatever its records say later: it is the event's identity for clients. A
    /// series whose UID another one has gets one of its own; one that is no event any more leaves its UID to others.
    init(
        _ records: [UpstreamRecord],
        _ series: String,
        as known: String?,
        holders: inout [String: String],
        _ translation: Translation
    ) {
        self.series = series
        modified = records.compactMap(\.modified).max()
        uid = known
        digest = Self.noDigest
        switch translation {
        case .notAnEvent:
            if let known, holders[known] == series { holders[known] = nil }
        case .problem(let sentence): problem = sentence
        case .object(let object):
            var uid = known ?? object.uid
            if let holder = holders[uid], holder != series { uid = object.uid + "/" + series }
            do {
                let named = try object.with(uid: uid)
                holders[uid] = series
                self.uid = uid
                text = named.text
                digest = ETag.of(named.text).rawValue
            } catch {
                problem = error.message
            }
        }
    }
}
