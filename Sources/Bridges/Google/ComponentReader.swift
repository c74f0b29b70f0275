import Bridging
import ICalendar

/// Reads VEVENTs of one calendar object in the terms both sides share.
struct ComponentReader {
    let zones: ZoneResolver
    let linkZone: String
    private let master: Component?

    init(_ object: CalendarObject, linkZone: String) {
        zones = ZoneResolver(floatingZone: linkZone, calendar: object.calendar)
        self.linkZone = linkZone
        master = object.master
    }

    /// The series an object describes, read against what the upstream says now.
    func series(_ object: CalendarObject, over current: EventSeries) throws(TranslationError)
        -> WantedSeries
    {
        guard let component = object.master else {
            return WantedSeries(overrides: try overrides(of: object, start: nil, over: current))
        }
        let isSeries = ["RRULE", "RDATE", "EXRULE"].contains { component.first($0) != nil }
        let details = try details(of: component, repeats: isSeries, over: current.master)
        var recurrence = try Recurrence(component, start: details.start, zones: zones)
        let overrides = try overrides(of: object, start: details.start, over: current)
        recurrence.exclusions.subtract(overrides.keys)
        guard !overrides.isEmpty || !recurrence.exclusions.isEmpty else {
            return WantedSeries(master: details, recurrence: recurrence, overrides: [:])
        }
        try settle(&recurrence, of: object, start: details.start, overrides)
        return WantedSeries(master: details, recurrence: recurrence, overrides: overrides)
    }

    /// Brings exceptions in line with what the series itself makes.
    ///
    /// Upstream only an occurrence of the series can be changed or cancelled. What replaces none becomes one by an RDATE:
    /// it takes place all the same. What excludes none says nothing.
    private func settle(
        _ recurrence: inout Recurrence,
        of object: CalendarObject,
        start: EventTime,
        _ overrides: [Slot: EventDetails]
    ) throws(TranslationError) {
        guard !recurrence.isEmpty else {
            guard overrides.isEmpty else {
                throw .unsupported("An override replaces an occurrence of an event that does not repeat.")
            }
            recurrence.exclusions = []
            return
        }
        do {
            let occurrences = try Occurrences(of: object.withoutExceptions(), start: start, linkZone: linkZone)
            var (additions, exclusions) = (recurrence.additions, Set<Slot>())
            for slot in overrides.keys where try !occurrences.contains(slot) { additions.insert(slot) }
            for slot in recurrence.exclusions where try occurrences.contains(slot) { exclusions.insert(slot) }
            (recurrence.additions, recurrence.exclusions) = (additions, exclusions)
        } catch {
            // Without an expansion nobody can tell; what is written then is what was said.
            return
        }
    }

    private func overrides(
        of object: CalendarObject,
        start: EventTime?,
        over current: EventSeries
    ) throws(TranslationError) -> [Slot: EventDetails] {
        var overrides: [Slot: EventDetails] = [:]
        for component in object.overrides {
            guard let property = component.first("RECURRENCE-ID"), let value = property.dateTime else {
                throw .unsupported("An override has no readable RECURRENCE-ID.")
            }
            guard property.parameter("RANGE") == nil else {
                throw .unsupported(
                    "Google Calendar cannot change an occurrence together with all later ones."
                )
            }
            let slot = start.map { Slot(value, $0, zones) } ?? Slot(value, zones)
            let resource = current.exceptions[slot] ?? current.master
            overrides[slot] = try details(of: component, repeats: false, over: resource)
        }
        return overrides
    }
}

/// What a calendar object asks for.
struct WantedSeries {
    /// Nil where the object has single occurrences only.
    var master: EventDetails?
    var recurrence = Recurrence()
    var overrides: [Slot: EventDetails]
}

// MARK: - One component

extension ComponentReader {
    /// Reads one VEVENT.
    ///
    /// `repeats` tells the master of a series; `resource` is what the upstream has now, which decides what a silence here
    /// means.
    func details(
        of component: Component,
        repeats: Bool,
        over resource: EventResource?
    ) throws(TranslationError) -> EventDetails {
        guard let value = component.first("DTSTART")?.dateTime else {
            throw .unsupported("The event has no readable start.")
        }
        let start = try time(value, of: component, repeats: repeats)
            .back(in: resource?.details.start.zone)
        if repeats, !value.isDate, zones.local(zones.instant(value), form: value.form) != value {
            // As an instant it would move every other occurrence along.
            throw .unsupported(
                "This series begins at a time that the clocks skip on that day, which Google cannot hold."
            )
        }
        let end = try end(of: component, startingAt: start, value, repeats: repeats, over: resource)
        var details = EventDetails(start: start, end: end)
        details.summary = text("SUMMARY", of: component)
        (details.description, details.html) = description(of: component)
        details.location = text("LOCATION", of: component)
        details.url = url(of: component, over: resource)
        details.status = status(of: component)
        details.isTransparent = component.first("TRANSP")?.value.uppercased() == "TRANSPARENT"
        details.visibility = Visibility(
            classification: component.first("CLASS")?.value,
            over: resource?.details.visibility
        )
        details.color = component.first("COLOR").flatMap { PaletteColor(nearestTo: $0.text) }
        details.reminders = reminders(of: component, details, repeats: repeats)
        details.attendees = component.all("ATTENDEE").compactMap(Attendee.init).sorted {
            $0.email < $1.email
        }
        return details
    }

    /// A zone that is only described is the same one for a whole series.
    private func time(
        _ value: DateTime,
        of component: Component,
        repeats: Bool
    ) throws(TranslationError) -> EventTime {
        try EventTime(value, of: master ?? component, zones: zones, linkZone: linkZone, repeats: repeats)
    }

    /// The description, and its HTML where that says the same, or says it alone.
    private func description(of component: Component) -> (plain: String?, html: String?) {
        let plain = text("DESCRIPTION", of: component)
        guard let rich = text("X-ALT-DESC", of: component).map({ RichText($0) }), let html = rich.html,
            html.unicodeScalars.count <= WriteRules.maximumDescription,
            plain.map({ RichText.saysSame($0, rich.plain) }) ?? true
        else { return (plain, nil) }
        return (rich.plain, html)
    }

    private func text(_ name: String, of component: Component) -> String? {
        guard let text = component.first(name)?.text, !text.isEmpty else { return nil }
        return text
    }

    private func status(of component: Component) -> EventStatus {
        switch component.first("STATUS")?.value.uppercased() {
        case "TENTATIVE": .tentative
        case "CANCELLED": .cancelled
        default: .confirmed
        }
    }

    /// The page the event came from; only its maker may write it, and only web addresses are taken.
    private func url(of component: Component, over resource: EventResource?) -> String? {
        let current = resource?.details.url
        if let resource, !resource.isCreatedByAccount { return current }
        guard let url = component.first("URL")?.value, !url.isEmpty else { return nil }
        let scheme = url.prefix { $0 != ":" }.lowercased()
        return scheme == "http" || scheme == "https" ? url : current
    }

    /// DTEND, or DTSTART and DURATION, or what their absence means; an end that is not later counts as absent.
    private func end(
        of component: Component,
        startingAt start: EventTime,
        _ value: DateTime,
        repeats: Bool,
        over resource: EventResource?
    ) throws(TranslationError) -> EventTime {
        var end = EventResource.defaultEnd(of: start)
        if let written = component.first("DTEND")?.dateTime {
            end = try time(written, of: component, repeats: repeats)
                .back(in: resource?.details.end.zone)
        } else if let span = component.first("DURATION").flatMap({ TimeSpan($0.value) }) {
            end = later(start, value, by: span)
        }
        return end.isDay == start.isDay && end.instant > start.instant
            ? end : EventResource.defaultEnd(of: start)
    }

    /// Days move the wall clock, the rest of a duration is exact (RFC 5545 §3.3.6).
    private func later(_ start: EventTime, _ value: DateTime, by span: TimeSpan) -> EventTime {
        guard case .timed(_, let zone) = start else { return start.advanced(by: span.total) }
        let day = zones.instant(value.adding(days: span.days))
        return .timed(day + span.seconds, zone: zone)
    }
}

// MARK: - Alarms

extension ComponentReader {
    /// The alarms an upstream can hold: before the start, not too far, not too many, the nearest first.
    private func reminders(of component: Component, _ details: EventDetails, repeats: Bool) -> Set<
        Reminder
    > {
        let possible = component.components("VALARM").compactMap { alarm -> Reminder? in
            guard let method = method(of: alarm), let trigger = alarm.first("TRIGGER"),
                let seconds = secondsBefore(details, trigger, repeats: repeats), seconds >= 0,
                Reminder.possibleMinutes.contains(Int(seconds / 60))
            else { return nil }
            return Reminder(method: method, minutes: Int(seconds / 60))
        }
        return Set(Set(possible).sorted().prefix(Reminder.maximumCount))
    }

    private func method(of alarm: Component) -> Reminder.Method? {
        switch alarm.first("ACTION")?.value.uppercased() {
        case "DISPLAY", "AUDIO": .popup
        case "EMAIL": .email
        default: nil
        }
    }

    /// How long before the start an alarm rings; an instant of its own means nothing to a series.
    private func secondsBefore(_ details: EventDetails, _ trigger: Property, repeats: Bool) -> Int64? {
        if let span = TimeSpan(trigger.value) {
            let fromEnd = trigger.parameter("RELATED")?.uppercased() == "END"
            return fromEnd ? -(details.duration + span.total) : -span.total
        }
        guard !repeats, let moment = trigger.dateTime else { return nil }
        return zones.instant(details.start.dateTime) - zones.instant(moment)
    }
}
