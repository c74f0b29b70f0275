import ICalendar
import Store
import WebDAV
import XML

extension CalDAVServer {
    /// PROPPATCH of a home or a principal: of those only the owner's availability can be changed (RFC 7953 §7.2.4).
    func patchAvailability(
        _ update: PropertyUpdate,
        of resource: Resource
    ) async throws -> [PropertyName: PropertyChanges.Refusal] {
        var refused: [PropertyName: PropertyChanges.Refusal] = [:]
        var text: String??
        for instruction in update.instructions {
            guard resource.hasAvailability, LiveProperty.availabilityNames.contains(instruction.name) else {
                refused[instruction.name] = .protected
                continue
            }
            switch instruction {
            case .remove: text = .some(nil)
            case .set(let element):
                if let refusal = Self.refusal(ofAvailability: element.text) { refused[instruction.name] = refusal }
                text = .some(element.text)
            }
        }
        if refused.isEmpty, let text { try await calendars.setAvailability(text, of: resource.requester.id) }
        return refused
    }

    /// The availability of a user as the objects it is made of; none where nothing is set.
    func availabilities(of owner: PrincipalID, floatingZone: FloatingZone) async throws -> [Availability] {
        guard let text = try await calendars.availability(of: owner) else { return [] }
        return try Component(parsing: text).availabilities(floatingZone: floatingZone)
    }

    /// The same resources with the availability of those that are the requester's own.
    func withAvailability(_ resources: [Resource]) async throws -> [Resource] {
        var completed = resources
        for (index, resource) in resources.enumerated() where resource.hasAvailability {
            completed[index].availability = try await calendars.availability(of: resource.requester.id)
        }
        return completed
    }

    /// Why a text is no availability: it must be an iCalendar object with one VAVAILABILITY, and its time zones.
    private static func refusal(ofAvailability text: String) -> PropertyChanges.Refusal? {
        guard text.utf8.count <= PropertyChanges.maximumDeadPropertyOctets else {
            return PropertyChanges.Refusal(status: 507)
        }
        let invalid = PropertyChanges.Refusal(status: 403, error: .validCalendarData)
        guard let calendar = try? Component(parsing: text), calendar.name == "VCALENDAR" else { return invalid }
        let kind = ComponentKind.availability.rawValue
        let others = calendar.components.filter { $0.name != kind && $0.name != "VTIMEZONE" }
        guard others.isEmpty, let only = calendar.components(kind).first, calendar.components(kind).count == 1,
            (try? CalendarObject(calendar)) != nil
        else { return invalid }
        for available in only.components("AVAILABLE") {
            // It has the rules of an event: a start that can be read, and all that recurs.
            var event = calendar
            event.removeComponents { $0.name == kind }
            event.append(Component(ComponentKind.event.rawValue, properties: available.properties))
            guard (try? CalendarObject(event)) != nil else { return invalid }
        }
        return nil
    }
}

extension Component {
    /// The availability that the VAVAILABILITY components of a VCALENDAR tell.
    func availabilities(floatingZone: FloatingZone) throws(CalendarDataError) -> [Availability] {
        let zones = ZoneResolver(floatingZone: floatingZone, calendar: self)
        var found: [Availability] = []
        for component in components(ComponentKind.availability.rawValue) {
            if let availability = try Availability(component, zones) { found.append(availability) }
        }
        return found
    }
}

extension LiveProperty {
    /// RFC 7953 §7.2.4, and the name Apple's clients used before; on home and principal, for there is no inbox.
    static let availability: [LiveProperty] = availabilityNames.map { name in
        LiveProperty(name) { resource in resource.availability.map { .text($0) } }
    }

    static let availabilityNames: [PropertyName] = [
        .calDAV("calendar-availability"), .calendarServer("calendar-availability"),
    ]
}

extension Resource {
    /// Whether it is a place where the requester keeps availability.
    var hasAvailability: Bool {
        switch kind {
        case .home: true
        case .principal(let principal): principal.id == requester.id
        case .root, .principals, .notifications, .homes, .calendar, .object: false
        }
    }
}
