import HTTPTypes
import ICalendar
import Store
import WebDAV

extension TimeZoneService {
    /// The longest time that is expanded: the calendar repeats after it.
    static let maximumExpandedSeconds: Int64 = 400 * 366 * 86_400

    /// `expand` (RFC 7808 §5.4): when the offsets of a zone change within a range.
    static func expand(_ segment: Substring, _ request: DAVRequest) -> DAVResponse {
        guard let start = instant("start", of: request.query) else {
            return problem(400, "invalid-start", "One start is needed, in UTC: 2026-01-01T00:00:00Z.")
        }
        guard let end = instant("end", of: request.query), end > start, end - start <= maximumExpandedSeconds else {
            return problem(400, "invalid-end", "One end is needed, in UTC, after the start, by 400 years at most.")
        }
        guard let name = Percent.decode(segment: segment), let modified = TimeZoneData.modified(of: name),
            let observances = TimeZoneData.observances(of: name, from: start, to: end)
        else { return unknownZone }
        let items = observances.map { observance in
            """
            {"name":"\(observance.name)","onset":"\(observance.onset.rfc3339)",\
            "utc-offset-from":\(observance.offsetFrom),"utc-offset-to":\(observance.offsetTo)}
            """
        }
        let body = "{\"tzid\":\"\(name)\",\"observances\":[\(items.joined(separator: ","))]}"
        var response = answer(request, ETag.of(body), type: "application/json", Array(body.utf8))
        response.headers[.lastModified] = modified.httpDate
        return response
    }

    /// `find` (RFC 7808 §5.5): the zones whose name a pattern fits, caseless, a low line like a blank.
    static func find(_ request: DAVRequest) -> DAVResponse {
        let patterns = parameters("pattern", of: request.query)
        guard patterns.count == 1, let pattern = patterns.first, pattern.contains(where: { $0 != "*" }) else {
            return problem(400, "invalid-pattern", "One pattern is needed, with more than asterisks.")
        }
        var wanted = Substring(folded(pattern))
        let isOpenAtStart = wanted.hasPrefix("*")
        if isOpenAtStart { wanted.removeFirst() }
        let isOpenAtEnd = wanted.hasSuffix("*")
        if isOpenAtEnd { wanted.removeLast() }
        let zones = TimeZoneData.identifiers.filter { identifier in
            let name = folded(identifier)
            switch (isOpenAtStart, isOpenAtEnd) {
            case (true, true): return name.contains(wanted)
            case (true, false): return name.hasSuffix(wanted)
            case (false, true): return name.hasPrefix(wanted)
            case (false, false): return name == wanted
            }
        }
        return told(zones, request)
    }

    private static func folded(_ name: String) -> String {
        String(name.lowercased().map { $0 == "_" ? " " : $0 })
    }

    /// A parameter that stands there once and is a time in UTC.
    private static func instant(_ name: String, of query: String) -> Instant? {
        let values = parameters(name, of: query)
        guard values.count == 1, let text = values.first, text.hasSuffix("Z") else { return nil }
        return Instant(rfc3339: text)
    }
}
