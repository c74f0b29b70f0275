import ICalendar

/// What belongs to a value that no upstream holds, and is about the old one once that has changed.
extension Overlay {
    /// Takes what belongs to changed values from the source as well: mostly it has none, and then it is gone.
    func replaceDetails(of component: inout Component, formerly before: Component, from source: Component) {
        let isElsewhere = Self.place(before) != Self.place(component)
        var names: [String] = []
        if isElsewhere { names += Self.placeDetails }
        if Self.isTransparent(before) != Self.isTransparent(component) { names += Self.busyDetails }
        if Self.isDay(before) != Self.isDay(component) { names += Self.dayDetails }
        for name in names { component.set(name, source.all(name)) }
        guard isElsewhere else { return }
        component.removeComponents { $0.name == "VLOCATION" }
        for place in source.components("VLOCATION") { component.append(place) }
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
