public import Bridging
import HTTPTypes
import OutboundHTTP

extension NotionProvider {
    /// Settles a link: finds the data source, and a column for each wish of the mapping.
    ///
    /// As far as `createColumns` goes, columns that are missing are added, but none where the mapping would not hold even
    /// then; those that are there are never touched.
    public func settle(
        _ link: UpstreamLink,
        createColumns: ColumnConsent,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> UpstreamLink {
        let client = client(using: credentials)
        let (mapping, found) = try await Self.foundation(of: link, client)
        var settled = link
        settled.calendar = found.id
        var resolution = mapping.resolved(in: found.schema)
        let missing = resolution.missing.filter { createColumns.covers($0.key.rawValue) && $0.key.canBeAdded }
        if !missing.isEmpty {
            let left = ColumnRole.allCases.filter { missing[$0] == nil }
            if let refusal = left.lazy.compactMap({ resolution.problems[$0] }).first {
                throw .refused(.mapping(refusal))
            }
            let columns = missing.map { role, name in (name, role.definition) }
            let body: JSON = ["properties": .object(Dictionary(columns, uniquingKeysWith: { first, _ in first }))]
            _ = try await client.ask(.patch, "data_sources/\(found.id)", body, isWrite: true, about: .calendar)
            resolution = mapping.resolved(in: TableSchema(try await client.dataSource(found.id)))
        }
        if let refusal = resolution.refusal { throw .refused(refusal) }
        settled.mapping = Mapping.settled(resolution.columns)
        return settled
    }

    /// A data source: its identifier, its name, its columns.
    struct FoundTable: Sendable, Hashable {
        var id: String
        var name: String
        var schema: TableSchema
    }

    /// What a link stands on: the mapping as it is worded, and the data source that is meant.
    static func foundation(
        of link: UpstreamLink,
        _ client: NotionClient
    ) async throws(BridgeError) -> (Mapping, FoundTable) {
        let mapping: Mapping
        do {
            mapping = try Mapping(link.mapping)
        } catch {
            throw .refused(error)
        }
        let json = try await dataSource(identifier(in: link.calendar), client)
        guard let calendar = UpstreamCalendar(dataSource: json) else { throw NotionProblem.unreadable.error }
        return (mapping, FoundTable(id: calendar.id, name: calendar.name, schema: TableSchema(json)))
    }

    /// The identifier in what a person pasted.
    ///
    /// Anything else would be no identifier to Notion either, which says so in words for programs.
    private static func identifier(in text: String) throws(BridgeError) -> String {
        let id = pastedID(text)
        guard compactID(id).utf8.count == 32, compactID(id).allSatisfy(\.isHexDigit) else {
            let sentence = "This is no address of a Notion database: open the database as a page and copy its link."
            throw .refused(Refusal(.calendar, code: "not_found", message: sentence))
        }
        return id
    }

    /// The data source of that identifier, or the only one of the database of that identifier: what a person copies from
    /// the address bar names the database.
    private static func dataSource(_ id: String, _ client: NotionClient) async throws(BridgeError) -> JSON {
        let found = try await dataSources(id, client)
        guard found.count == 1 else {
            let names = found.compactMap(UpstreamCalendar.init(dataSource:)).map { "“\($0.name)” (\($0.id))" }
            let sentence =
                "The Notion database has \(found.count) data sources: name the one to use"
                + (names.isEmpty ? "." : ", " + names.joined(separator: " or ") + ".")
            throw .refused(Refusal(.calendar, code: "not_found", message: sentence))
        }
        return found[0]
    }

    /// The data source of that identifier, or those of the database of that identifier.
    private static func dataSources(_ id: String, _ client: NotionClient) async throws(BridgeError) -> [JSON] {
        do {
            return [try await client.dataSource(id)]
        } catch .refused(let refusal) where refusal.code == "not_found" {
            let database: JSON
            do {
                database = try await client.send(.get, "databases/\(percentEncodeSegment(id))", about: .calendar)
            } catch {
                guard error.kind == .notFound else { throw error.error }
                throw .refused(refusal)
            }
            var found: [JSON] = []
            for source in database["data_sources"]?.elements ?? [] {
                guard let id = source["id"]?.string else { continue }
                found.append(try await client.dataSource(id))
            }
            return found
        }
    }
}

extension NotionProvider: FindingProvider {
    public func calendars(
        at address: String,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> [UpstreamCalendar] {
        let id = try Self.identifier(in: address)
        return try await Self.dataSources(id, client(using: credentials)).compactMap(UpstreamCalendar.init(dataSource:))
    }
}
