public import Bridging
public import ICalendar

extension NotionBridge {
    /// Translates one page into one calendar object; a page without a date is no event.
    ///
    /// Nothing but the page and the link goes in, so that the same page always gives the same object.
    public func object(from series: [UpstreamRecord]) throws(TranslationError) -> CalendarObject {
        guard let record = series.first(where: { !$0.isDeleted }) else { throw .notAnEvent }
        let page = try Page(record)
        let event = try event(of: page, modified: record.modified)
        var calendar = Component(
            "VCALENDAR",
            properties: [
                Property("VERSION", value: "2.0"), Property("PRODID", value: "-//Kalends//Notion//EN"),
            ]
        )
        let first = event.first("DTSTART")?.dateTime?.instant(in: ZoneResolver())
        for tzid in Set(event.properties.compactMap { $0.parameter("TZID") }).sorted() {
            if let zone = TimeZoneData.vtimezone(for: tzid, from: first) { calendar.append(zone) }
        }
        calendar.append(event)
        do {
            return try CalendarObject(calendar)
        } catch {
            throw .unreadable("The Notion page \(page.address) cannot be shown as an event: \(error.message)")
        }
    }

    private func event(of page: Page, modified: Instant?) throws(TranslationError) -> Component {
        let columns = columns
        guard let column = columns[.when] else { throw .notAnEvent }
        if let text = page.nonsensicalDate(in: column) { throw nonsense("date", text, column, page) }
        guard case .when(let when?) = page.value(of: column) else { throw .notAnEvent }
        let stamp = DateTime(modified ?? page.modified ?? Instant(seconds: 0))
        var properties = [
            Property("UID", text: page.uid(columns)), Property("DTSTAMP", stamp), Property("LAST-MODIFIED", stamp),
        ]
        if let created = Instant(rfc3339: page.created) { properties.append(Property("CREATED", DateTime(created))) }
        properties += try schedule(of: page, when)
        var alarms: [Component] = []
        for role in columns.roles {
            guard let column = columns[role] else { continue }
            let said = EventProperties(role, page.value(of: column), of: column)
            properties += said.properties
            alarms += said.alarms
        }
        return Component("VEVENT", properties: properties, components: alarms)
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
    private func repeats(of page: Page) throws(TranslationError) -> Repeats? {
        guard let column = columns[.repeats], case .text(let text) = page.value(of: column) else { return nil }
        switch Repeats.reading(page.note.repeats ?? text) {
        case .nothing: return nil
        case .recurrence(let repeats): return repeats
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

extension DateTime {
    /// The instant in UTC.
    fileprivate init(_ instant: Instant) { self = ZoneResolver().local(instant, form: .utc) }
}
