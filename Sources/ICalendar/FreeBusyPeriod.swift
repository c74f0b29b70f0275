/// A stretch of time that a FREEBUSY property tells of. RFC 5545 §3.8.2.6
public struct FreeBusyPeriod: Sendable, Hashable {
    public let start: Instant
    public let end: Instant

    /// FBTYPE in upper case, `BUSY` where it is missing. RFC 5545 §3.2.9
    public let type: String
}

extension Component {
    /// What the FREEBUSY properties say, in their order; what is no period is left out.
    public func freeBusyPeriods(_ zones: ZoneResolver) -> [FreeBusyPeriod] {
        all("FREEBUSY").flatMap { property in
            let type = property.parameter("FBTYPE")?.asciiUppercased ?? "BUSY"
            return property.periodTexts.compactMap { text in
                Period(text, of: property, zones).map { FreeBusyPeriod(start: $0.start, end: $0.end, type: type) }
            }
        }
    }

    /// The component with only those FREEBUSY values that meet a range. RFC 4791 §9.6.7
    public func limitingFreeBusy(to range: TimeRange, _ zones: ZoneResolver) -> Component {
        var limited = self
        limited.items = items.compactMap { item in
            guard case .property(var property) = item, property.name == "FREEBUSY" else { return item }
            let texts = property.periodTexts
            let kept = texts.filter { text in
                Period(text, of: property, zones).map { range.overlaps(start: $0.start, end: $0.end) } ?? false
            }
            if kept.count < texts.count { property.value = kept.joined(separator: ",") }
            return kept.isEmpty ? nil : .property(property)
        }
        return limited
    }
}

extension Property {
    fileprivate var periodTexts: [String] {
        value.utf8.split(separator: UInt8(ascii: ",")).map { String(Substring($0)) }
    }
}
