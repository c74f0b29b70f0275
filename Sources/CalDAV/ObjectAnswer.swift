import ICalendar
import Store
import WebDAV
import XML

/// How the objects of one report are told: worked out once, then written for each.
struct ObjectAnswer: Sendable {
    private let live: [LiveProperty]
    private let missing: [PropertyName]
    private let calendarData: CalendarDataRequest?

    /// The zone in which floating times are read.
    private let floatingZone: FloatingZone

    /// Whether what a resource lacks is left out.
    private let isMinimal: Bool

    /// Whether time zones stand in calendar data.
    private let zones: ZoneInclusion

    init(_ properties: ReportedProperties, floatingZone: FloatingZone, zones: ZoneInclusion) {
        calendarData = properties.calendarData
        isMinimal = properties.isMinimal
        self.floatingZone = floatingZone
        self.zones = zones
        let data = Name.calDAV("calendar-data")
        switch properties.request {
        case .all(let included):
            live = LiveProperty.all.filter { $0.isInAllProp || included.contains($0.name) }
            missing = []
        case .names:
            live = LiveProperty.all.filter(\.isInAllProp)
            missing = []
        case .named(let names):
            live = names.compactMap { LiveProperty.byName[$0] }
            missing = names.filter { $0 != data && LiveProperty.byName[$0] == nil }
        }
    }

    /// Whether the texts of the objects are needed.
    var needsText: Bool { calendarData != nil }

    /// Tells of one object; `text` where calendar data is wanted.
    func append(_ resource: Resource, text: String?, to multiStatus: inout MultiStatus) {
        guard !multiStatus.isFull else { return multiStatus.appendUntold(resource.href) }
        let data: [UInt8]?
        do throws(CalendarDataError) {
            data = try calendarData.flatMap { request throws(CalendarDataError) in
                try text.map { text throws(CalendarDataError) in
                    try self.data(text, of: resource, request)
                }
            }
        } catch {
            // One object that cannot be expanded spoils the answer for no other.
            let refusal = DAVError(error)
            multiStatus.append(resource.href, status: refusal.status, error: refusal.precondition)
            return
        }
        multiStatus.append(resource.href) { writer in
            var absent = missing
            for property in live where !property.write(resource, to: &writer) { absent.append(property.name) }
            if let data {
                writer.markup("<C:calendar-data>")
                writer.markup(data)
                writer.markup("</C:calendar-data>")
            }
            return isMinimal ? [] : absent
        }
    }

    /// The calendar data in the form asked for, as character data.
    private func data(
        _ text: String,
        of resource: Resource,
        _ request: CalendarDataRequest
    ) throws(CalendarDataError) -> [UInt8] {
        var writer = Writer(capacity: text.utf8.count + text.utf8.count / 8)
        if let entry = resource.entry, !request.isWhole || zones != .asStored {
            let object = try StoredObject(entry: entry, text: text).object()
            writer.text(try request.rendering(of: object, floatingZone: floatingZone, zones))
        } else {
            writer.text(text)
        }
        return writer.octets
    }
}
