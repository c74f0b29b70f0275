/// What becomes of the time zones in calendar data on its way to a client. RFC 7809 §3.1
public enum ZoneInclusion: Sendable, Hashable {
    /// As they were stored.
    case asStored
    /// The definitions of zones that everybody knows stay away.
    case withoutStandard
    /// Every zone that is named is defined.
    case complete
}

extension Component {
    /// A VCALENDAR with its time zones as asked.
    public func zones(_ inclusion: ZoneInclusion) -> Component {
        var calendar = self
        switch inclusion {
        case .asStored:
            break
        case .withoutStandard:
            calendar.removeComponents { component in
                component.name == "VTIMEZONE"
                    && component.first("TZID").map { ZoneRegistry.zone(iana: $0.text) != nil } ?? false
            }
        case .complete:
            let defined = Set(components("VTIMEZONE").compactMap { $0.first("TZID")?.text })
            for tzid in timeZoneIdentifiers.subtracting(defined).sorted() {
                guard let definition = TimeZoneData.vtimezone(for: tzid, from: nil) else { continue }
                calendar.append(definition)
            }
        }
        return calendar
    }

    /// The TZIDs that properties name, here and inside.
    private var timeZoneIdentifiers: Set<String> {
        components.reduce(into: Set(properties.compactMap { $0.parameter("TZID") })) { found, component in
            found.formUnion(component.timeZoneIdentifiers)
        }
    }
}
