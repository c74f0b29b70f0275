public import Bridging
import HTTPTypes
import ICalendar
public import OutboundHTTP

/// Google Calendar as an upstream, over its API v3.
public struct GoogleProvider: UpstreamProvider {
    public let name = "google"

    private let transport: any HTTPTransport
    private let apiURL: String
    private let pace: RequestPace

    /// Google's own address of the API.
    public static let defaultAPIURL = "https://www.googleapis.com"

    /// Google's own limit for each user of a project.
    public static let defaultRequestsPerMinute = 600

    /// Connects to the API at `apiURL`, which ends before `/calendar/v3`.
    ///
    /// `requestsPerMinute` is what the project may ask for each user.
    public init(
        transport: any HTTPTransport,
        apiURL: String = GoogleProvider.defaultAPIURL,
        requestsPerMinute: Int = GoogleProvider.defaultRequestsPerMinute
    ) {
        self.transport = transport
        self.apiURL = apiURL
        pace = RequestPace(perMinute: requestsPerMinute)
    }

    public func calendars(
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> [UpstreamCalendar] {
        let client = client(using: credentials)
        var calendars: [UpstreamCalendar] = []
        var pages = PageTokens()
        repeat {
            let query = [("maxResults", "250")] + pages.query
            let answer = try await client.send(.get, "users/me/calendarList", query, about: .calendar)
                .value()
            calendars += (answer["items"]?.elements ?? []).compactMap(UpstreamCalendar.init(listed:))
            try pages.advance(to: answer["nextPageToken"]?.text)
        } while pages.hasNext
        return calendars
    }

    public func makeCalendar(
        named name: String,
        parent: String?,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> UpstreamCalendar {
        let body = JSON.members([("summary", .string(name))])
        let answer = try await client(using: credentials).send(
            .post,
            "calendars",
            body: body,
            about: .calendar
        ).value()
        guard let id = answer["id"]?.text else {
            throw .unreachable("Google made a calendar without an identifier.")
        }
        return UpstreamCalendar(
            id: id,
            name: answer["summary"]?.text ?? name,
            access: .owner,
            timeZone: answer["timeZone"]?.text
        )
    }

    /// Resolves `primary` to the calendar's own identifier, and takes over the calendar's zone.
    public func settle(
        _ link: UpstreamLink,
        createColumns: ColumnConsent,
        using credentials: any CredentialSource
    ) async throws(BridgeError) -> UpstreamLink {
        let path = "users/me/calendarList/" + percentEncodeSegment(link.calendar)
        let answer = try await client(using: credentials).send(.get, path, about: .calendar).value()
        var settled = link
        settled.mapping = nil
        if let id = answer["id"]?.text { settled.calendar = id }
        if let zone = answer["timeZone"]?.text, ZoneResolver.ianaName(for: zone) != nil {
            settled.timeZone = zone
        }
        return settled
    }

    /// The identifier of the primary calendar, which is the account's address.
    public func accountName(using credentials: any CredentialSource) async throws(BridgeError) -> String? {
        let path = "users/me/calendarList/primary"
        return try await client(using: credentials).send(.get, path, about: .calendar).value()["id"]?.text
    }

    public func bridge(to link: UpstreamLink, using credentials: any CredentialSource) -> any Bridge {
        var client = client(using: credentials)
        client.account = link.account
        return GoogleBridge(link: link, client: client)
    }

    private func client(using credentials: any CredentialSource) -> GoogleClient {
        GoogleClient(transport: transport, apiURL: apiURL, credentials: credentials, pace: pace)
    }
}

extension UpstreamCalendar {
    /// Reads an entry of the calendar list; nil for one that is gone or out of reach.
    init?(listed entry: JSON) {
        guard let id = entry["id"]?.text, entry["deleted"]?.bool != true,
            let access = Access(role: entry["accessRole"]?.text)
        else { return nil }
        self.init(
            id: id,
            name: entry["summaryOverride"]?.text ?? entry["summary"]?.text ?? id,
            color: entry["backgroundColor"]?.text,
            access: access,
            timeZone: entry["timeZone"]?.text
        )
    }
}

extension UpstreamCalendar.Access {
    /// Reads an access role; a role that is not known may at least read.
    init?(role: String?) {
        switch role {
        case "none", nil: return nil
        case "owner": self = .owner
        case "writer", "writerWithoutPrivateAccess": self = .writer
        default: self = .reader
        }
    }
}
