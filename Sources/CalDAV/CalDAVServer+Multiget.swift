import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// `calendar-multiget` (RFC 4791 §7.9); its Depth says nothing, and clients send 0, 1 or none.
    func calendarMultiget(
        _ multiget: CalendarMultiget,
        in calendar: CalendarCollection,
        at href: Href,
        for principal: Principal,
        _ zones: ZoneInclusion
    ) async throws -> DAVResponse {
        let answer = ObjectAnswer(multiget.properties, floatingZone: calendar.floatingZone, zones: zones)
        let place = try await place(calendar, href, for: principal, answer)
        let asked = multiget.hrefs.map { Asked(href: $0, name: name(of: $0, in: calendar, for: principal)) }
        return try await DAVResponse(MultigetSteps(asked[...], in: place, answer, calendars))
    }

    /// An href as it was asked for.
    struct Asked: Sendable {
        var href: String
        /// The object of this calendar that it names.
        var name: String?
    }

    /// The objects asked for by name, a page at a time.
    struct MultigetSteps: AnswerSteps {
        private let calendars: CalendarStore
        private let place: MemberPlace
        private let answer: ObjectAnswer
        private var asked: ArraySlice<Asked>

        /// So many objects are read at once.
        private static let page = 128

        init(_ asked: ArraySlice<Asked>, in place: MemberPlace, _ answer: ObjectAnswer, _ calendars: CalendarStore) {
            self.calendars = calendars
            self.place = place
            self.answer = answer
            self.asked = asked
        }

        mutating func step(_ multiStatus: inout MultiStatus) async throws -> Bool {
            let page = asked.prefix(Self.page)
            asked = asked.dropFirst(Self.page)
            guard !page.isEmpty else { return false }
            let found = try await calendars.read(named: page.map(\.name), in: place.calendar.id)
            for (asked, found) in zip(page, found) {
                // The href goes back as it came: calcurse waits until it reads its own spelling.
                let href = Href(encoded: asked.href)
                guard let (listed, text) = found else {
                    multiStatus.append(href, status: 404)
                    continue
                }
                answer.append(ReadObject(listed: listed, text: text), at: href, in: place, to: &multiStatus)
            }
            return true
        }
    }

    /// The object of this calendar that an href names; nil for a bad one, and for one that lies elsewhere.
    private func name(of href: String, in calendar: CalendarCollection, for principal: Principal) -> String? {
        // A path that no resource can have names none: the answer is 404 for that href, not 400 for the report.
        guard let href = Href(parsing: href), let path = try? ResourcePath.parse(href.path),
            case .object(principal.name, calendar.name, let name) = path
        else { return nil }
        return name
    }
}
