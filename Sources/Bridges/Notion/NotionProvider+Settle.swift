public import Bridging
import HTTPTypes
import OutboundHTTP

extension NotionProvider {
    /// Settles a link: finds the data source, and a column for each wish of the mapping.
    ///
    /// With `createColumns`, columns that are missing are added; those that are there are never touched.
    public func settle(
        _ link: UpstreamLink,
        createColumns: Bool,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> UpstreamLink {
        let mapping: Mapping
        do {
            mapping = try Mapping(link.mapping)
        } catch {
            throw .refused(error)
        }
        let client = client(using: credentials)
        var settled = link
        var dataSource = try await Self.dataSource(pastedID(link.calendar), client)
        guard let id = dataSource["id"]?.string else { throw NotionProblem.unreadable.error }
        settled.calendar = id
        var resolution = mapping.resolved(in: TableSchema(dataSource))
        // A table has its title already.
        let missing = resolution.missing.filter { $0.key != .title }
        if createColumns, !missing.isEmpty {
            let columns = missing.map { role, name in (name, role.definition) }
            let body: JSON = ["properties": .object(Dictionary(columns, uniquingKeysWith: { first, _ in first }))]
            _ = try await client.ask(.patch, "data_sources/\(id)", body, isWrite: true, about: .calendar)
            dataSource = try await client.dataSource(id)
            resolution = mapping.resolved(in: TableSchema(dataSource))
        }
        if let refusal = resolution.refusal { throw .refused(refusal) }
        settled.mapping = Mapping.settled(resolution.columns)
        return settled
    }

    /// The data source of that identifier, or the only one of the database of that identifier: what a person copies from
    /// the address bar names the database.
    static func dataSource(_ id: String, _ client: NotionClient) async throws(BridgeError) -> JSON {
        do {
            return try await client.dataSource(id)
        } catch .refused(let refusal) where refusal.code == "not_found" {
            let database: JSON
            do {
                database = try await client.send(.get, "databases/\(percentEncodeSegment(id))", about: .calendar)
            } catch {
                throw .refused(refusal)
            }
            let sources = database["data_sources"]?.elements.compactMap { $0["id"]?.string } ?? []
            guard sources.count == 1 else {
                let sentence = "The Notion database has \(sources.count) data sources: name the one to use."
                throw .refused(Refusal(.calendar, code: "not_found", message: sentence))
            }
            return try await client.dataSource(sources[0])
        }
    }
}
