public import XML

/// The `CALDAV:calendar-data` of a request: which part of an object is wanted, in which form (RFC 4791 §9.6).
public struct CalendarDataRequest: Sendable, Hashable {
    /// How a recurrence set is shown.
    public enum Recurrence: Sendable, Hashable {
        /// As stored.
        case whole
        /// Each occurrence by itself, in UTC (§9.6.5).
        case expanded(UTCRange)
        /// The master, and only those overrides that touch the range (§9.6.6).
        case limited(UTCRange)
    }

    /// The forms in which calendar data is shown (RFC 5545, RFC 7265, RFC 6321).
    public enum Form: String, Sendable, Hashable {
        case iCalendar = "text/calendar"
        case jCal = "application/calendar+json"
        case xCal = "application/calendar+xml"
    }

    /// The form wanted (§9.6).
    public let form: Form

    /// The components and properties to be shown; nil for all.
    public let selection: ComponentSelection?

    /// How a recurrence set is shown.
    public let recurrence: Recurrence

    /// The range that FREEBUSY values must meet to be shown; nil for all (§9.6.7).
    public let freeBusyLimit: UTCRange?

    /// Whether the stored octets are the answer.
    public var isWhole: Bool {
        form == .iCalendar && selection == nil && recurrence == .whole && freeBusyLimit == nil
    }

    /// Reads the element; iCalendar, jCal and xCal can be asked for, in version 2.0.
    public init(_ element: Element) throws(DAVError) {
        let type = element.attribute("content-type") ?? "text/calendar"
        let version = element.attribute("version") ?? "2.0"
        guard let form = Form(rawValue: type.lowercased()), version == "2.0" else {
            throw .failed(.supportedCalendarData, "Calendar data is shown as iCalendar, jCal and xCal 2.0.")
        }
        self.form = form
        selection = try element.first(.calDAV("comp")).map { comp throws(DAVError) in try ComponentSelection(comp) }
        freeBusyLimit = try element.first(.calDAV("limit-freebusy-set")).map { limit throws(DAVError) in
            try UTCRange(closed: limit)
        }
        if let expand = element.first(.calDAV("expand")) {
            guard element.first(.calDAV("limit-recurrence-set")) == nil else {
                throw .badRequest("calendar-data has either expand or limit-recurrence-set.")
            }
            recurrence = .expanded(try UTCRange(closed: expand))
        } else if let limit = element.first(.calDAV("limit-recurrence-set")) {
            recurrence = .limited(try UTCRange(closed: limit))
        } else {
            recurrence = .whole
        }
    }
}

/// Which parts of a component are shown (RFC 4791 §9.6.1).
public struct ComponentSelection: Sendable, Hashable {
    /// A property to be shown.
    public struct SelectedProperty: Sendable, Hashable {
        /// Its name, upper-case.
        public let name: String

        /// Whether only its name is shown, not its value (§9.6.4).
        public let isWithoutValue: Bool
    }

    /// The component's name, upper-case.
    public let name: String

    /// The properties shown; nil for all.
    public let properties: [SelectedProperty]?

    /// The inner components shown; nil for all.
    public let components: [ComponentSelection]?

    /// Reads a `CALDAV:comp`.
    public init(_ element: Element) throws(DAVError) {
        name = try element.requiredName()
        var components: [ComponentSelection] = []
        var properties: [SelectedProperty] = []
        for child in element.elements {
            if child.name == .calDAV("comp") { components.append(try ComponentSelection(child)) }
            if child.name == .calDAV("prop") {
                let isWithoutValue = child.attribute("novalue") == "yes"
                properties.append(SelectedProperty(name: try child.requiredName(), isWithoutValue: isWithoutValue))
            }
        }
        let isWhole = element.children.isEmpty || element.elements.isEmpty
        // A bare comp is the whole component: clients write `<comp name="VTIMEZONE"/>` and want one they can use.
        self.properties = element.first(.calDAV("allprop")) != nil || isWhole ? nil : properties
        self.components = element.first(.calDAV("allcomp")) != nil || isWhole ? nil : components
    }
}
