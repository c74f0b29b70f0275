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
        let asked = multiget.hrefs.map { text in
            let name = Self.plainName(of: text, below: href) ?? name(of: text, in: calendar, for: principal)
            return Asked(href: text, name: name)
        }
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

    /// The name behind the calendar's own address where it is spelt without any escape; nil where that must be worked out.
    ///
    /// Clients ask for objects as they were told of them, and most names are plain.
    private static func plainName(of href: String, below calendar: Href) -> String? {
        guard href.utf8.starts(with: calendar.path.utf8) else { return nil }
        let name = href.utf8.dropFirst(calendar.path.utf8.count)
        // RFC 3986 §2.3; a name that begins with a dot may be a step in the path.
        let isPlain = name.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                true
            case _: false
            }
        }
        guard isPlain, let first = name.first, first != UInt8(ascii: ".") else { return nil }
        return String(name)
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
