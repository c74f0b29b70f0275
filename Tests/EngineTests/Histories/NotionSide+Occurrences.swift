import ICalendar
import SimulatorNotion
import SyncTestSupport

/// What people do to the pages of single occurrences.
extension NotionSide {
    /// A page that shows an occurrence, as a person sees it.
    struct OccurrencePage {
        let id: JSONValue
        let page: JSONValue
        /// The UID of the series.
        let uid: String
        /// Which occurrence: an instant in UTC, or a day.
        let stamp: String

        init?(_ page: JSONValue) {
            let name = page.columnText("Calendar UID")
            guard let id = page["id"], let range = name.ranges(of: " / ").last else { return nil }
            (self.id, self.page) = (id, page)
            (uid, stamp) = (String(name[..<range.lowerBound]), String(name[range.upperBound...]))
        }
    }

    /// The pages of single occurrences; those in the trash, or elsewhere, too.
    func occurrencePages(includingGone: Bool = false) async -> [OccurrencePage] {
        let all = includingGone ? await simulator.control("GET", "pages").array ?? [] : await pages()
        return all.compactMap(OccurrencePage.init)
    }

    func actOnOccurrence(using random: inout SeededGenerator) async {
        guard let chosen = await occurrencePages().randomElement(using: &random) else { return }
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1, 2: await move(chosen, using: &random)
        case 3, 4: await rename(chosen, words.next())
        case 5, 6: await withdraw(chosen.id, using: &random)
        case 7: await duplicate(chosen.id)
        case 8: await damage(chosen, using: &random)
        default:
            let gone = await occurrencePages(includingGone: true).filter {
                $0.page.isTrashed || $0.page.isIn(elsewhere)
            }
            guard let chosen = gone.randomElement(using: &random) else { return }
            await restore(chosen.page, chosen.id)
        }
    }

    /// Moves a page by hours, or by days; answers its new start as it is written.
    @discardableResult
    func move(_ chosen: OccurrencePage, using random: inout SeededGenerator) async -> String {
        let hours = Int64.random(in: 1...5, using: &random)
        var when = chosen.page.column("When")
        for key in ["start", "end"] {
            guard let text = when[key]?.string else { continue }
            if let day = DateTime(text.filter { $0 != "-" }, tzid: nil, isDate: true) {
                let later = day.adding(days: Int(hours)).text
                when[key] = .string("\(later.prefix(4))-\(later.dropFirst(4).prefix(2))-\(later.dropFirst(6))")
            } else if let instant = Instant(rfc3339: text) {
                when[key] = .string((instant + hours * 3600).rfc3339)
            }
        }
        await edit(chosen.id, ["properties": ["When": ["date": when]]])
        return when["start"]?.string ?? ""
    }

    func rename(_ chosen: OccurrencePage, _ title: String) async {
        await edit(chosen.id, ["properties": ["Name": ["title": text(title)]]])
    }

    /// Empties the column that names the occurrence, or the one that says when it is.
    private func damage(_ chosen: OccurrencePage, using random: inout SeededGenerator) async {
        let properties: JSONValue =
            Bool.random(using: &random) ? ["Calendar UID": ["rich_text": []]] : ["When": ["date": nil]]
        await edit(chosen.id, ["properties": properties])
    }
}
