import Bridging
import ICalendar

/// What the pages of single occurrences say of a series: which are different, which are gone, which came back.
struct ShownOccurrences {
    private let bridge: NotionBridge
    private let columns: Columns
    private let master: Page
    private let event: Component
    private let start: DateTime
    private let zones: ZoneResolver

    /// Overrides, each a component of its own.
    private(set) var overrides: [Component] = []
    /// The series with what its pages say of exceptions.
    private(set) var series: Component

    /// Reads the pages of a series whose event without them is `event`.
    init(
        of master: Page,
        _ event: Component,
        _ records: [UpstreamRecord],
        by bridge: NotionBridge
    ) throws(TranslationError) {
        self.bridge = bridge
        self.master = master
        self.event = event
        columns = bridge.columns
        series = event
        zones = ZoneResolver(floatingZone: bridge.link.timeZone)
        guard let start = event.first("DTSTART")?.dateTime else {
            self.start = DateTime(date: 1970, 1, 1)
            return
        }
        self.start = start
        let before = try bridge.repeats(of: master)?.start ?? start
        let notes = records.compactMap { record in Page.occurrence(of: record).map { (record, $0) } }
        let excluded = Set(event.all("EXDATE").flatMap(stamps))
        let ids = notes.compactMap { record, note -> DateTime? in
            // What a page that is gone says is of the series as it was then: nothing of ours is written on it any more. Where the
            // day went along and is off, nothing else is.
            if record.isDeleted, let former = note.start, former != before,
                let id = OccurrenceNote.recurrenceID(note.stamp, like: former, zones)?.moved(from: former, to: start),
                excluded.contains(OccurrenceNote.stamp(of: id, zones))
            {
                return id
            }
            guard let id = OccurrenceNote.recurrenceID(note.stamp, like: before, zones) else { return nil }
            return id.moved(from: before, to: start)
        }
        guard ids.count == notes.count, !ids.isEmpty else { return }
        let places = SeriesPlaces(of: event, around: ids, linkZone: bridge.link.timeZone)
        let live = Set(zip(notes, ids).filter { !$0.0.0.isDeleted }.map { OccurrenceNote.stamp(of: $1, zones) })
        for ((record, note), id) in zip(notes, ids) {
            guard let place = places[OccurrenceNote.stamp(of: id, zones)] else { continue }
            if record.isDeleted {
                if !live.contains(OccurrenceNote.stamp(of: id, zones)) { exclude(id) }
            } else {
                if note.isRestored { include(id) }
                try take(Page(record), note, id, place)
            }
        }
    }

    static let head = [Property("VERSION", value: "2.0"), Property("PRODID", value: "-//Kalends//Notion//EN")]

    // MARK: Exceptions

    private func stamps(_ property: Property) -> [String] {
        property.dateTimes.map { OccurrenceNote.stamp(of: $0, zones) }
    }

    private mutating func exclude(_ id: DateTime) {
        let stamp = OccurrenceNote.stamp(of: id, zones)
        guard !series.all("EXDATE").contains(where: { stamps($0).contains(stamp) }) else { return }
        series.append(Property("EXDATE", id))
    }

    private mutating func include(_ id: DateTime) {
        let stamp = OccurrenceNote.stamp(of: id, zones)
        let kept = series.all("EXDATE").flatMap(\.dateTimes).filter { OccurrenceNote.stamp(of: $0, zones) != stamp }
        guard kept.count < series.all("EXDATE").flatMap(\.dateTimes).count else { return }
        series.set("EXDATE", kept.map { Property("EXDATE", $0) })
    }

    // MARK: Overrides

    /// Takes a page for an override where it says something of its own; one that was written as the series has it does not.
    private mutating func take(
        _ page: Page,
        _ note: OccurrenceNote,
        _ id: DateTime,
        _ place: Occurrence
    ) throws(TranslationError) {
        guard !(note.follows == true && page.isAsWritten(columns)), let column = columns[.when],
            case .when(let own) = page.value(of: column)
        else { return }
        // One without a date is where the series has it.
        let series = When(place, linkZone: bridge.link.timeZone)
        let when = own ?? series
        // A time that was written as the series' own, and left alone since, is wherever the series puts it now.
        let isOnTime = (note.follows == true && !note.isRanged || note.isOnTime) && page.isAsWritten(.when, columns)
        let isFloating = own == nil ? nil : note.isFloating
        let isElsewhere = !isOnTime && (isFloating != nil || !when.coversSame(as: series))
        guard note.follows == false || note.isRanged || isElsewhere || differs(page) else { return }
        var properties = event.properties.filter { ["UID", "DTSTAMP", "LAST-MODIFIED", "CREATED"].contains($0.name) }
        properties.append(Property("RECURRENCE-ID", id))
        properties += isElsewhere ? times(when, isFloating: isFloating) : times(place)
        let said = bridge.said(of: page, instead: master)
        overrides.append(Component("VEVENT", properties: properties + said.properties, components: said.alarms))
    }

    /// Whether a page says anything but its time otherwise than the page of the series.
    private func differs(_ page: Page) -> Bool {
        columns.telling.contains { role in
            guard role != .when, let column = columns[role] else { return false }
            return page.value(of: column).canonical != master.value(of: column).canonical
        }
    }

    private func times(_ place: Occurrence) -> [Property] {
        guard event.first("DTEND") != nil else { return [Property("DTSTART", place.startTime)] }
        return [
            Property("DTSTART", place.startTime), Property("DTEND", zones.exact(place.end, form: place.startTime.form)),
        ]
    }

    /// The times of a page in the form of the series, but for a time that is known to be in no zone, or in one, unlike that.
    private func times(_ when: When, isFloating: Bool?) -> [Property] {
        var start = when.start(linkZone: bridge.link.timeZone)
        if case .time(let instant, _) = when.span {
            if isFloating ?? (self.start.form == .floating), let told = when.floatingStart {
                start = told
            } else if !self.start.isDate, self.start.form != .floating {
                start = zones.exact(instant, form: self.start.form)
            }
        }
        return [Property("DTSTART", start)] + (when.end(like: start, zones).map { [Property("DTEND", $0)] } ?? [])
    }
}

extension When {
    /// When an occurrence is by itself.
    init(_ place: Occurrence, linkZone: String) {
        guard place.startTime.isDate else {
            let zone = Self.zone(of: place.startTime, linkZone: linkZone)
            self.init(start: place.start, end: place.end, zone: zone)
            isFloating = place.startTime.form == .floating
            return
        }
        let days = max(1, (place.end - place.start + 43_200) / 86_400)
        self.init(first: place.startTime, last: place.startTime.adding(days: Int(days) - 1))
    }
}

extension Columns {
    /// The columns that tell an event, and that we write: not those that are ours alone, or that Notion works out.
    var telling: [ColumnRole] {
        roles.filter { role in
            guard role != .repeats, let column = self[role], !column.type.isReadOnly else { return false }
            return column.field(as: role) != nil
        }
    }
}

extension Page {
    /// Which occurrence a record is about, deleted or not.
    static func occurrence(of record: UpstreamRecord) -> OccurrenceNote? {
        guard record.id != record.series, let json = try? JSONReader.value(of: record.payload) else { return nil }
        return OccurrenceNote(json[noteKey]?["occurrence"])
    }
}
