/// The kinds of calendar components a calendar object can be made of. RFC 4791 §4.1, RFC 7953 §3.1
public enum ComponentKind: String, Sendable, Hashable, CaseIterable, Codable {
    case event = "VEVENT"
    case todo = "VTODO"
    case journal = "VJOURNAL"
    case freeBusy = "VFREEBUSY"
    case availability = "VAVAILABILITY"
}
