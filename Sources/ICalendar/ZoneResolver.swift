/// Turns wall-clock times into instants and back.
///
/// A TZID is the system's zone when it is an IANA name, else the VTIMEZONE the object brings, else the IANA zone its name
/// stands for (``ianaName(for:)``). Floating times and dates are taken in the floating zone.
public struct ZoneResolver: Sendable {
    private let floating: Zone

    /// The zones that the calendar's own VTIMEZONEs name: few, so that they are looked through.
    private var named: [(tzid: String, zone: Zone)] = []

    /// Makes a resolver for the VTIMEZONEs of a VCALENDAR; an unknown floating zone counts as UTC.
    public init(floatingZone: String = "UTC", calendar: Component? = nil) {
        self.init(floating: floatingZone == "UTC" ? .utc : Self.systemZone(floatingZone) ?? .utc, calendar)
    }

    /// Makes a resolver for the VTIMEZONEs of a VCALENDAR.
    public init(floatingZone: FloatingZone, calendar: Component? = nil) {
        self.init(floating: floatingZone.zone, calendar)
    }

    private init(floating: Zone, _ calendar: Component?) {
        self.floating = floating
        var left = CalendarLimits.maximumTimeZones
        for item in calendar?.items ?? [] where left > 0 {
            guard case .component(let component) = item, component.name == "VTIMEZONE" else { continue }
            left -= 1
            for tzid in component.definedZones {
                guard let zone = ZoneRegistry.zone(iana: tzid) ?? ZoneRegistry.zone(component) else { continue }
                // Of two of one name the later one counts.
                named.removeAll { $0.tzid == tzid }
                named.append((tzid, zone))
            }
        }
    }

    /// The seconds east of UTC that hold in a zone at an instant; an unknown TZID counts as floating.
    public func offset(ofUTC instant: Instant, tzid: String) -> Int { Int(zone(tzid).offset(at: instant.seconds)) }

    /// The wall-clock time of an instant in the given form; as a date, the day it falls on in the floating zone.
    public func local(_ instant: Instant, form: DateTime.Form) -> DateTime {
        DateTime(localSeconds: instant.seconds + zone(form).offset(at: instant.seconds), form: form)
    }

    /// The instant in a form; in UTC where the wall clock of a zone shows it twice that night and means the hour before.
    public func exact(_ instant: Instant, form: DateTime.Form) -> DateTime {
        let local = local(instant, form: form)
        guard case .zoned = form, self.instant(local) != instant else { return local }
        return self.local(instant, form: .utc)
    }

    /// The instant a value names; a date is its midnight.
    ///
    /// A time that comes twice means the first, one that never comes is read with the offset before the gap.
    /// RFC 5545 §3.3.5
    public func instant(_ dateTime: DateTime) -> Instant {
        Instant(seconds: zone(dateTime.form).utc(local: dateTime.localSeconds))
    }

    /// Whether the TZID can be resolved.
    public func knows(_ tzid: String) -> Bool { ownZone(tzid) != nil || Self.systemZone(tzid) != nil }

    /// The zone a form of time is told in.
    func zone(_ form: DateTime.Form) -> Zone {
        switch form {
        case .utc: .utc
        case .floating, .date: floating
        case .zoned(let tzid): zone(tzid)
        }
    }

    private func zone(_ tzid: String) -> Zone { ownZone(tzid) ?? Self.systemZone(tzid) ?? floating }

    /// The zone of a VTIMEZONE, or of the system where that has its name.
    func ownZone(_ tzid: String) -> Zone? { named.first { $0.tzid == tzid }?.zone }

    private static func systemZone(_ tzid: String) -> Zone? {
        ZoneRegistry.zone(iana: tzid) ?? ianaName(for: tzid).flatMap(ZoneRegistry.zone(iana:))
    }
}

extension ZoneResolver {
    /// The IANA name a TZID stands for, or nil where there is none.
    ///
    /// Taken are IANA names in any case, aliases included, with any prefix path (`/mozilla.org/20050126_1/Europe/Berlin`,
    /// `/freeassociation.sourceforge.net/Europe/Berlin`), and the names of Windows.
    public static func ianaName(for tzid: String) -> String? {
        if ZoneRegistry.zone(iana: tzid) != nil { return tzid }
        guard tzid.utf8.count <= CalendarLimits.maximumDepth * 32 else { return nil }
        if let name = WindowsZones.ianaNames[tzid] { return name }
        if let name = ZoneRegistry.byLowercase[tzid.lowercased()] { return name }
        var rest = Substring(tzid)
        while let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) {
            rest = rest[rest.utf8.index(after: slash)...]
            if let name = ZoneRegistry.byLowercase[rest.lowercased()] { return name }
        }
        return nil
    }
}
