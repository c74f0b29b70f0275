import Bridging
import ICalendar

/// What a pull remembers for the next one.
struct PullCursor: Sendable, Hashable {
    /// The newest stamp that everything up to was seen, by Notion's clock and cut to the minute; nil for an empty table.
    var newest: Instant?
    /// When the last full listing was.
    var swept: Instant
    /// The fingerprint of the columns the records were read with.
    var columns: String
    /// The pages that were there.
    var ledger: Ledger
    /// What related pages are or were called, by compact identifier.
    var titles: [String: String]

    /// A cursor written by another format is forgotten.
    private static let format = 1

    init(newest: Instant?, swept: Instant, columns: String, ledger: Ledger, titles: [String: String] = [:]) {
        self.newest = newest
        self.swept = swept
        self.columns = columns
        self.ledger = ledger
        self.titles = titles
    }

    /// Reads a cursor; nil for one of another format.
    init?(_ cursor: SyncCursor) {
        guard let json = try? JSONReader.value(of: cursor.rawValue), json["format"]?.integer == Self.format,
            let swept = json["swept"]?.integer, let columns = json["columns"]?.string,
            let pages = json["pages"]?.string,
            let ledger = Ledger(
                pages,
                statuses: json["statuses"]?.string ?? "",
                repeats: json["repeats"]?.members ?? [:],
                zones: json["zones"]?.members ?? [:],
                occurrences: json["occurrences"]?.members ?? [:]
            )
        else { return nil }
        let trash = json["trash"]?.members.compactMapValues { $0.string.flatMap(TrashedPage.init(line:)) } ?? [:]
        newest = json["newest"]?.integer.map { Instant(seconds: Int64($0)) }
        self.swept = Instant(seconds: Int64(swept))
        self.columns = columns
        self.ledger = ledger
        titles = json["titles"]?.members.compactMapValues(\.string) ?? [:]
        self.ledger.noteTrash(trash)
        let departed = json["departed"]?.members.compactMapValues {
            $0.string.flatMap(DepartedOccurrence.init(line:))
        }
        self.ledger.noteDepartures(departed ?? [:])
        // Earlier releases did not tell a page that never recurred from one whose rule never made sense: all are read anew.
        if departed == nil { (self.columns, self.ledger.knowsBadRules) = ("", false) }
    }

    var cursor: SyncCursor {
        let json: JSON = [
            "format": .number(String(Self.format)),
            "newest": newest.map { .number(String($0.seconds)) } ?? .null,
            "swept": .number(String(swept.seconds)),
            "columns": .string(columns),
            "pages": .string(ledger.text),
            "statuses": .string(ledger.statuses),
            "repeats": .object(ledger.repeats.mapValues(JSON.string)),
            "zones": .object(ledger.zones.mapValues(JSON.string)),
            "occurrences": .object(ledger.occurrences.mapValues { .string($0.line) }),
            "titles": .object(titles.mapValues(JSON.string)),
            "trash": .object(ledger.trash.mapValues { .string($0.line) }),
            "departed": .object(ledger.departed.mapValues { .string($0.line) }),
        ]
        return SyncCursor(rawValue: json.serialized)
    }
}

/// The pages that are known to be in the table, so that missing ones and copies can be told.
struct Ledger: Sendable, Hashable {
    /// What is known of one page.
    struct Entry: Sendable, Hashable {
        /// The digest of the UID its event has.
        var uid: String
        /// The last text of `Repeats` that made sense, of a page that recurs; the one it has, where none ever did.
        var repeats: String?
        /// The zone of a series that its text does not tell any more.
        var zone: String?
        /// The STATUS that the page tells, or told before it got an option that means none.
        var status: String?
        /// Which occurrence the page shows.
        var occurrence: OccurrenceNote?

        /// How the page recurs.
        fileprivate var told: Repeats? {
            guard let repeats, case .recurrence(let told) = Repeats.reading(repeats) else { return nil }
            return told
        }

        /// The zone that the series has, or had when it was of times.
        fileprivate var ownZone: String? { zone ?? told?.ownZone }
    }

    /// By compact identifier.
    private(set) var entries: [String: Entry] = [:]

    /// Whether a page without a text of `Repeats` is known to have had none that made no sense.
    fileprivate(set) var knowsBadRules = true

    /// The page that has the UID of that digest.
    private var owners: [String: String] = [:]

    /// Pages in the trash, by the digest of the UID their events had: an event that comes back is that page.
    private(set) var trash: [String: TrashedPage] = [:]

    /// Pages of occurrences that a person threw away, by compact identifier.
    private(set) var departed: [String: DepartedOccurrence] = [:]

    init() {}

    /// Reads ``text``, ``statuses`` and the texts of the recurring pages.
    fileprivate init?(
        _ text: String,
        statuses: String,
        repeats: [String: JSON],
        zones: [String: JSON],
        occurrences: [String: JSON]
    ) {
        let octets = Array(text.utf8)
        let statuses = Array(statuses.utf8)
        guard octets.count.isMultiple(of: Self.stride) else { return nil }
        entries.reserveCapacity(octets.count / Self.stride)
        for start in Swift.stride(from: 0, to: octets.count, by: Self.stride) {
            let id = String(decoding: octets[start..<start + 32], as: UTF8.self)
            let uid = String(decoding: octets[start + 32..<start + Self.stride], as: UTF8.self)
            let occurrence = occurrences[id]?.string.flatMap(OccurrenceNote.init(line:))
            let number = start / Self.stride
            let status = statuses.indices.contains(number) ? Self.status(of: statuses[number]) : nil
            let entry = Entry(
                uid: uid,
                repeats: repeats[id]?.string,
                zone: zones[id]?.string,
                status: status,
                occurrence: occurrence
            )
            set(entry, of: id)
        }
    }

    /// The octets one page takes in ``text``: an identifier and a digest, 16 and 8 bytes in hexadecimal.
    private static let stride = 48

    /// The pages and their UIDs, compactly: thousands of them are written at every pull.
    fileprivate var text: String {
        var text = ""
        text.reserveCapacity(entries.count * Self.stride)
        for (id, entry) in written {
            text += id
            text += entry.uid
        }
        return text
    }

    /// The pages that ``text`` has, in its order.
    private var written: [(key: String, value: Entry)] {
        entries.sorted { $0.key < $1.key }.filter { $0.key.utf8.count + $0.value.uid.utf8.count == Self.stride }
    }

    /// What the pages of ``text`` say of STATUS, a letter each; empty where none says anything.
    fileprivate var statuses: String {
        guard entries.values.contains(where: { $0.status != nil }) else { return "" }
        let letters = written.map { entry in entry.value.status.flatMap { Self.letters[$0] } ?? UInt8(ascii: "-") }
        return String(decoding: letters, as: UTF8.self)
    }

    private static let letters = [
        "CONFIRMED": UInt8(ascii: "C"), "TENTATIVE": UInt8(ascii: "T"), "CANCELLED": UInt8(ascii: "X"),
    ]

    private static func status(of letter: UInt8) -> String? { letters.first { $0.value == letter }?.key }

    /// The texts of the recurring pages.
    fileprivate var repeats: [String: String] { entries.compactMapValues(\.repeats) }

    /// The zones of those whose texts do not tell them.
    fileprivate var zones: [String: String] { entries.compactMapValues(\.zone) }

    /// What the pages of single occurrences show.
    fileprivate var occurrences: [String: OccurrenceNote] { entries.compactMapValues(\.occurrence) }

    subscript(page: String) -> Entry? { entries[page] }

    mutating func set(_ entry: Entry, of page: String) {
        remove(page)
        entries[page] = entry
        if owners[entry.uid] == nil { owners[entry.uid] = page }
    }

    mutating func remove(_ page: String) {
        guard let old = entries.removeValue(forKey: page) else { return }
        if owners[old.uid] == page { owners[old.uid] = nil }
    }

    /// Notes pages that went into the trash.
    mutating func noteTrash(_ pages: [String: TrashedPage]) { trash.merge(pages) { _, new in new } }

    /// Takes out pages that we put into the trash ourselves: no listing need miss them first.
    mutating func throwAway(_ pages: [String: TrashedPage]) {
        for (uid, thrown) in pages {
            var page = thrown
            page.status = page.status ?? entries[page.page]?.status
            remove(page.page)
            trash[uid] = page
        }
    }

    /// Whether a page was found in the trash.
    func isThrownAway(_ page: String) -> Bool {
        departed[page] != nil || trash.values.contains { $0.page == page }
    }

    /// Notes pages of occurrences that a person threw away.
    mutating func noteDepartures(_ pages: [String: DepartedOccurrence]) { departed.merge(pages) { _, new in new } }

    /// Forgets what is out of the trash again, or was in it so long that it is no more.
    mutating func pruneTrash(at now: Instant) {
        departed = departed.filter { entries[$0.key] == nil && !TrashedPage.isOver(since: $0.value.since, at: now) }
        trash = trash.filter { owners[$0.key] == nil && entries[$0.value.page] == nil && !$0.value.isOver(at: now) }
        if departed.count > TrashedPage.maximumCount {
            let latest = departed.sorted { $0.value.since > $1.value.since }.prefix(TrashedPage.maximumCount)
            departed = Dictionary(latest.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        guard trash.count > TrashedPage.maximumCount else { return }
        let latest = trash.sorted { $0.value.since > $1.value.since }.prefix(TrashedPage.maximumCount)
        trash = Dictionary(latest.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes over what another ledger knows.
    mutating func merge(_ other: [String: Entry]) {
        for (page, entry) in other { set(entry, of: page) }
    }
}

// MARK: - Admitting pages

extension Ledger {
    /// Enters a page that was seen, and notes on it what it cannot tell by itself.
    ///
    /// Read with other columns than before (`isReadAnew`), what pages of single occurrences say in the new ones is taken for
    /// what we wrote; in those that both have, an edit is still one. On one that `isFresh` somebody may still be typing.
    mutating func admit(_ page: Page, _ columns: Columns, isReadAnew: Bool = false, isFresh: Bool = false) -> Page {
        var page = page
        let id = compactID(page.id)
        page.note.isCopy = isCopy(page, id, columns) || isWithoutPlace(id, columns)
        page.note.occurrence = page.note.occurrence ?? occurrence(of: page, id, columns)
        if isReadAnew, let written = page.note.occurrence?.written {
            let content = page.contentDigest(columns).keeping(written)
            page.note.occurrence?.written = content.text
        }
        let repeats = admitRepeats(of: &page, columns, isFresh: isFresh)
        if let repeats, case .recurrence(let told) = Repeats.reading(repeats), told.start == nil {
            page.note.zone = entries[id]?.ownZone
        }
        page.note.status = page.leavesStatus(columns) ? page.note.status ?? entries[id]?.status : nil
        let entry = Entry(
            uid: Digest.of(page.writtenUID(columns)),
            repeats: repeats,
            zone: page.note.zone,
            status: page.note.status ?? page.status(columns),
            occurrence: page.note.occurrence
        )
        set(entry, of: id)
        return page
    }

    /// What is to be remembered of the text of `Repeats`; notes on the page what stood there before it made no sense.
    ///
    /// A text that never made sense is remembered as it is: of a page that has one, nothing better is known.
    private func admitRepeats(of page: inout Page, _ columns: Columns, isFresh: Bool) -> String? {
        guard page.note.occurrence == nil, let column = columns[.repeats], case .text(let text) = page.value(of: column)
        else { return nil }
        let known = entries[compactID(page.id)]
        switch Repeats.reading(text) {
        case .recurrence(let told) where text == known?.repeats || page.canRepeat(told, columns): return text
        // An emptied column ends the recurrence; other words without a rule are a rule destroyed.
        case .nothing:
            guard !text.trimmed.isEmpty, let repeats = known?.repeats, case .recurrence = Repeats.reading(repeats)
            else {
                return nil
            }
            page.note.repeats = repeats
            return repeats
        case .nonsense, .recurrence:
            guard let known else { return text }
            // It did not recur.
            guard let repeats = known.repeats else {
                guard knowsBadRules else { return text }
                // A rule that is half typed is not taken away under somebody's hands.
                if !isFresh { page.note.repeats = "" }
                return nil
            }
            guard case .recurrence(let told) = Repeats.reading(repeats), page.canRepeat(told, columns) else {
                return repeats
            }
            page.note.repeats = repeats
            return repeats
        }
    }

    /// Enters a page as it was read before.
    mutating func note(_ page: Page, _ columns: Columns) {
        var repeats = page.note.repeats.flatMap { $0.isEmpty ? nil : $0 }
        if page.note.repeats == nil, let column = columns[.repeats], case .text(let text) = page.value(of: column),
            Repeats.reading(text) != .nothing
        {
            repeats = text
        }
        let status = page.note.status ?? page.status(columns)
        let uid = Digest.of(page.writtenUID(columns))
        set(Entry(uid: uid, repeats: repeats, zone: page.note.zone, status: status), of: compactID(page.id))
    }

    /// Which occurrence a page shows: what is known of the page counts, else what it says, if that series is here.
    private func occurrence(of page: Page, _ id: String, _ columns: Columns) -> OccurrenceNote? {
        guard !page.note.isCopy else { return nil }
        let known = entries[id]?.occurrence
        if let known, entries[known.series] != nil { return known }
        if let back = placeOfDeparted(id, columns) { return back }
        guard let named = page.namedOccurrence(columns), let series = owners[Digest.of(named.uid)], series != id,
            entries[series]?.occurrence == nil
        else { return known }
        return OccurrenceNote(
            series: series,
            stamp: named.stamp,
            start: entries[series]?.told?.start,
            isRestored: known == nil
        )
    }

    /// Which occurrence a page shows that a person threw away and took out of the trash again; nil of any other page, and
    /// where its series, which may have been moved since, has no such occurrence any more.
    private func placeOfDeparted(_ id: String, _ columns: Columns) -> OccurrenceNote? {
        guard entries[id] == nil, let departed = departed[id], let told = entries[departed.note.series]?.told,
            var note = departed.note.placed(in: told, linkZone: columns.linkZone, comesBack: true)
        else { return nil }
        note.isRestored = true
        return note
    }

    /// Whether a page comes back whose series is there and has no place for it, perhaps because it recurs no more, or no pages
    /// for its occurrences: it stands for itself from now on.
    private func isWithoutPlace(_ id: String, _ columns: Columns) -> Bool {
        guard entries[id] == nil, let departed = departed[id], entries[departed.note.series] != nil else {
            return false
        }
        return columns.daysAhead == nil || placeOfDeparted(id, columns) == nil
    }

    /// Which occurrence of its series, which may have been moved since, a page that is gone has shown.
    func placed(_ note: OccurrenceNote, _ columns: Columns) -> OccurrenceNote {
        entries[note.series]?.told.flatMap { note.placed(in: $0, linkZone: columns.linkZone) } ?? note
    }

    /// Whether the UID on the page is that of another page: a person duplicated that one, all columns included.
    ///
    /// Known pages keep what they were found to be; of two unknown ones the caller admits the older first.
    private func isCopy(_ page: Page, _ id: String, _ columns: Columns) -> Bool {
        guard let digest = contestedUID(of: page, columns) else { return false }
        guard let known = entries[id] else { return owners[digest].map { $0 != id } ?? false }
        return known.uid != digest && known.uid == Digest.of(page.derivedUID)
    }

    /// The known page whose UID a page carries that is not known yet.
    func original(of page: Page, _ columns: Columns) -> String? {
        guard entries[compactID(page.id)] == nil else { return nil }
        return contestedUID(of: page, columns).flatMap { owners[$0] }
    }

    /// The digest of the UID written on the page, unless it is the page's own.
    private func contestedUID(of page: Page, _ columns: Columns) -> String? {
        var plain = page
        plain.note.isCopy = false
        let uid = plain.writtenUID(columns)
        return uid == page.derivedUID ? nil : Digest.of(uid)
    }
}

extension Page {
    /// Whether it can be a series like that where it is.
    fileprivate func canRepeat(_ repeats: Repeats, _ columns: Columns) -> Bool {
        guard let column = columns[.when], case .when(let when?) = value(of: column) else { return true }
        return repeats.isPossible(at: when, linkZone: columns.linkZone)
    }
}
