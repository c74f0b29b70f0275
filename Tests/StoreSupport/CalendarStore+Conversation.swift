import ICalendar
package import Store

extension CalendarStore {
    /// What no client of a conversation can do, to alice's calendars.
    ///
    /// `write-protect CALENDAR`; `edit-upstream CALENDAR`; and `purge`, which forgets every deletion there has been. A
    /// malformed action traps, as a test with a typing error must not pass.
    package func perform(_ action: String) async throws {
        if action == "purge" {
            _ = try await purge(changesBefore: Instant(seconds: .max), versionsBefore: Instant(seconds: 0))
            return
        }
        let words = action.split(separator: " ").map(String.init)
        guard words.count == 2, let alice = try await principal(named: "alice"),
            let calendar = try await calendar(named: words[1], of: alice.id)
        else { preconditionFailure("unknown action: \(action)") }
        switch words[0] {
        case "write-protect": try await setWriteProtected(true, of: calendar.id)
        case "edit-upstream": try await editUpstream(in: calendar.id)
        default: preconditionFailure("unknown action: \(action)")
        }
    }

    /// An upstream's edit of the event `uid-a` in `a.ics`, as a pass writes it.
    package func editUpstream(in calendar: CalendarID) async throws {
        let text = """
            BEGIN:VCALENDAR\r
            VERSION:2.0\r
            PRODID:-//Upstream//EN\r
            BEGIN:VEVENT\r
            UID:uid-a\r
            DTSTAMP:20261101T000000Z\r
            DTSTART:20261122T090000Z\r
            SUMMARY:Edited upstream\r
            END:VEVENT\r
            END:VCALENDAR\r

            """
        let object = try CalendarObject(parsing: text)
        _ = try await put(object, named: "a.ics", in: calendar, if: .always, by: Author(.link, name: "1"))
    }
}
