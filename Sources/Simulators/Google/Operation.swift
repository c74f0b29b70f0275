/// A method of the simulated API, found from HTTP method and path.
enum Operation: Sendable, Hashable {
    case listEvents(calendar: String)
    case insertEvent(calendar: String)
    case importEvent(calendar: String)
    case quickAddEvent(calendar: String)
    case watchEvents(calendar: String)
    case getEvent(calendar: String, event: String)
    case patchEvent(calendar: String, event: String)
    case updateEvent(calendar: String, event: String)
    case deleteEvent(calendar: String, event: String)
    case moveEvent(calendar: String, event: String)
    case listInstances(calendar: String, event: String)
    case listCalendars
    case watchCalendars
    case getListEntry(calendar: String)
    case patchListEntry(calendar: String)
    case getCalendar(calendar: String)
    case insertCalendar
    case patchCalendar(calendar: String)
    case deleteCalendar(calendar: String)
    case getColors
    case listSettings
    case getSetting(name: String)
    case queryFreeBusy
    case stopChannel

    /// Finds the method; `segments` are those below `/calendar/v3/`, decoded.
    init?(_ method: String, _ segments: [String]) {
        switch (segments.first, segments.count) {
        case ("calendars", 1) where method == "POST": self = .insertCalendar
        case ("calendars", 2): self.init(method, calendar: segments[1])
        case ("calendars", 3...) where segments[2] == "events":
            self.init(method, calendar: segments[1], below: Array(segments.dropFirst(3)))
        case ("users", 3...) where segments[1] == "me": self.init(method, own: Array(segments.dropFirst(2)))
        case ("colors", 1) where method == "GET": self = .getColors
        case ("freeBusy", 1) where method == "POST": self = .queryFreeBusy
        case ("channels", 2) where method == "POST" && segments[1] == "stop": self = .stopChannel
        case _: return nil
        }
    }

    private init?(_ method: String, calendar: String) {
        switch method {
        case "GET": self = .getCalendar(calendar: calendar)
        case "PATCH", "PUT": self = .patchCalendar(calendar: calendar)
        case "DELETE": self = .deleteCalendar(calendar: calendar)
        case _: return nil
        }
    }

    private init?(_ method: String, calendar: String, below path: [String]) {
        switch (method, path.count) {
        case ("GET", 0): self = .listEvents(calendar: calendar)
        case ("POST", 0): self = .insertEvent(calendar: calendar)
        case ("POST", 1) where path[0] == "import": self = .importEvent(calendar: calendar)
        case ("POST", 1) where path[0] == "quickAdd": self = .quickAddEvent(calendar: calendar)
        case ("POST", 1) where path[0] == "watch": self = .watchEvents(calendar: calendar)
        case ("GET", 1): self = .getEvent(calendar: calendar, event: path[0])
        case ("PATCH", 1): self = .patchEvent(calendar: calendar, event: path[0])
        case ("PUT", 1): self = .updateEvent(calendar: calendar, event: path[0])
        case ("DELETE", 1): self = .deleteEvent(calendar: calendar, event: path[0])
        case ("POST", 2) where path[1] == "move": self = .moveEvent(calendar: calendar, event: path[0])
        case ("GET", 2) where path[1] == "instances": self = .listInstances(calendar: calendar, event: path[0])
        case _: return nil
        }
    }

    private init?(_ method: String, own path: [String]) {
        switch (method, path.first, path.count) {
        case ("GET", "calendarList", 1): self = .listCalendars
        case ("POST", "calendarList", 2) where path[1] == "watch": self = .watchCalendars
        case ("GET", "calendarList", 2): self = .getListEntry(calendar: path[1])
        case ("PATCH", "calendarList", 2), ("PUT", "calendarList", 2): self = .patchListEntry(calendar: path[1])
        case ("GET", "settings", 1): self = .listSettings
        case ("GET", "settings", 2): self = .getSetting(name: path[1])
        case _: return nil
        }
    }

    /// The scopes of which one is needed, without their common prefix (discovery document).
    var scopes: Set<String> {
        switch self {
        case .insertEvent, .importEvent, .quickAddEvent, .patchEvent, .updateEvent, .deleteEvent, .moveEvent:
            ["calendar", "calendar.events", "calendar.events.owned"]
        case .listEvents, .getEvent, .listInstances, .watchEvents:
            [
                "calendar", "calendar.events", "calendar.events.owned", "calendar.readonly", "calendar.events.readonly",
                "calendar.events.owned.readonly",
            ]
        case .listCalendars, .watchCalendars, .getListEntry:
            ["calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly"]
        case .patchListEntry: ["calendar", "calendar.calendarlist"]
        case .getCalendar:
            ["calendar", "calendar.readonly", "calendar.calendars", "calendar.calendars.readonly"]
        case .insertCalendar, .patchCalendar, .deleteCalendar: ["calendar", "calendar.calendars"]
        case .getColors:
            [
                "calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly",
                "calendar.events.owned", "calendar.events.owned.readonly",
            ]
        case .listSettings, .getSetting:
            ["calendar", "calendar.readonly", "calendar.settings", "calendar.settings.readonly"]
        case .queryFreeBusy:
            ["calendar", "calendar.readonly", "calendar.freebusy", "calendar.events.freebusy"]
        case .stopChannel:
            [
                "calendar", "calendar.events", "calendar.events.owned", "calendar.readonly", "calendar.events.readonly",
                "calendar.events.owned.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly",
                "calendar.settings", "calendar.settings.readonly",
            ]
        }
    }

    /// The name under which calls are counted.
    var name: String {
        let text = String(describing: self)
        return String(text.prefix { $0 != "(" })
    }
}
