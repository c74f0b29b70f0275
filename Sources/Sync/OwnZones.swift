import ICalendar

/// The zones of one of our objects under the names that it has for them.
///
/// An upstream tells every time in an IANA zone. What is the same zone under another name here stays under that name: the
/// client knows it, and has its definition.
struct OwnZones {
    /// Our name by the IANA name.
    private let names: [String: String]
    private let zones: ZoneResolver

    /// The zones in which an object begins and ends.
    init(of object: CalendarObject) {
        zones = object.zones
        var names: [String: String] = [:]
        if let master = object.master {
            for name in ["DTEND", "DTSTART"] {
                guard let tzid = master.first(name)?.parameter("TZID"),
                    let iana = object.zones.ianaName(for: tzid, in: master), iana != tzid
                else { continue }
                names[iana] = tzid
            }
        }
        self.names = names
    }

    /// Properties of an upstream's object as this one tells them; in the zone they came in where ours means another instant.
    func retold(_ properties: [Property]) -> [Property] { names.isEmpty ? properties : properties.map(retold) }

    private func retold(_ property: Property) -> Property {
        guard let tzid = property.parameter("TZID"), let name = names[tzid] else { return property }
        var own = property
        own.parameters = property.parameters.map { $0.name == "TZID" ? Parameter("TZID", name) : $0 }
        let iana = ZoneResolver()
        let isSame = property.dateTimes.map(iana.instant) == own.dateTimes.map(zones.instant)
        return isSame ? own : property
    }
}
