import ICalendar
import SimulatorNotion
import Store
import SyncTestSupport
import Testing

/// What a page of a single occurrence does, once all is quiet: nobody else has a say then.
extension History {
    /// A person moves, renames, copies, trashes and restores the page of an occurrence, each to its end.
    mutating func handleOccurrence() async throws {
        guard let side = world.spokes.lazy.compactMap({ $0.side as? NotionSide }).first,
            let chosen = try await shownPages(side).randomElement(using: &random)
        else { return }
        world.words.trace("the page of \(chosen.uid) / \(chosen.stamp)")
        let start = await side.move(chosen, using: &random)
        try await settle()
        try await expect(chosen, "is not moved to \(start)") { place, zones in
            guard let place else { return false }
            return start.contains("T")
                ? place.start == Instant(rfc3339: start) : place.startTime.text == start.filter { $0 != "-" }
        }
        let title = world.words.next()
        await side.rename(chosen, title)
        try await settle()
        try await expect(chosen, "is not called \(title)") { place, _ in
            place?.component.first("SUMMARY")?.text == title
        }
        try await check()

        let count = try await world.calendars.all(in: world.calendar).count
        await side.duplicate(chosen.id)
        try await settle()
        #expect(try await world.calendars.all(in: world.calendar).count == count + 1, "\(name): a copy is no event")

        await side.edit(chosen.id, ["in_trash": true])
        try await settle()
        try await expect(chosen, "is still there") { place, _ in place == nil }
        try await check()

        await side.edit(chosen.id, ["in_trash": false])
        try await settle()
        try await expect(chosen, "is not back") { place, _ in place != nil }
        try await check()
    }

    /// Pages of days to come, of series that can be read.
    private func shownPages(_ side: NotionSide) async throws -> [NotionSide.OccurrencePage] {
        var pages: [NotionSide.OccurrencePage] = []
        let today = ZoneResolver().local(world.clock.now, form: .zoned(NotionSide.zone)).text.prefix(8)
        let known = Set(try await world.memory(of: world.spokes.last ?? world.spokes[0]).shown.keys)
        for page in await side.occurrencePages() where known.contains(page.id.string ?? "") {
            // Days pass while this goes on.
            guard let next = DateTime(String(today), tzid: nil, isDate: true),
                page.stamp.prefix(8) > next.adding(days: 2).text
            else { continue }
            pages.append(page)
        }
        return pages
    }

    /// Checks an occurrence here; nil where the series has none.
    private func expect(
        _ chosen: NotionSide.OccurrencePage,
        _ failure: String,
        _ holds: (Occurrence?, ZoneResolver) -> Bool
    ) async throws {
        let stored = try await world.calendars.object(uid: chosen.uid, in: world.calendar)
        let object = try #require(stored, "\(name): \(chosen.uid) is gone").object()
        let zones = ZoneResolver(floatingZone: NotionSide.zone, calendar: object.calendar)
        let places = try object.recurrenceSet(floatingZone: NotionSide.zone)
            .occurrences(in: World.window, limit: 1000)
        let place = places.first { place in
            guard let id = place.recurrenceID else { return false }
            return (id.isDate ? id.text : zones.local(id.instant(in: zones), form: .utc).text) == chosen.stamp
        }
        #expect(holds(place, zones), "\(name): \(chosen.uid) / \(chosen.stamp) \(failure)")
    }
}
