import ICalendar

/// The occurrences that a series has around some dates, exceptions aside.
struct SeriesPlaces: Sendable {
    /// By stamp; nil where they are too many to be told.
    private let places: [String: Occurrence]?
    private let isOfDays: Bool
    private let zones: ZoneResolver

    /// Works out the occurrences of `event` around `dates`; `others` are the VTIMEZONEs it may name.
    init(of event: Component, around dates: [DateTime], _ others: [Component] = [], linkZone: String) {
        let told = ["DTSTART", "DTEND", "DURATION", "RRULE", "RDATE"].flatMap(event.all)
        let name = [Property("UID", value: "series"), Property("DTSTAMP", value: "19700101T000000Z")]
        let whole = Component("VEVENT", properties: name + told)
        let calendar = Component("VCALENDAR", properties: ShownOccurrences.head, components: others + [whole])
        zones = ZoneResolver(floatingZone: linkZone, calendar: calendar)
        isOfDays = event.first("DTSTART")?.dateTime?.isDate ?? false
        let instants = dates.map { [zones] in $0.instant(in: zones) }
        guard let first = instants.min(), let last = instants.max() else {
            places = [:]
            return
        }
        let found = try? CalendarObject(calendar).recurrenceSet(floatingZone: linkZone).occurrences(
            in: TimeRange(start: first + -86_400, end: last + 86_400),
            limit: CalendarLimits.maximumInstances
        )
        places = found.map { [zones] found in
            let pairs = found.compactMap { place in
                place.recurrenceID.map { (OccurrenceNote.stamp(of: $0, zones), place) }
            }
            return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The occurrence of that stamp.
    subscript(stamp: String) -> Occurrence? { places?[stamp] }

    /// Whether a date is that of an occurrence, as far as that can be told.
    func has(_ date: DateTime) -> Bool { date.isDate == isOfDays && mayHave(date) }

    /// Whether a date may be that of an occurrence; one in another form than the start's may always be.
    func mayHave(_ date: DateTime) -> Bool {
        guard let places, date.isDate == isOfDays else { return true }
        return places[OccurrenceNote.stamp(of: date, zones)] != nil
    }
}

extension Component {
    /// The series without exceptions of dates that it does not have: what another rule left behind.
    func withoutIdleExceptions(_ others: [Component] = [], linkZone: String) -> Component {
        let exceptions = all("EXDATE")
        guard !exceptions.isEmpty else { return self }
        let places = SeriesPlaces(of: self, around: exceptions.flatMap(\.dateTimes), others, linkZone: linkZone)
        guard !exceptions.flatMap(\.dateTimes).allSatisfy(places.mayHave) else { return self }
        var event = self
        event.set("EXDATE", exceptions.flatMap(\.dateTimes).filter(places.mayHave).map { Property("EXDATE", $0) })
        return event
    }
}
