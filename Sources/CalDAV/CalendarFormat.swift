import ICalendar
import Store

/// The forms in which GET shows calendar data (RFC 5545, RFC 7265, RFC 6321).
enum CalendarFormat: String, Sendable, Hashable, CaseIterable {
    case iCalendar = "text/calendar"
    case jCal = "application/calendar+json"
    case xCal = "application/calendar+xml"

    /// The form that an `Accept` header asks for (RFC 9110 §12.5.1).
    ///
    /// The others must be named, and be preferred: browsers and KDE send ranges that mean nothing here. What accepts none
    /// of them gets iCalendar all the same, for it is what every such client reads.
    init(accept: String?) {
        self = .iCalendar
        guard let accept else { return }
        let ranges = accept.split(separator: ",").map(Self.range)
        var best = Self.quality(of: .iCalendar, ranges)
        for format in [CalendarFormat.jCal, .xCal] {
            guard let named = ranges.last(where: { $0.type == format.rawValue }), named.quality > best else { continue }
            self = format
            best = named.quality
        }
    }

    /// Whether an `Accept` header accepts any of the forms.
    static func isAmong(accept: String?) -> Bool {
        guard let accept else { return true }
        let ranges = accept.split(separator: ",").map(Self.range)
        return [allCases.map(\.rawValue), ["text/*", "application/*", "*/*"]].joined().contains { type in
            ranges.contains { $0.type == type && $0.quality > 0 }
        }
    }

    /// The tag of an object in this form: another form is another representation, with other octets.
    func etag(of object: ETag) -> ETag {
        switch self {
        case .iCalendar: object
        case .jCal: ETag(rawValue: object.rawValue + "-jcal")
        case .xCal: ETag(rawValue: object.rawValue + "-xcal")
        }
    }

    /// A component in this form.
    func octets(of calendar: Component) -> [UInt8] {
        switch self {
        case .iCalendar: Array(calendar.serialized().utf8)
        case .jCal: calendar.jCal
        case .xCal: calendar.xCal
        }
    }

    private static func quality(of format: CalendarFormat, _ ranges: [(type: String, quality: Double)]) -> Double {
        // The most specific range counts (RFC 9110 §12.5.1).
        for type in [format.rawValue, "text/*", "*/*"] {
            if let range = ranges.first(where: { $0.type == type }) { return range.quality }
        }
        return 0
    }

    private static func range(_ text: Substring) -> (type: String, quality: Double) {
        let parts = text.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
        return (parts.first ?? "", weight.map { Double($0) ?? 0 } ?? 1)
    }
}
