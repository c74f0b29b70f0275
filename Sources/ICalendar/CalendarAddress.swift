extension Property {
    /// The mail address of a calendar user, as it is written; nil where the value is no `mailto:` URI. RFC 5545 §3.3.3
    public var mailAddress: String? {
        let uri = value.trimmed
        guard String(uri.prefix(Self.mailScheme.count)).equalsIgnoringCase(Self.mailScheme) else { return nil }
        let address = String(uri.dropFirst(Self.mailScheme.count)).trimmed
        return address.isEmpty ? nil : address
    }

    /// Whom an ATTENDEE or ORGANIZER names, in the form in which addresses are compared: a mail address or another URI.
    public var calendarUser: String { (mailAddress ?? value.trimmed).lowercased() }

    private static let mailScheme = "mailto:"
}

extension CalendarObject {
    /// Whoever organises the event, as ``Property/calendarUser``; nil where nobody is said to.
    public var organizer: String? { (master ?? overrides.first)?.first("ORGANIZER")?.calendarUser }
}
