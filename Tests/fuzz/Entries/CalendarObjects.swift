@testable import ICalendar

extension Trial {
    /// Calendar objects: what is accepted keeps its octets, and is accepted again, also when it is written anew.
    func calendarObject(_ octets: [UInt8]) throws(BrokenProperty) {
        guard let object = try accepted(octets) else { return }
        if let text = String(validating: octets, as: UTF8.self) {
            try check(object.text == text, "an accepted object keeps its octets")
        }
        try check(object.calendar.serialized() == object.text, "an accepted object is written as it was read")
        try check(!object.uid.isEmpty, "an accepted object has a UID")
        try sameAgain(object, Array(object.text.utf8), "read again")
        try sameAgain(object, Array(object.calendar.madeAnew.serialized().utf8), "written anew")
        _ = try timed("finding the span") { () throws(CalendarDataError) in try object.recurrenceSet().span }
    }

    private func accepted(_ octets: [UInt8]) throws(BrokenProperty) -> CalendarObject? {
        try timed("reading an object") { () throws(CalendarDataError) in try CalendarObject(octets: octets) }
    }

    private func sameAgain(_ object: CalendarObject, _ octets: [UInt8], _ how: String) throws(BrokenProperty) {
        guard octets.count <= CalendarLimits.maximumOctets else { return }
        let again: CalendarObject
        do {
            again = try CalendarObject(octets: octets)
        } catch {
            let said = error.message + "\n" + String(decoding: octets, as: UTF8.self)
            throw BrokenProperty(sentence: "an accepted object, \(how), is accepted; instead: \(said)")
        }
        try check(again.uid == object.uid && again.kind == object.kind, "an object, \(how), has its UID and kind")
        try check(again.overrides.count == object.overrides.count, "an object, \(how), has its overrides")
    }
}
