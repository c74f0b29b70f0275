import Foundation
import ICalendar

/// What of the two calendars a link is to join, and how much of it the upstream may see.
///
/// A filter decides what is taken up, never what goes away: an event that both sides have agreed on stays in step,
/// also once it no longer passes. So time passing, or a stricter filter, deletes nothing.
public struct LinkFilters: Sendable, Hashable, Codable {
    /// Days back from today that still count; nil for all.
    public var pastDays: Int?

    /// Days ahead of today that count; nil for all.
    public var futureDays: Int?

    /// The first day that counts, `2026-01-01`.
    public var from: String?

    /// The last day that counts, `2026-12-31`.
    public var until: String?

    /// Only events of one of these categories, whatever their case; nil for all.
    public var categories: [String]?

    /// No events of these categories.
    public var exceptCategories: [String]?

    /// Whether events that the account has declined are taken up; they are where nothing is said.
    public var declined: Bool?

    /// Whether the upstream learns when something is, and never what it is.
    public var busyOnly: Bool?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case pastDays = "past_days"
        case futureDays = "future_days"
        case from
        case until
        case categories
        case exceptCategories = "except_categories"
        case declined
        case busyOnly = "busy_only"
    }

    /// Takes everything.
    public init() {}

    /// Reads the JSON of the REST interface.
    ///
    /// - Throws: ``LinkFiltersError`` with a sentence for a person; a misspelt key would otherwise filter nothing.
    public init(parsing text: String) throws(LinkFiltersError) {
        try self.init(stored: text)
        if let from, let until, from > until {
            throw LinkFiltersError(message: "from \(from) is after until \(until): no day would count.")
        }
    }

    /// Reads what was stored; an earlier version took days in the wrong order, and a link that has them goes on.
    init(stored text: String) throws(LinkFiltersError) {
        do {
            let decoder = JSONDecoder()
            let data = Data(text.utf8)
            self = try decoder.decode(LinkFilters.self, from: data)
            let names = try decoder.decode([String: AnyMember].self, from: data).keys
            for name in names.sorted() where CodingKeys(rawValue: name) == nil {
                let known = CodingKeys.allCases.map(\.rawValue).joined(separator: ", ")
                throw LinkFiltersError(message: "There is no filter \(name); there are: \(known).")
            }
        } catch let error as LinkFiltersError {
            throw error
        } catch DecodingError.typeMismatch(_, let context) {
            let name = context.codingPath.first?.stringValue ?? "filters"
            throw LinkFiltersError(message: "\(name) is not readable: it has another form.")
        } catch {
            throw LinkFiltersError(message: "The filters are not readable: each has a form of its own.")
        }
        for day in [from, until].compactMap({ $0 }) where Self.day(day) == nil {
            throw LinkFiltersError(message: "\(day) is no day: write 2026-12-31.")
        }
        guard [pastDays, futureDays].compactMap({ $0 }).allSatisfy((0...Self.maximumDays).contains) else {
            throw LinkFiltersError(message: "past_days and future_days go from 0 to \(Self.maximumDays).")
        }
    }

    /// A thousand years: more is "all".
    private static let maximumDays = 366_000

    /// A member of any kind, of which only the name matters.
    private struct AnyMember: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    // MARK: Days

    private static let secondsPerDay: Int64 = 86_400

    private static func day(_ text: String) -> Instant? { Instant(rfc3339: text + "T00:00:00Z") }

    /// The stretch of time that counts on the day of `now`; open where nothing is said.
    func window(at now: Instant) -> TimeRange {
        let today = now.seconds - (now.seconds % Self.secondsPerDay + Self.secondsPerDay) % Self.secondsPerDay
        var window = TimeRange()
        if let pastDays { window.start = Instant(seconds: today - Int64(pastDays) * Self.secondsPerDay) }
        if let futureDays { window.end = Instant(seconds: today + (Int64(futureDays) + 1) * Self.secondsPerDay) }
        if let from = from.flatMap(Self.day) { window.start = max(window.start ?? from, from) }
        if let until = until.flatMap(Self.day) {
            let end = until + Self.secondsPerDay
            window.end = min(window.end ?? end, end)
        }
        return window
    }

    /// What the comparison depends on besides the filters themselves: a window that moves is another one each day.
    func mark(at now: Instant) -> String {
        guard pastDays != nil || futureDays != nil else { return "" }
        return String(now.seconds / Self.secondsPerDay)
    }

    // MARK: Events

    /// Whether categories matter.
    var namesCategories: Bool { categories != nil || exceptCategories != nil }

    /// Whether an event counts by its time and its categories.
    func admits(_ object: CalendarObject, at now: Instant) -> Bool {
        isInWindow(object, window(at: now)) && hasWantedCategory(object)
    }

    /// Which of the filters keeps an event back, in words; nil where all let it through.
    func objection(to object: CalendarObject, at now: Instant) -> String? {
        if !isInWindow(object, window(at: now)) {
            let days: [(CodingKeys, String?)] = [
                (.pastDays, pastDays.map(String.init)), (.futureDays, futureDays.map(String.init)), (.from, from),
                (.until, until),
            ]
            let names = days.compactMap { key, value in value.map { "\(key.rawValue) \($0)" } }
            return "it is outside the days that count (\(names.joined(separator: ", ")))"
        }
        guard !hasWantedCategory(object) else { return nil }
        let known = Self.names(object.categoryNames)
        let unwanted = (exceptCategories ?? []).filter { !Self.names([$0]).isDisjoint(with: known) }
        if !unwanted.isEmpty {
            return "it is of the category \(unwanted.joined(separator: ", ")) (\(CodingKeys.exceptCategories.rawValue))"
        }
        let wanted = (categories ?? []).joined(separator: ", ")
        return "it is of none of the categories \(wanted) (\(CodingKeys.categories.rawValue))"
    }

    /// An event whose times cannot be told is let through: nothing is kept back for a reason nobody can see.
    private func isInWindow(_ object: CalendarObject, _ window: TimeRange) -> Bool {
        guard window.start != nil || window.end != nil, let set = try? object.recurrenceSet(), let span = set.span
        else {
            return true
        }
        return window.overlaps(start: span.start, end: span.end ?? Instant(seconds: .max))
    }

    private func hasWantedCategory(_ object: CalendarObject) -> Bool {
        guard namesCategories else { return true }
        let known = Self.names(object.categoryNames)
        if let categories, known.isDisjoint(with: Self.names(categories)) { return false }
        return known.isDisjoint(with: Self.names(exceptCategories ?? []))
    }

    /// Names as they are compared: whatever their case.
    private static func names(_ names: [String]) -> Set<String> { Set(names.map { trimmed($0).lowercased() }) }
}

extension CalendarObject {
    fileprivate var categoryNames: [String] { (master ?? overrides.first)?.all("CATEGORIES").flatMap(\.texts) ?? [] }
}

/// Why filters cannot be read.
public struct LinkFiltersError: Error, Sendable, Hashable {
    /// One sentence for a person.
    public var message: String
}

extension Link {
    /// The filters; those of a link without any let everything through.
    public func readFilters() throws(LinkFiltersError) -> LinkFilters {
        guard let filters else { return LinkFilters() }
        return try LinkFilters(stored: filters)
    }
}
