import Bridging
import ICalendar

/// Answers whether a series has an occurrence at a place.
struct Occurrences {
    private let set: RecurrenceSet
    private let start: EventTime
    private let zones: ZoneResolver

    /// More than any rule that Google holds makes in two days.
    private static let maximumInTwoDays = 500

    init(of object: CalendarObject, start: EventTime, linkZone: String) throws(TranslationError) {
        self.start = start
        zones = ZoneResolver(floatingZone: linkZone, calendar: object.calendar)
        do {
            set = try object.recurrenceSet(floatingZone: linkZone)
        } catch {
            throw .unsupported(error.message)
        }
    }

    func contains(_ slot: Slot) throws(TranslationError) -> Bool {
        let moment = start.moved(to: slot).instant
        // A day begins in its zone up to a day before or after it does in UTC.
        let range = TimeRange(start: moment + -Zones.secondsPerDay, end: moment + Zones.secondsPerDay)
        do {
            return try set.occurrences(in: range, limit: Self.maximumInTwoDays).contains { occurrence in
                Slot(occurrence.recurrenceID ?? occurrence.startTime, start, zones) == slot
            }
        } catch {
            throw .unsupported(error.message)
        }
    }
}

extension CalendarObject {
    /// The series as its rules make it, without its overrides and exclusions.
    func withoutExceptions() throws(TranslationError) -> CalendarObject {
        var calendar = calendar
        calendar.removeComponents { $0.name == kind.rawValue && $0.first("RECURRENCE-ID") != nil }
        calendar.updateComponents(where: { $0.name == kind.rawValue }) { $0.set("EXDATE", []) }
        do {
            return try CalendarObject(calendar)
        } catch {
            throw .unsupported(error.message)
        }
    }
}
