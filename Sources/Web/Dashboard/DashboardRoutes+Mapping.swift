import HTTPTypes
import Hummingbird
import Store
import Sync

/// A table whose mapping is edited: that of a link, or one that is about to be linked.
private struct EditedTable {
    var connection: Int64
    var calendar: String
    var timeZone = "UTC"
    /// The mapping as it is; null for one that does not exist yet.
    var mapping: JSON = .null
    /// Where the form goes.
    var action: String
    /// The link; nil before there is one.
    var link: String?
    /// What the link is to be, kept along while columns are chosen.
    var wishes: [(name: String, value: String)] = []
}

extension DashboardRoutes {
    /// The mapping editor of a link.
    func mappingPage(_ request: PageRequest) async throws -> Response {
        let table = try await editedTable(ofLink: request)
        return try await editor(table, nil, try await preview(table, table.mapping, request), request)
    }

    /// Shows what a changed mapping makes of the table, or saves it.
    func editMapping(_ request: PageRequest) async throws -> Response {
        try await edit(try await editedTable(ofLink: request), request)
    }

    /// The mapping editor of a table that is not linked yet, beginning with what its names and types suggest.
    func newMapping(_ request: PageRequest) async throws -> Response {
        let table = EditedTable(
            connection: try await connection(request.id, request.visitor).id.rawValue,
            calendar: request.form["upstream_calendar"] ?? "",
            timeZone: try RESTRoutes.zoneName(request.form["time_zone"]) ?? "UTC",
            action: "/connections/\(request.id)/mapping",
            wishes: ["upstream_calendar", "calendar", "conflicts", "time_zone"].map { ($0, request.form[$0] ?? "") }
        )
        guard request.form["column.0"] == nil else { return try await edit(table, request) }
        let first = try await preview(table, .null, request)
        let keys = first["uses"]?.array?.compactMap { $0["key"]?.string } ?? []
        let none = Dictionary(keys.map { ($0, JSON.null) }, uniquingKeysWith: { first, _ in first })
        let proposal = JSON.object(none.merging(first["proposal"]?.object ?? [:]) { $1 })
        return try await editor(table, nil, try await preview(table, proposal, request), request)
    }

    private func editedTable(ofLink request: PageRequest) async throws -> EditedTable {
        guard let number = Int64(request.id) else { throw RESTProblem.notFound }
        let link = try await gateway.ownLink(LinkID(rawValue: number), request.visitor).link
        return EditedTable(
            connection: link.connection.rawValue,
            calendar: link.upstreamCalendar,
            timeZone: link.timeZone,
            mapping: link.mapping.flatMap { JSON(parsing: Array($0.utf8)) } ?? .null,
            action: "/links/\(request.id)/mapping",
            link: request.id
        )
    }

    private func preview(_ table: EditedTable, _ mapping: JSON, _ request: PageRequest) async throws -> JSON {
        let body: JSON = [
            "upstream_calendar": .string(table.calendar), "mapping": mapping, "time_zone": .string(table.timeZone),
        ]
        return try await ask(.post, ["connections", String(table.connection), "mapping"], body, for: request.visitor)
    }

    /// Saves a mapping that holds; shows any other with what stands against it.
    private func edit(_ table: EditedTable, _ request: PageRequest) async throws -> Response {
        let form = MappingForm(request.form)
        // With the columns as they were saved, so that what became of them since is told.
        let saved = table.mapping["columns"].map { ["columns": $0] } ?? [:]
        let made = try await preview(table, form.mapping(beside: saved), request)
        let isSound = made["problems"]?.object?.isEmpty == true && form.repeated.isEmpty
        guard request.form["verb"] == "save" else { return try await editor(table, form, made, request) }
        guard isSound else {
            return try await editor(table, form, made, request, failure: "Nothing was saved: see below.")
        }
        do {
            return .seeOther("/links/\(try await save(table, form, made, request))")
        } catch {
            guard let problem = RESTProblem(meaning: error, limit: Self.maximumForm), problem.code == "invalid_mapping"
            else { throw error }
            return try await editor(table, form, made, request, failure: problem.detail)
        }
    }

    /// Stores the mapping; answers the link.
    private func save(
        _ table: EditedTable,
        _ form: MappingForm,
        _ made: JSON,
        _ request: PageRequest
    ) async throws -> String {
        let uses = made["uses"]?.array ?? []
        let names = uses.map { ($0["key"]?.string ?? "", $0["column_name"]?.string ?? "") }
        var body: [String: JSON] = [
            "mapping": form.mapping(adding: Dictionary(names, uniquingKeysWith: { first, _ in first })),
            "create_columns": .bool(!form.added.isEmpty),
        ]
        if let link = table.link {
            _ = try await ask(.patch, ["links", link], .object(body), for: request.visitor)
            return link
        }
        body["connection"] = .integer(table.connection)
        body["upstream_calendar"] = .string(table.calendar)
        body["calendar"] = request.form["calendar"].flatMap { Int64($0) }.map(JSON.integer) ?? .null
        if let policy = request.form["conflicts"], !policy.isEmpty { body["conflicts"] = .string(policy) }
        if let zone = request.form["time_zone"], !zone.isEmpty { body["time_zone"] = .string(zone) }
        let link = try await ask(.post, ["links"], .object(body), for: request.visitor)
        return link["id"]?.integer.map { String($0) } ?? ""
    }

    private func editor(
        _ table: EditedTable,
        _ form: MappingForm?,
        _ made: JSON,
        _ request: PageRequest,
        failure: String? = nil
    ) async throws -> Response {
        var content = MappingEditor(made, form).content
        content["action"] = table.action
        content["link"] = table.link.map { $0 as Any } ?? false
        content["wishes"] = table.wishes.map { ["name": $0.name, "value": $0.value] }
        if let failure { content["failure"] = failure }
        let html = templates.page("mapping", frame(request.visitor, of: "mapping").merging(content) { $1 })
        return .page(html, status: failure == nil ? .ok : .unprocessableContent)
    }
}
