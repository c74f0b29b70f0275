import Foundation
import ICalendar
import Testing

@Suite("Time zones")
struct ZoneTests {
    private let resolver = ZoneResolver()

    @Test(arguments: [
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza", "Pacific/Apia",
        "America/Sao_Paulo", "Europe/Dublin", "Asia/Kolkata", "Antarctica/Troll", "America/Nuuk",
    ])
    func `offsets agree with Foundation from 1950 to 2037`(_ name: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        var differences: [String] = []
        for seconds in stride(from: Int64(-631_152_000), to: 2_145_000_000, by: 523_457) {
            let expected = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
            let instant = Instant(seconds: seconds)
            if resolver.offset(ofUTC: instant, tzid: name) != expected { differences.append(instant.rfc3339) }
        }
        #expect(differences == [])
    }

    @Test(arguments: [("2099-07-01T00:00:00Z", 7200), ("2100-01-01T00:00:00Z", 3600), ("2999-07-01T00:00:00Z", 7200)])
    func `summer time goes on for ever`(_ instant: String, _ offset: Int) throws {
        #expect(resolver.offset(ofUTC: try #require(Instant(rfc3339: instant)), tzid: "Europe/Berlin") == offset)
    }

    @Test(arguments: [
        ("Europe/Berlin", "Europe/Berlin"), ("US/Eastern", "US/Eastern"), ("europe/berlin", "Europe/Berlin"),
        ("/mozilla.org/20050126_1/Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("W. Europe Standard Time", "Europe/Berlin"), ("Tokyo Standard Time", "Asia/Tokyo"), ("UTC", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
    ])
    func `a TZID leads to its IANA name`(_ tzid: String, _ name: String) {
        #expect(ZoneResolver.ianaName(for: tzid) == name)
    }

    @Test(arguments: [
        "", "Middle Earth", "../../etc/passwd", "/etc/passwd", "Europe/..", "posixrules", "Europe",
        "Customized Time Zone",
    ])
    func `an unknown TZID leads nowhere`(_ tzid: String) {
        #expect(ZoneResolver.ianaName(for: tzid) == nil)
        #expect(!resolver.knows(tzid))
    }

    @Test func `every Windows zone leads to a zone that is there`() {
        for name in ["Afghanistan Standard Time", "Central Europe Standard Time", "UTC-11", "Yukon Standard Time"] {
            #expect(resolver.knows(name), "\(name)")
        }
    }

    @Test func `an own VTIMEZONE counts unless its name is an IANA zone`() throws {
        func zone(_ name: String) -> Component {
            Component(
                "VTIMEZONE",
                properties: [Property("TZID", value: name)],
                components: [
                    Component(
                        "STANDARD",
                        properties: [
                            Property("DTSTART", value: "19700101T000000"), Property("TZOFFSETFROM", value: "+0500"),
                            Property("TZOFFSETTO", value: "+0500"),
                        ]
                    )
                ]
            )
        }
        let calendar = Component("VCALENDAR", components: [zone("Mine"), zone("Europe/Berlin")])
        let resolver = ZoneResolver(calendar: calendar)
        let instant = Instant(seconds: 1_700_000_000)
        #expect(resolver.offset(ofUTC: instant, tzid: "Mine") == 18_000)
        #expect(resolver.offset(ofUTC: instant, tzid: "Europe/Berlin") == 3_600)
        #expect(!ZoneResolver().knows("Mine"))
    }

    @Test(arguments: [
        ("20250330T015959", "2025-03-30T00:59:59Z"), ("20250330T020000", "2025-03-30T01:00:00Z"),
        ("20250330T025959", "2025-03-30T01:59:59Z"), ("20250330T030000", "2025-03-30T01:00:00Z"),
        ("20251026T015959", "2025-10-25T23:59:59Z"), ("20251026T020000", "2025-10-26T00:00:00Z"),
        ("20251026T025959", "2025-10-26T00:59:59Z"), ("20251026T030000", "2025-10-26T02:00:00Z"),
    ])
    func `gap and fold are resolved as RFC 5545 §3.3.5 says`(_ local: String, _ instant: String) throws {
        let time = try #require(DateTime(local, tzid: "Europe/Berlin", isDate: false))
        #expect(resolver.instant(time).rfc3339 == instant)
    }

    @Test func `local time and instant are inverse, but for the second of two equal times`() {
        for seconds in stride(from: Int64(0), to: 4_000_000_000, by: 86_400 * 3 + 7) {
            let local = resolver.local(Instant(seconds: seconds), form: .zoned("America/New_York"))
            let back = resolver.instant(local).seconds
            if back != seconds, back != seconds - 3_600 { Issue.record("\(local.text)") }
        }
    }
}

@Suite("RFC 5545 §3.6.5 VTIMEZONE")
struct TimeZoneDataTests {
    /// The zone as only its VTIMEZONE describes it.
    private func resolver(_ name: String, from: Instant?) throws -> ZoneResolver {
        var component = try #require(TimeZoneData.vtimezone(for: name, from: from))
        component.set("TZID", [Property("TZID", value: "Copy")])
        return ZoneResolver(calendar: Component("VCALENDAR", components: [component]))
    }

    @Test(
        arguments: [
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza",
            "Pacific/Apia",
            "America/Sao_Paulo", "Europe/Dublin", "Asia/Kolkata", "America/Nuuk", "UTC", "Asia/Tokyo",
        ],
        [nil, "1985-06-01T00:00:00Z", "2011-12-15T00:00:00Z", "2026-11-21T00:00:00Z"]
    )
    func `a written zone has the offsets of its source`(_ name: String, _ from: String?) throws {
        let start = from.flatMap(Instant.init(rfc3339:))
        let copy = try resolver(name, from: start)
        let original = ZoneResolver()
        var differences: [String] = []
        for seconds in stride(from: start?.seconds ?? -2_000_000_000, to: 4_102_444_800, by: 5_234_567) {
            let instant = Instant(seconds: seconds)
            if copy.offset(ofUTC: instant, tzid: "Copy") != original.offset(ofUTC: instant, tzid: name) {
                differences.append(instant.rfc3339)
            }
        }
        #expect(differences == [])
    }

    @Test func `a zone under a yearly rule is two observances`() throws {
        let zone = try #require(TimeZoneData.vtimezone(for: "Europe/Berlin", from: Instant(seconds: 1_795_000_000)))
        #expect(zone.first("TZID")?.value == "Europe/Berlin")
        #expect(zone.components.map(\.name).sorted() == ["DAYLIGHT", "STANDARD"])
        #expect(zone.components.allSatisfy { $0.first("RRULE") != nil })
        #expect(zone.serialized().utf8.count < 500)
    }

    @Test func `an unknown zone has no VTIMEZONE`() {
        #expect(TimeZoneData.vtimezone(for: "Middle/Earth", from: nil) == nil)
    }

    @Test func `all zones are listed and load`() {
        TimeZoneData.warmUp()
        #expect(TimeZoneData.identifiers.count > 400)
        #expect(TimeZoneData.identifiers.allSatisfy { ZoneResolver().knows($0) })
    }
}
