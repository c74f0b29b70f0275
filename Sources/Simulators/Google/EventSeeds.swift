import ICalendar

/// Realistic events of every kind, for demos and histories.
struct EventSeeds {
    /// An event to be inserted, and patches of its instances by their index.
    struct Seed {
        var event: JSON
        var instanceChanges: [(index: Int, change: JSON)] = []
    }

    private let today: CivilDay
    private let zone = "Europe/Berlin"
    var random: SeededGenerator

    init(around now: Instant, random: SeededGenerator) {
        today = CivilDay(of: now, in: "Europe/Berlin")
        self.random = random
    }

    /// The event of that number: the kinds follow one another.
    mutating func seed(_ number: Int) -> Seed {
        switch number % 12 {
        case 0: return standup()
        case 1: return Seed(event: timed("Dentist", days: 60, ["location": "Hauptstraße 12, 10827 Berlin"]))
        case 2: return Seed(event: allDay("Anna's birthday 🎂", length: 1, ["recurrence": ["RRULE:FREQ=YEARLY"]]))
        case 3: return Seed(event: allDay("Holiday in Tyrol", length: 7, ["transparency": "transparent"]))
        case 4: return review()
        case 5: return Seed(event: call())
        case 6: return payday()
        case 7:
            return Seed(event: timed("Lunch with Émile, Zoë & 李雷", days: 30, ["status": "tentative", "colorId": "5"]))
        case 8:
            return Seed(
                event: timed("Therapy", days: 30, ["visibility": "private", "reminders": ["useDefault": false]])
            )
        case 9: return Seed(event: notes())
        case 10:
            return Seed(event: timed("Flight LH 454", days: 90, ["location": "FRA → SFO"], zone: "America/Los_Angeles"))
        case _: return Seed(event: timed("Reminder only", days: 20, minutes: 0, ["transparency": "transparent"]))
        }
    }

    /// A weekly series of which one instance is moved, one renamed, and one deleted.
    private mutating func standup() -> Seed {
        let event = timed(
            "Team stand-up",
            days: 7,
            minutes: 15,
            ["recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"], "attendees": guests()]
        )
        return Seed(
            event: event,
            instanceChanges: [(1, ["summary": "Team stand-up (short)"]), (2, ["status": "cancelled"])]
        )
    }

    /// A counted series with a deleted date of its own.
    private mutating func review() -> Seed {
        let event = timed("Review", days: 14, minutes: 60, ["recurrence": ["RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=8"]])
        return Seed(event: event, instanceChanges: [(3, ["location": "Room 2", "colorId": "11"])])
    }

    private mutating func payday() -> Seed {
        Seed(event: allDay("Payday", length: 1, ["recurrence": ["RRULE:FREQ=MONTHLY;BYDAY=-1FR"]]))
    }

    private mutating func call() -> JSON {
        let overrides: JSON = [["method": "popup", "minutes": 10], ["method": "email", "minutes": 1440]]
        return timed(
            "Call with Sam",
            days: 21,
            ["attendees": guests(), "reminders": ["useDefault": false, "overrides": overrides]]
        )
    }

    private mutating func notes() -> JSON {
        timed(
            "Planning",
            days: 45,
            minutes: 90,
            [
                "description":
                    "<b>Agenda</b><br><ul><li>Budget</li><li>Hiring</li></ul>See <a href=\"https://example.org\">notes</a>",
                "source": ["url": "https://example.org/planning", "title": "Planning notes"],
                "extendedProperties": ["private": ["demo": "yes"], "shared": ["topic": "planning"]],
            ]
        )
    }

    private func guests() -> JSON {
        [
            ["email": "sam@example.org", "displayName": "Sam", "responseStatus": "accepted"],
            ["email": "kim@example.org", "optional": true],
        ]
    }

    private mutating func timed(
        _ summary: String,
        days: Int,
        minutes: Int = 45,
        _ more: JSON,
        zone: String = "Europe/Berlin"
    ) -> JSON {
        let day = today.adding(days: Int.random(in: -days / 2...days, using: &random))
        let begin = day.midnight(in: zone) + Int64(Int.random(in: 32...68, using: &random) * 900)
        let start: JSON = ["dateTime": .string(localTimestamp(begin, in: zone)), "timeZone": .string(zone)]
        let end: JSON = [
            "dateTime": .string(localTimestamp(begin + Int64(minutes * 60), in: zone)), "timeZone": .string(zone),
        ]
        return (["summary": .string(summary), "start": start, "end": end] as JSON).merging(more)
    }

    private mutating func allDay(_ summary: String, length: Int, _ more: JSON) -> JSON {
        let day = today.adding(days: Int.random(in: -30...60, using: &random))
        let event: JSON = [
            "summary": .string(summary), "start": ["date": .string(day.text)],
            "end": ["date": .string(day.adding(days: length).text)],
        ]
        return event.merging(more)
    }
}
