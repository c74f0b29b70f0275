public import Bridging
public import ICalendar

extension NotionBridge: UpkeepBridge {
    /// The most pages of one series: enough for two hundred days of a daily one, and no flood where it is hourly.
    static let maximumOccurrences = 200

    public var keepsOccurrences: Bool { columns.daysAhead != nil }

    public var forgotOccurrences: Bool { !workspace.remembers(link.identity) }

    public func recall(occurrences: [UpstreamRecord]) async {
        let columns = columns
        for record in occurrences {
            guard let page = try? Page(record) else { continue }
            await memory.remember(page, columns, of: link.identity)
        }
        workspace.rememberAll(of: link.identity)
    }

    public var isUpkeepDue: Bool { workspace.upkeep(of: link.identity) != upkeepMark }

    public func noteUpkeep(isDone: Bool) {
        workspace.keep(upkeep: isDone ? upkeepMark : nil, of: link.identity)
    }

    /// What pages there are to be depends on the day, as long as there are any.
    private var upkeepMark: String {
        let columns = columns
        return columns.fingerprint + (columns.daysAhead == nil ? "" : today.text)
    }

    /// The day it is where the link's times are.
    var today: DateTime { day(of: now()) }

    private func day(of instant: Instant) -> DateTime {
        let now = ZoneResolver().local(instant, form: .zoned(link.timeZone))
        return DateTime(date: now.year, now.month, now.day)
    }

    /// Whether an occurrence is of today or of a later day.
    func isToCome(_ stamp: String) -> Bool { isToCome(stamp, at: now()) }

    /// Whether an occurrence was of that day or of a later one.
    func isToCome(_ stamp: String, at instant: Instant) -> Bool {
        day(of: instant).text <= OccurrenceNote.day(of: stamp, in: link.timeZone)
    }

    /// Lists what makes the pages of the next occurrences say what the event says, and the page of the series how many
    /// occurrences are different.
    ///
    /// Pages of past days are left as they are: what was noted on them is history.
    public func upkeep(
        of object: CalendarObject,
        from series: [UpstreamRecord],
        isChanged: Bool
    ) throws(TranslationError) -> [RecordWrite] {
        guard let record = series.first(where: { !$0.isDeleted && $0.id == $0.series }) else { return [] }
        let master = try Page(record)
        // It might be another gateway that changed what we told: then nobody would have the last word.
        let told = isChanged ? headlineWrite(of: object, on: record, master) : nil
        return try [told].compactMap(\.self) + occurrences(of: object, from: series, record, master)
    }

    /// The write that has the page of a series tell how many occurrences are different.
    private func headlineWrite(of object: CalendarObject, on record: UpstreamRecord, _ page: Page) -> RecordWrite? {
        guard let column = columns[.repeats], !column.type.isReadOnly, page.note.repeats == nil,
            case .text(let current) = page.value(of: column), case .recurrence(let repeats) = Repeats.reading(current),
            let text = Headline.text(current, telling: object.overrides.count, of: repeats)
        else { return nil }
        var body: [String: JSON] = ["properties": [column.id: ColumnValue.text(text).json(type: column.type)]]
        if let kept = page.note.status { body[Page.noteKey] = ["status": .string(kept)] }
        let payload = JSON.object(body).serialized
        return .update(id: record.id, series: record.series, revision: record.revision, payload: payload)
    }

    /// The writes that make the pages of single occurrences say what the event says.
    private func occurrences(
        of object: CalendarObject,
        from series: [UpstreamRecord],
        _ record: UpstreamRecord,
        _ master: Page
    ) throws(TranslationError) -> [RecordWrite] {
        var present: [ShownPage] = []
        for other in series where !other.isDeleted && other.id != record.id {
            // Where no pages are wanted, those that somebody else made are none of ours to take away.
            guard let note = Page.occurrence(of: other), isToCome(note.stamp),
                columns.daysAhead != nil || note.written != nil
            else { continue }
            present.append(ShownPage(record: other, page: try Page(other), note: note))
        }
        present.sort { ($0.note.stamp, $0.record.id) < ($1.note.stamp, $1.record.id) }
        guard columns.daysAhead != nil || !present.isEmpty else { return [] }
        // Without a column for their names nothing can be told of pages: that is no wish to be rid of them.
        guard columns.daysAhead != nil || !wantsOccurrences else { return [] }
        let wanted = try wantedOccurrences(of: object, uid: master.uid(columns))
        let start = try repeats(of: master)?.start
        let name = master.name.isEmpty ? object.master.map(EventValues.name) : master.name
        // Most series have no page left over, and need no dates worked out.
        lazy var dates = present.compactMap(\.date)
        lazy var places = object.master.map {
            SeriesPlaces(of: $0, around: dates, zones(of: object), linkZone: link.timeZone)
        }
        let series = ShownSeries(id: record.id, name: name ?? "", start: start)
        return writes(toShow: wanted, of: series, present) { page in
            page.date.map { places?.mayHave($0) == false } ?? false
        }
    }

    /// A series of which pages show occurrences.
    private struct ShownSeries {
        let id: String
        let name: String
        /// The start that its page tells.
        let start: DateTime?
    }

    /// A page of an occurrence that is there.
    private struct ShownPage {
        let record: UpstreamRecord
        let page: Page
        let note: OccurrenceNote

        /// The occurrence that it shows.
        var date: DateTime? { Self.date(of: note.stamp) }

        private static func date(of stamp: String) -> DateTime? {
            DateTime(stamp, tzid: nil, isDate: stamp.utf8.count == 8)
        }

        /// The seconds between its occurrence and another.
        func distance(to stamp: String) -> Int64 {
            guard let date, let other = Self.date(of: stamp) else { return .max }
            let zones = ZoneResolver()
            return abs(date.instant(in: zones) - other.instant(in: zones))
        }

        /// Whether a person changed it since we wrote what the series tells.
        func isEdited(_ columns: Columns) -> Bool {
            note.follows == true && note.written != nil && !page.isAsWritten(columns)
        }
    }

    private func writes(
        toShow wanted: [WantedOccurrence],
        of series: ShownSeries,
        _ present: [ShownPage],
        leftBehind isLeftBehind: (ShownPage) -> Bool
    ) -> [RecordWrite] {
        var pages: [String: ShownPage] = [:]
        var surplus: [ShownPage] = []
        let stamps = Set(wanted.map(\.stamp))
        for page in present {
            let isWanted = stamps.contains(page.note.stamp) && pages[page.note.stamp] == nil
            if isWanted { pages[page.note.stamp] = page } else { surplus.append(page) }
        }
        // A series that was moved takes its pages along, with what was noted on them.
        if pages.isEmpty {
            for (page, occurrence) in zip(surplus, wanted) { pages[occurrence.stamp] = page }
            surplus = Array(surplus.dropFirst(wanted.count))
        } else {
            // Those that were left behind when it was moved go to the nearest days that have none; the page of a day that was
            // taken off goes with it.
            surplus.removeAll { page in
                let free = isLeftBehind(page) ? wanted.map(\.stamp).filter { pages[$0] == nil } : []
                guard let nearest = free.min(by: { page.distance(to: $0) < page.distance(to: $1) }) else {
                    return false
                }
                pages[nearest] = page
                return true
            }
        }
        let deletions = surplus.map { page in
            RecordWrite.delete(id: page.record.id, series: series.id, revision: page.record.revision)
        }
        return deletions + wanted.compactMap { write(toShow: $0, of: series, on: pages[$0.stamp]) }
    }

    /// The write for one occurrence; nil where its page says everything.
    private func write(
        toShow wanted: WantedOccurrence,
        of series: ShownSeries,
        on present: ShownPage?
    ) -> RecordWrite? {
        let columns = columns
        // What a person wrote on a page that its series took along is no series' to take away: it is an override now.
        let isTheirs = present.map { $0.note.stamp != wanted.stamp && $0.isEdited(columns) } ?? false
        let follows = wanted.follows && !isTheirs
        let note = OccurrenceNote(
            series: compactID(series.id),
            stamp: wanted.stamp,
            start: series.start,
            follows: follows,
            isOnTime: !follows && wanted.isOnTime,
            isRanged: follows && wanted.isRanged,
            isFloating: wanted.isFloating
        )
        guard let present else {
            return creation(of: wanted.uid, wanted.values, named: series.name, showing: note)
        }
        var body: [String: JSON] = [Page.noteKey: ["occurrence": note.json]]
        var changed = properties(of: wanted.values, differingFrom: present.page, columns)
        if isTheirs {
            let ours = [columns[.when], columns[.uid]].compactMap { $0?.id }
            changed = changed.filter { ours.contains($0.key) }
        }
        let isNoted =
            present.note.follows == follows && present.note.isOnTime == note.isOnTime
            && present.note.isRanged == note.isRanged && present.note.isFloating == note.isFloating
            && present.note.stamp == wanted.stamp
            && present.note.start == note.start && !present.note.isRestored && present.page.isAsWritten(columns)
        guard !changed.isEmpty || !isNoted else { return nil }
        body["properties"] = .object(changed)
        if let kept = present.page.note.status {
            body[Page.noteKey] = ["occurrence": note.json, "status": .string(kept)]
        }
        return .update(
            id: present.record.id,
            series: series.id,
            revision: present.record.revision,
            payload: JSON.object(body).serialized
        )
    }

    // MARK: What there is to show

    /// An occurrence that should have a page.
    private struct WantedOccurrence {
        let stamp: String
        let uid: String
        let values: EventValues
        /// Whether it is as the series tells it, or an earlier occurrence of all that follow.
        let follows: Bool
        /// Whether an earlier occurrence tells it.
        let isRanged: Bool
        /// Whether it is when the series has it.
        let isOnTime: Bool
        /// Whether it is in no zone, unlike the series, or in one, unlike that; nil where both are alike.
        let isFloating: Bool?
    }

    private func wantedOccurrences(of object: CalendarObject, uid: String) throws(TranslationError)
        -> [WantedOccurrence]
    {
        guard let days = columns.daysAhead, let master = object.master,
            !master.all("RRULE").isEmpty || !master.all("RDATE").isEmpty,
            let start = master.first("DTSTART")?.dateTime
        else { return [] }
        let zones = ZoneResolver(floatingZone: link.timeZone, calendar: object.calendar)
        var wanted: [WantedOccurrence] = []
        let all = upcoming(object, days: days, zones)
        let firstStamp = OccurrenceNote.stamp(of: start, zones)
        for (stamp, place) in all.sorted(by: { $0.key < $1.key }) where wanted.count < Self.maximumOccurrences {
            // The page of the series shows the first one.
            guard place.isOverride || stamp != firstStamp else { continue }
            let uid = OccurrenceNote.uid(uid, stamp)
            let values = try values(of: place, of: start, uid, zones)
            let plain = place.isOverride ? try plainValues(of: place, master, object, uid, zones) : values
            let isRanged = values != plain && place.isToldByAnother(stamp, zones)
            wanted.append(
                WantedOccurrence(
                    stamp: stamp,
                    uid: uid,
                    values: values,
                    follows: values == plain || isRanged,
                    isRanged: isRanged,
                    isOnTime: plain.map { values.isAtSameTime(as: $0) } ?? false,
                    isFloating: OccurrenceNote.isFloating(place.startTime, unlike: start)
                )
            )
        }
        return wanted
    }

    /// The occurrences whose own time is within the days that are shown, by stamp; moved ones wherever they went.
    private func upcoming(_ object: CalendarObject, days: Int, _ zones: ZoneResolver) -> [String: Occurrence] {
        var found: [String: Occurrence] = [:]
        let (first, last) = (today.text, today.adding(days: days).text)
        func admit(_ places: [Occurrence]) {
            for place in places {
                guard let id = place.recurrenceID, case let stamp = OccurrenceNote.stamp(of: id, zones),
                    case let day = OccurrenceNote.day(of: stamp, in: link.timeZone), first <= day, day <= last
                else { continue }
                found[stamp] = place
            }
        }
        let overrides = object.overrides.compactMap { Occurrence($0, zones) }
        admit(overrides)
        guard let set = try? object.recurrenceSet(floatingZone: link.timeZone) else { return found }
        // Day by day, until there are enough: a rule may give more than anybody wants to see.
        for day in 0...days where found.count < Self.maximumOccurrences {
            let range = TimeRange(
                start: zones.instant(start(of: today.adding(days: day))),
                end: zones.instant(start(of: today.adding(days: day + 1)))
            )
            guard let places = try? set.occurrences(in: range, limit: CalendarLimits.maximumInstances) else { break }
            admit(places.filter { found[$0.recurrenceID.map { OccurrenceNote.stamp(of: $0, zones) } ?? ""] == nil })
        }
        return found
    }

    private func start(of day: DateTime) -> DateTime {
        var start = day
        start.form = .zoned(link.timeZone)
        return start
    }

    /// What the page of an occurrence says whose series begins at `start`.
    private func values(
        of place: Occurrence,
        of start: DateTime,
        _ uid: String,
        _ zones: ZoneResolver
    ) throws(TranslationError) -> EventValues {
        // Of a series without a zone every page tells the link's wall clock: by that alone it may be read.
        let isInstant = OccurrenceNote.isFloating(place.startTime, unlike: start) == false
        let begin = isInstant ? zones.exact(place.start, form: .zoned(link.timeZone)) : place.startTime
        var component = place.component
        for name in ["RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"] { component.set(name, []) }
        let hasEnd = component.first("DTEND") != nil || component.first("DURATION") != nil
        component.set("DURATION", [])
        component.set("DTSTART", Property("DTSTART", begin))
        component.set("DTEND", hasEnd ? [Property("DTEND", zones.exact(place.end, form: begin.form))] : [])
        return try EventValues(component, uid: uid, changes: 0, zones: zones, columns: columns, linkZone: link.timeZone)
    }

    /// What the page of an override would say if it were none.
    private func plainValues(
        of place: Occurrence,
        _ master: Component,
        _ object: CalendarObject,
        _ uid: String,
        _ zones: ZoneResolver
    ) throws(TranslationError) -> EventValues? {
        guard let id = place.recurrenceID, let start = master.first("DTSTART")?.dateTime else { return nil }
        let whole = Component(
            "VCALENDAR",
            properties: object.calendar.properties,
            components: zonesAnd(master, of: object)
        )
        let instant = id.instant(in: zones)
        let range = TimeRange(start: instant, end: instant + 1)
        let set = try? CalendarObject(whole).recurrenceSet(floatingZone: link.timeZone)
        let places = try? set?.occurrences(in: range, limit: CalendarLimits.maximumInstances)
        guard let plain = places?.first(where: { $0.recurrenceID?.instant(in: zones) == instant }) else { return nil }
        return try values(of: plain, of: start, uid, zones)
    }

    private func zonesAnd(_ master: Component, of object: CalendarObject) -> [Component] {
        zones(of: object) + [master]
    }

    private func zones(of object: CalendarObject) -> [Component] { object.calendar.components("VTIMEZONE") }
}

extension EventValues {
    fileprivate func isAtSameTime(as other: EventValues) -> Bool {
        guard case .when(let own?) = self[.when], case .when(let others?) = other[.when] else { return false }
        // What is in a zone stays where it is though a series that is in none goes elsewhere.
        return own.isFloating == others.isFloating && own.coversSame(as: others)
    }
}

extension Occurrence {
    /// Whether it is different because an earlier one is, with all that follow.
    fileprivate func isToldByAnother(_ stamp: String, _ zones: ZoneResolver) -> Bool {
        guard isOverride, let id = component.first("RECURRENCE-ID")?.dateTime else { return false }
        return OccurrenceNote.stamp(of: id, zones) != stamp
    }

    /// An override, by itself.
    fileprivate init?(_ override: Component, _ zones: ZoneResolver) {
        guard let id = override.first("RECURRENCE-ID")?.dateTime, let start = override.first("DTSTART")?.dateTime else {
            return nil
        }
        let begin = start.instant(in: zones)
        let length = override.first("DURATION").flatMap { CalendarDuration($0.value) }?.totalSeconds
        let end = override.first("DTEND")?.dateTime?.instant(in: zones) ?? length.map { begin + $0 }
        self.init(
            recurrenceID: id,
            start: begin,
            end: end ?? (start.isDate ? begin + 86_400 : begin),
            startTime: start,
            isOverride: true,
            component: override
        )
    }
}
