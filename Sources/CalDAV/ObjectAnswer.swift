import ICalendar
import Store
import WebDAV
import XML

/// An object with its octets, read as a calendar at most once.
struct ReadObject {
    let listed: ListedObject
    let text: String
    private var object: CalendarObject?

    init(listed: ListedObject, text: String) {
        self.listed = listed
        self.text = text
    }

    /// The object read.
    mutating func parsed() throws(CalendarDataError) -> CalendarObject {
        if let object { return object }
        let uid = String(decoding: listed.uid, as: UTF8.self)
        let read = try CalendarObject(stored: text, uid: uid, kind: listed.kind)
        object = read
        return read
    }
}

/// How the objects of one report are told: worked out once, then written for each.
struct ObjectAnswer: Sendable {
    private let live: [LiveProperty]
    private let missing: [PropertyName]
    private let calendarData: CalendarDataRequest?

    /// The range whose occurrences the listing tells, for what is expanded in it.
    var listedRange: TimeRange?

    /// How they are told where no resource is needed for it.
    private let direct: MemberAnswer?

    /// The zone in which floating times are read.
    private let floatingZone: FloatingZone

    /// Whether what a resource lacks is left out.
    private let isMinimal: Bool

    /// Whether time zones stand in calendar data.
    private let zones: ZoneInclusion

    /// Whether properties that nobody named are told too.
    private let showsAllDead: Bool

    /// Whether the properties there are are told without their values.
    private let tellsNames: Bool

    init(_ properties: ReportedProperties, floatingZone: FloatingZone, zones: ZoneInclusion) {
        calendarData = properties.calendarData
        isMinimal = properties.isMinimal
        self.floatingZone = floatingZone
        self.zones = zones
        let data = Name.calDAV("calendar-data")
        tellsNames = properties.request == .names
        switch properties.request {
        case .all(let included):
            live = LiveProperty.all.filter { $0.isInAllProp || included.contains($0.name) }
            missing = []
            showsAllDead = true
        case .names:
            live = LiveProperty.all
            missing = []
            showsAllDead = true
        case .named(let names):
            live = names.compactMap { LiveProperty.byName[$0] }
            missing = names.filter { $0 != data && LiveProperty.byName[$0] == nil }
            showsAllDead = false
        }
        let unknown = missing
        direct = MemberAnswer(live) { properties.isMinimal ? [] : unknown + $0 }
    }

    /// Whether the answer can show properties that clients left with an object.
    var needsDeadProperties: Bool { showsAllDead || !missing.isEmpty }

    /// Whether the answer can show locks.
    var needsLocks: Bool { live.contains { $0.name == .dav("lockdiscovery") } }

    /// The range in which whole objects are expanded, and nothing else is done to them.
    var expandedRange: TimeRange? {
        guard let calendarData, zones == .asStored, calendarData.form == .iCalendar, calendarData.selection == nil,
            calendarData.freeBusyLimit == nil,
            case .expanded(let range) = calendarData.recurrence
        else { return nil }
        return TimeRange(range)
    }

    /// Whether the texts of the objects are needed.
    var needsText: Bool { calendarData != nil }

    /// Tells of an object whose text is not needed.
    func append(_ object: ListedObject, in place: MemberPlace, to multiStatus: inout MultiStatus) {
        write(object, data: nil, at: nil, in: place, to: &multiStatus)
    }

    /// Tells of an object; at `href`, spelt as it was asked for, or else where it stands.
    func append(
        _ read: consuming ReadObject,
        at href: Href? = nil,
        in place: MemberPlace,
        to multiStatus: inout MultiStatus
    ) {
        let listedName = String(decoding: read.listed.name, as: UTF8.self)
        guard !multiStatus.isFull else { return multiStatus.appendUntold(href ?? place.href.appending(listedName)) }
        let data: [UInt8]?
        do throws(CalendarDataError) {
            data = if let calendarData { try self.data(of: &read, calendarData) } else { nil }
        } catch {
            return append(error, of: read.listed, at: href, in: place, to: &multiStatus)
        }
        write(read.listed, data: data, at: href, in: place, to: &multiStatus)
    }

    /// Tells why nothing can be told of an object, which spoils the answer for no other.
    func append(
        _ error: CalendarDataError,
        of object: ListedObject,
        at href: Href? = nil,
        in place: MemberPlace,
        to multiStatus: inout MultiStatus
    ) {
        let refusal = DAVError(error)
        let name = String(decoding: object.name, as: UTF8.self)
        multiStatus.append(href ?? place.href.appending(name), status: refusal.status, error: refusal.precondition)
    }

    private func write(
        _ object: ListedObject,
        data: [UInt8]?,
        at href: Href?,
        in place: MemberPlace,
        to multiStatus: inout MultiStatus
    ) {
        if let direct, place.deadProperties.isEmpty || place.deadProperties[object.id] == nil {
            let write = { (writer: inout Writer) in direct.append(object, data: data, to: &writer) }
            if let href {
                multiStatus.append(href, propStats: write)
            } else {
                multiStatus.append(memberOf: place.href, named: object.name, propStats: write)
            }
            return
        }
        let resource = place.resource(object, at: href)
        multiStatus.append(resource.href) { writer in
            let absent = write(resource, to: &writer)
            if let data { writer.markup(data) }
            return isMinimal ? [] : absent
        }
    }

    /// Writes what a resource has, and returns what it lacks.
    private func write(_ resource: Resource, to writer: inout Writer) -> [PropertyName] {
        guard !tellsNames else {
            for property in live where property.content(resource) != nil { writer.empty(property.name) }
            for property in resource.deadProperties { writer.empty(property.propertyName) }
            return []
        }
        var absent = missing
        for property in live where !property.write(resource, to: &writer) { absent.append(property.name) }
        for property in resource.deadProperties where showsAllDead || missing.contains(property.propertyName) {
            writer.markup(Array(property.xml.utf8))
            absent.removeAll { $0 == property.propertyName }
        }
        return absent
    }

    /// The calendar data in the form asked for, as a property.
    private func data(
        of read: inout ReadObject,
        _ request: CalendarDataRequest
    ) throws(CalendarDataError) -> [UInt8] {
        let octets = read.text.utf8.count
        var writer = Writer(capacity: octets + octets / 8 + 64)
        switch request.form {
        case .iCalendar: writer.markup("<C:calendar-data>")
        case .jCal: writer.markup(#"<C:calendar-data content-type="application/calendar+json" version="2.0">"#)
        case .xCal: writer.markup(#"<C:calendar-data content-type="application/calendar+xml" version="2.0">"#)
        }
        if request.isWhole, zones == .asStored {
            writer.text(read.text)
        } else if let occurrences = read.listed.occurrences, let listedRange, listedRange == expandedRange,
            let pattern = OccurrencePattern(stored: read.text, kind: read.listed.kind)
        {
            writer.text(pattern.expanded(occurrences, isRecurring: read.listed.isRecurring)[...])
        } else {
            writer.text(try request.rendering(of: read.parsed(), floatingZone: floatingZone, zones))
        }
        writer.markup("</C:calendar-data>")
        return writer.octets
    }
}
