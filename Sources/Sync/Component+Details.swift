public import ICalendar

/// What belongs to a value that no upstream holds, and is about the old one once that has changed.
extension Component {
    /// Takes what belongs to the values that changed from `source` as well: mostly it has none, and then it is gone.
    ///
    /// Without a source all of it is gone.
    public mutating func replaceDetails(formerly before: Component, from source: Component? = nil) {
        let isElsewhere = Self.place(before) != Self.place(self)
        var names: [String] = []
        if isElsewhere { names += Self.placeDetails }
        if Self.isTransparent(before) != Self.isTransparent(self) { names += Self.busyDetails }
        if Self.isDay(before) != Self.isDay(self) { names += Self.dayDetails }
        for name in names { set(name, source?.all(name) ?? []) }
        guard isElsewhere else { return }
        removeComponents { $0.name == "VLOCATION" }
        for place in source?.components("VLOCATION") ?? [] { append(place) }
    }

    /// Coordinates and addresses, as Apple and Microsoft write them.
    private static let placeDetails =
        [
            "GEO", "X-APPLE-STRUCTURED-LOCATION", "X-MICROSOFT-LOCATIONS", "X-MICROSOFT-LATITUDE",
            "X-MICROSOFT-LONGITUDE",
        ]
        + ["DISPLAYNAME", "SOURCE", "URL", "STREET", "CITY", "STATE", "COUNTRY", "POSTALCODE", "URI"].map {
            "X-MICROSOFT-LOCATION" + $0
        }

    /// What Outlook shows an event as, whatever TRANSP says.
    private static let busyDetails = [
        "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS", "X-MICROSOFT-MSNCALENDAR-BUSYSTATUS",
        "X-MICROSOFT-MSNCALENDAR-INTENDEDSTATUS",
    ]

    private static let dayDetails = ["X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT"]

    private static func place(_ component: Component) -> String {
        trimmed(withPlainLineEnds(component.first("LOCATION")?.text ?? ""))
    }

    private static func isTransparent(_ component: Component) -> Bool {
        component.first("TRANSP").map { trimmed($0.value).uppercased() == "TRANSPARENT" } ?? false
    }

    private static func isDay(_ component: Component) -> Bool { component.first("DTSTART")?.dateTime?.isDate ?? false }
}
