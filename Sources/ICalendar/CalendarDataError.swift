/// Why calendar data was refused: one case per precondition of RFC 4791 §5.3.2.1.
///
/// The sentence names the line wherever there is one.
public enum CalendarDataError: Error, Sendable, Hashable {
    /// CALDAV:valid-calendar-data
    case invalidData(String)
    /// CALDAV:valid-calendar-object-resource
    case invalidObject(String)
    /// CALDAV:supported-calendar-component
    case unsupportedComponent(String)
    /// CALDAV:max-resource-size
    case tooLarge(limit: Int)
    /// CALDAV:min-date-time
    case belowMinimumDate(String)
    /// CALDAV:max-date-time
    case aboveMaximumDate(String)
    /// CALDAV:max-instances
    case tooManyInstances(limit: Int)
    /// CALDAV:max-attendees-per-instance
    case tooManyAttendees(limit: Int)
    /// CALDAV:valid-calendar-object-resource, for want of a UID
    case uidMissing

    /// One sentence for a person.
    public var message: String {
        switch self {
        case .invalidData(let sentence), .invalidObject(let sentence), .unsupportedComponent(let sentence),
            .belowMinimumDate(let sentence), .aboveMaximumDate(let sentence):
            sentence
        case .tooLarge(let limit): "The calendar object is larger than \(limit) octets."
        case .tooManyInstances(let limit): "The recurrence needs more than \(limit) instances or steps."
        case .tooManyAttendees(let limit): "A component has more than \(limit) attendees."
        case .uidMissing: "A component has no UID."
        }
    }
}
