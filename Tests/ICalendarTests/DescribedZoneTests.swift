import ICalendar
import Testing

@Suite("Zones that are only described")
struct DescribedZoneTests {
    /// A VTIMEZONE of that name and an event in it.
    private struct Calendar {
        var zone: Component

        /// The zone of the system under another name.
        init(_ iana: String, called name: String, from: String = "2026-01-01T00:00:00Z") throws {
            let start = try #require(Instant(rfc3339: from))
            zone = try #require(TimeZoneData.vtimezone(for: iana, from: start))
            zone.set("TZID", Property("TZID", text: name))
        }

        /// A zone with winter and summer as Exchange writes them: offset, month, day and hour of each onset.
        init(winter: (String, String, Int), summer: (String, String, Int), called name: String = "Own") {
            func observance(_ kind: String, _ own: (String, String, Int), after: String) -> Component {
                let hour = own.2 < 10 ? "0\(own.2)" : String(own.2)
                return Component(
                    kind,
                    properties: [
                        Property("DTSTART", value: "16010101T\(hour)0000"), Property("TZOFFSETFROM", value: after),
                        Property("TZOFFSETTO", value: own.0), Property("RRULE", value: "FREQ=YEARLY;\(own.1)"),
                    ]
                )
            }
            zone = Component(
                "VTIMEZONE",
                properties: [Property("TZID", text: name)],
                components: [
                    observance("STANDARD", winter, after: summer.0), observance("DAYLIGHT", summer, after: winter.0),
                ]
            )
        }

        /// The zone of an event that begins then.
        func iana(_ start: String = "20261019T083000", rule: String? = nil) throws -> String? {
            let tzid = try #require(zone.first("TZID")?.text)
            var event = Component("VEVENT")
            event.append(Property("DTSTART", parameters: [Parameter("TZID", tzid)], value: start))
            if let rule { event.append(Property("RRULE", value: rule)) }
            let resolver = ZoneResolver(calendar: Component("VCALENDAR", components: [zone, event]))
            return resolver.ianaName(for: tzid, in: event)
        }
    }

    private static let november = "BYMONTH=11;BYDAY=1SU"
    private static let march = "BYMONTH=3;BYDAY=2SU"
    private static let lastOfOctober = "BYMONTH=10;BYDAY=-1SU"
    private static let lastOfMarch = "BYMONTH=3;BYDAY=-1SU"

    private static let berlin = Calendar(winter: ("+0100", lastOfOctober, 3), summer: ("+0200", lastOfMarch, 2))

    @Test func `a zone is known by its rules`() throws {
        let eastern = Calendar(winter: ("-0500", Self.november, 2), summer: ("-0400", Self.march, 2))
        #expect(try eastern.iana() == "America/New_York")
        #expect(try Self.berlin.iana() == "Europe/Berlin")
    }

    @Test func `rules that differ by an hour, a week or an offset are another zone`() throws {
        let later = Calendar(winter: ("+0100", Self.lastOfOctober, 4), summer: ("+0200", Self.lastOfMarch, 2))
        let sooner = Calendar(winter: ("+0100", "BYMONTH=10;BYDAY=4SU", 3), summer: ("+0200", Self.lastOfMarch, 2))
        let odd = Calendar(winter: ("+0123", Self.lastOfOctober, 3), summer: ("+0223", Self.lastOfMarch, 2))
        for zone in [later, sooner, odd] { #expect(try zone.iana() == nil) }
    }

    @Test(arguments: [
        ("Europe/Berlin", "Europe/Berlin"), ("Europe/Vienna", "Europe/Berlin"),
        ("America/New_York", "America/New_York"),
        ("America/Toronto", "America/New_York"), ("Europe/London", "Europe/London"), ("Europe/Dublin", "Europe/London"),
        ("Australia/Sydney", "Australia/Sydney"), ("Asia/Kolkata", "Asia/Calcutta"), ("Asia/Seoul", "Asia/Tokyo"),
        ("Africa/Casablanca", "Africa/Casablanca"), ("Australia/Lord_Howe", "Australia/Lord_Howe"),
        ("Antarctica/Troll", "Antarctica/Troll"), ("Etc/UTC", "UTC"), ("America/Phoenix", "America/Phoenix"),
        ("America/Los_Angeles", "America/Los_Angeles"), ("Pacific/Chatham", "Pacific/Chatham"),
    ])
    func `of zones with the same offsets the best known one is taken`(_ described: String, _ found: String) throws {
        #expect(try Calendar(described, called: "Customized Time Zone").iana() == found)
    }

    @Test(arguments: [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
        ("(UTC+01:00) Belgrade, Bratislava, Budapest, Ljubljana, Prague", "Europe/Budapest"),
        ("(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", "Europe/Paris"), ("Our office in OSLO", "Europe/Oslo"),
        ("Romance", "Europe/Berlin"),
    ])
    func `a city in the name decides between zones with the same offsets`(_ name: String, _ found: String) throws {
        #expect(try Calendar("Europe/Vienna", called: name).iana() == found)
    }

    @Test func `a city in the name decides nothing where its rules are others`() throws {
        #expect(try Calendar("Europe/Berlin", called: "Tokyo, New York, London").iana() == "Europe/Berlin")
    }

    @Test func `what a zone was before the event begins does not matter`() throws {
        let zone = try Calendar("Europe/Berlin", called: "Own", from: "2026-10-20T00:00:00Z")
        #expect(try zone.iana("20261021T083000") == "Europe/Berlin")
        #expect(try Self.berlin.iana("19750101T083000") == nil)
    }

    @Test func `rules that were given up since count for a series that ended before`() throws {
        let mexico = Calendar(
            winter: ("-0600", "BYMONTH=10;BYDAY=-1SU", 2),
            summer: ("-0500", "BYMONTH=4;BYDAY=1SU", 2)
        )
        let rule = "FREQ=WEEKLY;UNTIL="
        #expect(try mexico.iana("20150105T083000", rule: rule + "20180101T000000Z") == "America/Mexico_City")
        #expect(try mexico.iana("20150105T083000", rule: rule + "20260101T000000Z") == nil)
        #expect(try mexico.iana("20150105T083000", rule: "FREQ=WEEKLY") == nil)
        #expect(try mexico.iana("20150105T083000") == nil)
    }

    @Test func `every zone of the system is found by its description, under a name with the same offsets`() throws {
        let from = try #require(Instant(rfc3339: "2026-10-19T00:00:00Z"))
        let resolver = ZoneResolver()
        var differences: [String] = []
        for name in TimeZoneData.identifiers where name.contains("/") {
            let found = try Calendar(name, called: "Own", from: "2026-10-19T00:00:00Z").iana("20261020T083000")
            let differs = (0..<3_000).contains { day in
                let instant = from + Int64(day) * 86_400
                return found.map {
                    resolver.offset(ofUTC: instant, tzid: $0) != resolver.offset(ofUTC: instant, tzid: name)
                } ?? true
            }
            if differs { differences.append("\(name): \(found ?? "none")") }
        }
        #expect(differences == [])
    }
}
