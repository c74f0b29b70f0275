import ICalendar

/// The mapping editor as its page shows it.
struct MappingEditor {
    private let made: JSON
    private let form: MappingForm?
    private let uses: [JSON]
    /// The mapped columns by identifier.
    private let mapped: [String: JSON]
    private let problems: [String: String]

    /// Shows a preview, with what was chosen in the form; without one, with what the mapping takes.
    init(_ made: JSON, _ form: MappingForm?) {
        self.made = made
        self.form = form
        uses = made["uses"]?.array ?? []
        mapped = Dictionary(
            (made["columns"]?.array ?? []).map { ($0["id"]?.string ?? "", $0) },
            uniquingKeysWith: { first, _ in first }
        )
        problems = (made["problems"]?.object ?? [:]).compactMapValues(\.string)
    }

    /// What the template is filled with.
    var content: [String: Any] {
        let table = (made["table"]?.array ?? []).prefix(MappingForm.maximumColumns)
        let columns = table.enumerated().map { column($1, number: $0) }
        let chosen = Set(table.map(key))
        let general = problems.filter { !chosen.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value)
        return [
            "table": made["name"]?.string ?? "", "columns": columns,
            "daysAhead": form?.daysAhead ?? made["occurrences"]?.integer.map { String($0) } ?? "",
            "keys": uses.compactMap { $0["key"]?.string }.joined(separator: ","),
            "problems": general.map { ["sentence": $0] }, "hasProblems": !general.isEmpty,
            "additions": uses.filter { use in
                use["needed"]?.bool != true && use["addable"]?.bool == true
                    && !chosen.contains(use["key"]?.string ?? "")
            }
            .map(addition),
            "items": (made["items"]?.array ?? []).map(Self.item),
        ]
    }

    private func key(of column: JSON) -> String {
        let id = column["id"]?.string ?? ""
        return form.map { $0.key(of: id) ?? "" } ?? mapped[id]?["key"]?.string ?? ""
    }

    // MARK: Columns

    private func column(_ column: JSON, number: Int) -> [String: Any] {
        let id = column["id"]?.string ?? ""
        let key = key(of: column)
        let keys = column["keys"]?.array?.compactMap(\.string) ?? []
        var row: [String: Any] = [
            "number": String(number), "id": id, "name": column["name"]?.string ?? "",
            "type": Self.typeName(column["type"]?.string ?? ""), "isMappable": !keys.isEmpty,
            "isReadOnly": mapped[id]?["read_only"]?.bool ?? false,
            "isNameOnly": column["type"]?.string == "title" && key.isEmpty,
            "uses": uses.filter { keys.contains($0["key"]?.string ?? "") }.map { use in
                [
                    "value": use["key"]?.string ?? "", "label": Self.label(use), "chosen": use["key"]?.string == key,
                ] as [String: Any]
            },
        ]
        if let note = column["note"]?.string { row["note"] = note }
        if let hint = column["hint"]?.string { row["hint"] = hint }
        if form?.repeated.contains(id) == true {
            row["problem"] = "Another column holds this already: choose one of the two."
        } else if let problem = problems[key] {
            row["problem"] = problem
        }
        if let table = choices(column, key) { row["choices"] = table }
        return row
    }

    /// What the options of a column mean, for a property that has a few values only.
    private func choices(_ column: JSON, _ key: String) -> [String: Any]? {
        let options = column["options"]?.array?.compactMap(\.string) ?? []
        let use = uses.first { $0["key"]?.string == key }
        guard let values = use?["values"]?.array?.compactMap(\.string), !values.isEmpty, !options.isEmpty,
            let column = mapped[column["id"]?.string ?? ""], column["key"]?.string == key
        else { return nil }
        let meant = Self.present(column["values"], options)
        let rows = options.enumerated().map { index, option -> [String: Any] in
            let value = meant.first { $0.value.contains(option) }?.key
            return [
                "index": String(index), "option": option,
                "values": values.map { ["value": $0, "chosen": $0 == value] as [String: Any] },
            ]
        }
        let written = values.filter { (meant[$0]?.count ?? 0) > 1 }.map { value -> [String: Any] in
            let names = meant[value] ?? []
            return [
                "value": value,
                "options": options.filter(names.contains).map {
                    ["option": $0, "chosen": $0 == names.first] as [String: Any]
                },
            ]
        }
        return [
            "key": key, "property": use?["property"]?.string ?? key, "rows": rows, "written": written,
            "usual": MappingForm.text(Self.present(column["usual_values"], options)),
        ]
    }

    /// A table of values with the options that the column has, under the names it has for them.
    private static func present(_ values: JSON?, _ options: [String]) -> [String: [String]] {
        (values?.object ?? [:]).mapValues { names in
            (names.array ?? []).compactMap(\.string).compactMap { name in
                options.first { $0.lowercased() == name.lowercased() }
            }
        }
    }

    private func addition(_ use: JSON) -> [String: Any] {
        let key = use["key"]?.string ?? ""
        return [
            "key": key, "label": Self.label(use), "name": use["column_name"]?.string ?? "",
            "chosen": form?.added.contains(key) ?? false,
        ]
    }

    private static func label(_ use: JSON) -> String {
        "\(use["property"]?.string ?? "") (\(use["key"]?.string ?? ""))"
    }

    private static func typeName(_ type: String) -> String { type.split(separator: "_").joined(separator: " ") }

    // MARK: Pages

    private static func item(_ item: JSON) -> [String: Any] {
        let name = item["name"]?.string ?? ""
        var row: [String: Any] = [
            "name": name.isEmpty ? "Untitled" : name,
            "changes": (item["changes"]?.array ?? []).map { change in
                ["column": "column", "from": "from", "to": "to"].mapValues { change[$0]?.string ?? "" }
            },
            "isFixed": item["changes"]?.array?.isEmpty == true && item["problem"]?.string == nil,
        ]
        // Only what a browser may be sent to.
        if let url = item["url"]?.string, url.hasPrefix("https://") { row["url"] = url }
        if let problem = item["problem"]?.string { row["problem"] = problem }
        if let event = item["event"]?.string { row["event"] = ["properties": properties(event)] }
        return row
    }

    /// The properties of an event that come from columns, alarms included.
    private static func properties(_ event: String) -> [[String: String]] {
        let head = "BEGIN:VCALENDAR\r\n"
        guard let calendar = try? Component(parsing: head + event + "END:VCALENDAR\r\n"),
            let shown = calendar.components("VEVENT").first
        else { return [] }
        let stamps: Set<String> = ["DTSTAMP", "CREATED", "LAST-MODIFIED"]
        let own = shown.properties.filter { !stamps.contains($0.name) }.map { property in
            let zone = property.parameter("TZID").map { " (\($0))" } ?? ""
            let text = property.name == "CATEGORIES" ? property.texts.joined(separator: ", ") : property.text
            return ["name": property.name, "value": text + zone]
        }
        let alarms = shown.components("VALARM").map { alarm in
            ["name": "VALARM", "value": alarm.first("TRIGGER")?.value ?? ""]
        }
        return own + alarms
    }
}
