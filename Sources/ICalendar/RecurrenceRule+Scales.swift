import CLibical

extension RecurrenceRule {
    /// The calendar scales in which rules can be expanded, in upper case, the Gregorian first. RFC 7529 §4.1
    public static let supportedScales: [String] = {
        var names: Set<String> = []
        if let array = icalrecurrencetype_rscale_supported_calendars() {
            for index in 0..<Int32(array.pointee.num_elements) {
                guard let element = icalarray_element_at(array, Int(index)),
                    let name = element.assumingMemoryBound(to: UnsafePointer<CChar>?.self).pointee
                else { continue }
                names.insert(String(cString: name).asciiUppercased)
            }
            icalarray_free(array)
        }
        return ["GREGORIAN"] + names.subtracting(["GREGORIAN"]).sorted()
    }()
}

extension CalendarObject {
    /// A scale that one of the rules counts in and that is not known here; nil where there is none.
    public var unsupportedScale: String? {
        for component in calendar.components(kind.rawValue) {
            for property in component.all("RRULE") + component.all("EXRULE") {
                let parts = property.value.asciiUppercased.split(separator: ";")
                guard let part = parts.first(where: { $0.hasPrefix("RSCALE=") }) else { continue }
                let scale = String(part.dropFirst("RSCALE=".count))
                if !RecurrenceRule.supportedScales.contains(scale) { return scale }
            }
        }
        return nil
    }
}
