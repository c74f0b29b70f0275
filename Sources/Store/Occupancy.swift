public import ICalendar

/// What an event does to its owner's time (RFC 4791 §7.10).
public enum Occupancy: String, Sendable, Hashable, CaseIterable {
    /// It takes no time from anybody.
    case free
    case busy
    case tentative

    /// Its occurrences differ.
    case mixed

    /// What a component says of the occurrences that it describes.
    public init(of component: Component) {
        let status = component.first("STATUS")?.value.uppercased()
        if component.first("TRANSP")?.value.uppercased() == "TRANSPARENT" || status == "CANCELLED" {
            self = .free
        } else {
            self = status == "TENTATIVE" ? .tentative : .busy
        }
    }

    /// What an object says of all its occurrences; nil where it is no event.
    init?(of object: CalendarObject) {
        guard object.kind == .event else { return nil }
        let all = Set(object.calendar.components(object.kind.rawValue).map(Occupancy.init(of:)))
        guard let first = all.first else { return nil }
        self = all.count == 1 ? first : .mixed
    }
}
