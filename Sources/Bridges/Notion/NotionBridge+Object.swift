public import Bridging
public import ICalendar

extension NotionBridge {
    /// Translates one page into one calendar object; a page without a date is no event.
    ///
    /// Nothing but the page and the link goes in, so that the same page always gives the same object.
    public func object(from series: [UpstreamRecord]) throws(TranslationError) -> CalendarObject {
        guard let record = series.first(where: { !$0.isDeleted && $0.id == $0.series }) else { throw .notAnEvent }
        let page = try Page(record)
        let plain = try event(of: page, modified: record.modified)
        let others = columns.daysAhead == nil ? [] : series.filter { $0.id != record.id }
        let shown = try ShownOccurrences(of: page, plain, others, by: self)
        do {
            return try CalendarObject(ofNotion: shown.series, shown.overrides)
        } catch {
            if let column = columns[.repeats], case .text(let text) = page.value(of: column),
                case .recurrence = Repeats.reading(text)
            {
                throw nonsense("rule", text, column, page)
            }
            throw .unreadable("The Notion page \(page.address) cannot be shown as an event: \(error.message)")
        }
    }

    private func event(of page: Page, modified: Instant?) throws(TranslationError) -> Component {
        let columns = columns
        guard let column = columns[.when] else { throw .notAnEvent }
        if let text = page.nonsensicalDate(in: column) { throw nonsense("date", text, column, page) }
        guard case .when(let when?) = page.value(of: column) else { throw .notAnEvent }
        guard !when.isLastOfAll else {
            throw .unreadable(
                "The Notion page \(page.address) ends with the year 9999, and no event can end after that."
            )
        }
        let stamp = DateTime(modified ?? page.modified ?? Instant(seconds: 0))
        var properties = [
            Property("UID", text: page.uid(columns)), Property("DTSTAMP", stamp), Property("LAST-MODIFIED", stamp),
        ]
        if let created = Instant(rfc3339: page.created) { properties.append(Property("CREATED", DateTime(created))) }
        properties += try schedule(of: page, when)
        let said = said(of: page)
        return Component("VEVENT", properties: properties + said.properties, components: said.alarms)
    }

    /// What the columns say of the event; what nobody writes there is told by the page of the series.
    func said(of page: Page, instead master: Page? = nil) -> (properties: [Property], alarms: [Component]) {
        var properties: [Property] = []
        var alarms: [Component] = []
        for role in columns.roles {
            guard let column = columns[role] else { continue }
            let teller = column.type.isReadOnly ? master ?? page : page
            let said = EventProperties(role, teller.value(of: column), of: column)
            properties += said.properties
            if role == .status, said.properties.isEmpty, let kept = teller.note.status {
                properties.append(Property("STATUS", value: kept))
            }
            if role == .title, let name = teller.nameInstead(columns) {
                properties.append(Property("SUMMARY", text: name))
            }
            alarms += said.alarms
        }
        return (properties, alarms)
    }

    /// DTSTART, DTEND and the recurrence.
    private func schedule(of page: Page, _ when: When) throws(TranslationError) -> [Property] {
        let repeats = try repeats(of: page)
        let (start, recurrence) =
            repeats?.properties(at: when, linkZone: link.timeZone) ?? (when.start(linkZone: link.timeZone), [])
        var properties = [Property("DTSTART", start)]
        // Notion has no zone of ours but the link's for a floating start.
        if let end = when.end(like: start, ZoneResolver(floatingZone: link.timeZone)) {
            properties.append(Property("DTEND", end))
        }
        return properties + recurrence
    }

    /// How the page recurs; a nonsensical text counts as what it was before, if that is known.
    func repeats(of page: Page) throws(TranslationError) -> Repeats? {
        guard let column = columns[.repeats], case .text(let text) = page.value(of: column) else { return nil }
        switch Repeats.reading(page.note.repeats ?? text) {
        case .nothing: return nil
        case .recurrence(var repeats):
            if repeats.start == nil { repeats.zone = page.note.zone }
            return repeats
        case .nonsense:
            throw nonsense("rule", text, column, page)
        }
    }

    private func nonsense(_ what: String, _ text: String, _ column: Column, _ page: Page) -> TranslationError {
        .unreadable(
            "The column “\(column.name)” of the Notion page \(page.address) has a \(what) that makes no sense: \(text)"
        )
    }
}

extension CalendarObject {
    /// An event as Notion tells it, with the zones that it names.
    init(ofNotion event: Component, _ overrides: [Component] = []) throws(CalendarDataError) {
        var calendar = Component("VCALENDAR", properties: ShownOccurrences.head)
        let first = event.first("DTSTART")?.dateTime?.instant(in: ZoneResolver())
        let named = ([event] + overrides).flatMap(\.properties).compactMap { $0.parameter("TZID") }
        for tzid in Set(named).sorted() {
            if let zone = TimeZoneData.vtimezone(for: tzid, from: first) { calendar.append(zone) }
        }
        calendar.append(event)
        for override in overrides { calendar.append(override) }
        try self.init(calendar)
    }
}

extension NotionBridge: CorrectingBridge {
    public func correction(of series: [UpstreamRecord]) -> Correction? {
        guard let record = series.first(where: { !$0.isDeleted && $0.id == $0.series }), let page = try? Page(record)
        else { return nil }
        if page.note.isCopy, page.namedOccurrence(columns) != nil {
            return Correction(
                message: "The Notion page \(page.address) showed an occurrence that its series does not have, or that"
                    + " is shown elsewhere or no more: it is an event of its own now.",
                remedy: "Nothing to do if that is right; else put the page into the trash."
            )
        }
        guard let former = page.note.repeats, let column = columns[.repeats],
            case .text(let text) = page.value(of: column)
        else { return nil }
        let outcome =
            former.isEmpty
            ? "the event does not repeat, and the column was emptied." : "what stood there before was put back."
        return Correction(
            message:
                "“\(text)” in the column “\(column.name)” of the Notion page \(page.address) is no rule: \(outcome)",
            remedy: "Write a rule such as FREQ=WEEKLY there."
        )
    }
}

extension When {
    /// Whether it reaches the last day that can be told, so that no event can end after it.
    var isLastOfAll: Bool {
        switch span {
        case .days(_, let last): last.text >= "99991231"
        case .time(let start, let end): (end ?? start) >= Self.lastDay
        }
    }

    /// The beginning of the year 9999's last day in UTC.
    private static let lastDay = ZoneResolver().instant(DateTime(date: 9999, 12, 31))
}

extension DateTime {
    /// The instant in UTC.
    fileprivate init(_ instant: Instant) { self = ZoneResolver().local(instant, form: .utc) }
}
