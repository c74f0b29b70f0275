import SimulatorNotion
import SyncTestSupport

/// What people do in the workspace.
extension NotionSide {
    func act(using random: inout SeededGenerator) async {
        if daysAhead != nil, Int.random(in: 0..<3, using: &random) == 0 {
            return await actOnOccurrence(using: &random)
        }
        if hasSpecialColumns, Int.random(in: 0..<5, using: &random) == 0 { return await changeColumn(using: &random) }
        switch Int.random(in: 0..<14, using: &random) {
        case 0, 1, 2: await create(using: &random)
        case 3, 4, 5: await edit(using: &random)
        case 6, 7: await move(using: &random)
        case 8: await changeRule(using: &random)
        case 9: await changeStatus(using: &random)
        case 10: await withdraw(using: &random)
        case 11: await restore(using: &random)
        case 12: await duplicate(using: &random)
        default:
            guard let id = await page(using: &random)?["id"] else { return }
            await edit(id, ["in_trash": true])
        }
    }

    /// Mail addresses by user.
    static let people = [
        "1e2feb89-0000-4000-8000-0000000000a1": "ana@example.com",
        "1e2feb89-0000-4000-8000-0000000000a2": "ben@example.com",
    ]

    /// Puts others into the column of people or of places, or lets the formula come to something else.
    private func changeColumn(using random: inout SeededGenerator) async {
        guard let id = await page(using: &random)?["id"] else { return }
        if hasPeople {
            let chosen = Self.people.keys.sorted().filter { _ in Bool.random(using: &random) }
            await edit(id, ["properties": ["Team": ["people": .array(chosen.map { ["id": .string($0)] })]]])
        } else if hasRelation {
            let chosen = rooms.filter { _ in Bool.random(using: &random) }
            await edit(id, ["properties": ["Room": ["relation": .array(chosen.map { ["id": $0] })]]])
        } else {
            let value: JSONValue = ["type": "string", "string": .string(words.next())]
            words.trace("Notion: computes \(value) for \(id)")
            _ = await simulator.control("POST", "computed", ["id": id, "column": "Place", "value": value])
        }
    }

    func clear() async {
        words.trace("Notion: clear")
        for page in await pages().dropFirst(2) {
            if let id = page["id"] { await edit(id, ["in_trash": true]) }
        }
    }

    func edit(_ id: JSONValue, _ change: JSONValue) async {
        var change = change
        change["id"] = id
        words.trace("Notion: edit \(String(decoding: change.octets, as: UTF8.self))")
        _ = await simulator.control("POST", "edit", change)
    }

    private func page(using random: inout SeededGenerator) async -> JSONValue? {
        await pages().randomElement(using: &random)
    }

    func text(_ text: String) -> JSONValue { [["type": "text", "text": ["content": .string(text)]]] }

    private func create(using random: inout SeededGenerator) async {
        let time = RandomTime(using: &random)
        var properties: JSONValue = [
            "Name": ["title": text(words.next())], "When": ["date": time.column],
        ]
        if Int.random(in: 0..<3, using: &random) == 0 {
            properties["Repeats"] = ["rich_text": text("RRULE:" + time.rule(using: &random))]
        }
        if Int.random(in: 0..<6, using: &random) == 0 { properties["When"] = nil }
        words.trace("Notion: create \(String(decoding: properties.octets, as: UTF8.self))")
        _ = await simulator.control(
            "POST",
            "pages",
            ["data_source": .string(calendarIdentifier), "properties": properties]
        )
    }

    private func edit(using random: inout SeededGenerator) async {
        guard let id = await page(using: &random)?["id"] else { return }
        let change: JSONValue =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: ["Name": ["title": text(words.next())]]
            case 1: ["Description": ["rich_text": text(words.next() + "\nline")]]
            default: ["Location": ["rich_text": text(words.next())]]
            }
        await edit(id, ["properties": change])
    }

    /// Gives a page another date; once in a while, none.
    private func move(using random: inout SeededGenerator) async {
        guard let id = await page(using: &random)?["id"] else { return }
        let time = RandomTime(using: &random)
        let isTaken = Int.random(in: 0..<6, using: &random) == 0
        await edit(id, ["properties": ["When": ["date": isTaken ? .null : time.column]]])
    }

    private func changeRule(using random: inout SeededGenerator) async {
        guard let id = await page(using: &random)?["id"] else { return }
        let rule = RandomTime(using: &random).rule(using: &random)
        let texts = ["RRULE:" + rule, rule, "", "RRULE:FREQ=NEVER"]
        let chosen = texts.randomElement(using: &random) ?? ""
        await edit(id, ["properties": ["Repeats": ["rich_text": chosen.isEmpty ? [] : text(chosen)]]])
    }

    private func changeStatus(using random: inout SeededGenerator) async {
        guard let id = await page(using: &random)?["id"] else { return }
        let status: [JSONValue] = [["name": "Confirmed"], ["name": "Tentative"], .null]
        await edit(id, ["properties": ["Status": ["select": status.randomElement(using: &random) ?? .null]]])
    }

    /// Takes a page out of the table in one of the ways the service has.
    private func withdraw(using random: inout SeededGenerator) async {
        guard let id = await page(using: &random)?["id"] else { return }
        await withdraw(id, using: &random)
    }

    func withdraw(_ id: JSONValue, using random: inout SeededGenerator) async {
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            words.trace("Notion: move away \(id)")
            _ = await simulator.control("POST", "move", ["id": id, "data_source": .string(elsewhere)])
        case 1: await edit(id, ["in_trash": true])
        default:
            await edit(id, ["in_trash": true])
            words.trace("Notion: purge \(id)")
            _ = await simulator.control("POST", "purge", ["id": id])
        }
    }

    /// Takes a page out of the trash, or back from the other table.
    private func restore(using random: inout SeededGenerator) async {
        let all = await simulator.control("GET", "pages").array ?? []
        guard let page = all.filter({ $0.isTrashed || $0.isIn(elsewhere) }).randomElement(using: &random),
            let id = page["id"]
        else { return }
        await restore(page, id)
    }

    func restore(_ page: JSONValue, _ id: JSONValue) async {
        if page.isTrashed { await edit(id, ["in_trash": false]) }
        if page.isIn(elsewhere) {
            words.trace("Notion: move back \(id)")
            _ = await simulator.control("POST", "move", ["id": id, "data_source": .string(calendarIdentifier)])
        }
    }

    private func duplicate(using random: inout SeededGenerator) async {
        guard let id = await page(using: &random)?["id"] else { return }
        await duplicate(id)
    }

    func duplicate(_ id: JSONValue) async {
        words.trace("Notion: duplicate \(id)")
        _ = await simulator.control("POST", "duplicate", ["id": id])
    }
}

extension JSONValue {
    var isTrashed: Bool { self["in_trash"] == true }

    func isIn(_ source: String) -> Bool { self["parent"]?["data_source_id"]?.string == source }
}
