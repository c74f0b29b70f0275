public import Bridging
public import ICalendar

extension GoogleBridge {
    /// Whether the account declined all of a series: an occurrence that it declined alone is no reason to hide the rest, and
    /// one that it said yes to shows the series, for it will be there.
    public func isDeclined(_ series: [UpstreamRecord]) -> Bool {
        let live = series.filter { !$0.isDeleted }
        let judged = live.filter { $0.id == $0.series }
        let answers = (judged.isEmpty ? live : judged).map { answer(to: $0) }
        guard !answers.isEmpty, answers.allSatisfy({ $0 == "declined" }) else { return false }
        return !live.contains { ["accepted", "tentative"].contains(answer(to: $0)) }
    }

    /// What the account answered to an event or an occurrence; nil where it was not asked, or the occurrence is cancelled.
    private func answer(to record: UpstreamRecord) -> String? {
        let event = try? JSONReader.value(of: record.payload)
        guard event?["status"]?.text != "cancelled" else { return nil }
        return event?["attendees"]?.elements.first { $0["self"]?.bool == true }?["responseStatus"]?.text
    }

    /// Translates a series: the master and its overrides, or the occurrences the account was invited to.
    public func object(from series: [UpstreamRecord]) throws(TranslationError) -> CalendarObject {
        let series = try EventSeries(series, linkZone: link.timeZone)
        // What repeats no more has no occurrence to take away: Google shows the event.
        guard let master = series.master, !series.isDeleted, !series.cancelled.isEmpty, !master.recurrence.isEmpty
        else {
            return try object(of: series, excluding: [])
        }
        return try object(of: series, excluding: cancelledOccurrences(of: series, try rule(of: master), master))
    }

    /// The series without its exceptions: what they can take away.
    private func rule(of master: EventResource) throws(TranslationError) -> CalendarObject {
        let event = master.component(uid: Self.uid(of: master.json), account: account(of: master))
        return try Self.object(of: [event], id: master.id)
    }

    /// The cancelled exceptions that take an occurrence away; those a changed rule left behind exclude nothing.
    private func cancelledOccurrences(
        of series: EventSeries,
        _ rule: CalendarObject,
        _ master: EventResource
    ) -> Set<Slot> {
        do {
            let occurrences = try Occurrences(of: rule, start: master.details.start, linkZone: link.timeZone)
            return Set(try series.cancelled.keys.filter { try occurrences.contains($0) })
        } catch {
            // Without an expansion an exclusion too many does no harm; one too few would show a cancelled occurrence.
            return Set(series.cancelled.keys)
        }
    }

    private func object(
        of series: EventSeries,
        excluding excluded: Set<Slot>
    ) throws(TranslationError) -> CalendarObject {
        let overrides = series.overrides
        guard !series.isDeleted, let first = series.master ?? overrides.first?.resource else {
            throw .notAnEvent
        }
        let uid = Self.uid(of: first.json)
        var events: [Component] = []
        if let master = series.master {
            events.append(master.component(uid: uid, excluding: excluded, account: account(of: master)))
        }
        for (slot, resource) in overrides {
            // An override names its occurrence in the master's own form (RFC 5545 §3.8.4.4).
            let original = (series.master ?? resource).details.start.moved(to: slot)
            events.append(resource.component(uid: uid, replacing: original, account: account(of: resource)))
        }
        return try Self.object(of: events, id: first.id)
    }

    private static func object(of events: [Component], id: String) throws(TranslationError) -> CalendarObject {
        let properties = [Property("VERSION", value: "2.0"), Property("PRODID", value: "-//Kalends//Google//EN")]
        do {
            return try CalendarObject(
                Component("VCALENDAR", properties: properties, components: zones(of: events) + events)
            )
        } catch {
            throw .unreadable("Google's event \(id) makes no valid calendar object: \(error.message)")
        }
    }

    /// The UID an event has here: the one it was made with, else Google's.
    ///
    /// The second half of a series that was split upstream may keep the UID of the first; it gets one of its own.
    private static func uid(of event: JSON) -> Property {
        if let mark = OurMark(event) { return Property("UID", value: mark.uid.withoutControls) }
        let id = event["id"]?.text ?? ""
        let master = event["recurringEventId"]?.text ?? id
        let own = master + "@google.com"
        guard let uid = event["iCalUID"]?.text, origin(of: master) == master || uid.hasPrefix(master) else {
            return Property("UID", text: own)
        }
        return Property("UID", text: uid)
    }

    /// The series a series was split off from: the identifier of such a one ends in `_R` and a time.
    public func origin(of series: String) -> String { Self.origin(of: series) }

    private static func origin(of id: String) -> String {
        guard let mark = id.utf8.lastIndex(of: UInt8(ascii: "_")) else { return id }
        let time = id.utf8[id.utf8.index(after: mark)...]
        guard time.first == UInt8(ascii: "R"),
            DateTime(String(Substring(time.dropFirst())), tzid: nil, isDate: false) != nil
        else { return id }
        return String(id[..<mark])
    }

    /// The address of the account, for alarms by mail.
    private func account(of event: EventResource) -> String {
        let people =
            (event.json["attendees"]?.elements ?? [])
            + [event.json["organizer"], event.json["creator"]].compactMap { $0 }
        return people.first { $0["self"]?.bool == true }?["email"]?.text ?? link.calendar
    }

    /// The VTIMEZONE of each zone that is named, from the earliest time on that needs it.
    private static func zones(of events: [Component]) -> [Component] {
        var earliest: [String: Instant] = [:]
        for event in events {
            for property in event.properties where !property.parameters.isEmpty {
                guard let zone = property.parameter("TZID"),
                    let time = property.dateTimes.first?.instant(in: Zones.iana)
                else { continue }
                earliest[zone] = min(earliest[zone] ?? time, time)
            }
        }
        return earliest.sorted { $0.key < $1.key }.compactMap {
            TimeZoneData.vtimezone(for: $0.key, from: $0.value)
        }
    }
}
