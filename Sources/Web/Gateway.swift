public import Accounts
public import Bridging
public import CalDAV
public import ICalendar
public import Logging
public import Store
public import Sync

/// Everything the outer face needs of the rest.
public struct Gateway: Sendable {
    public var calendars: CalendarStore
    public var credentials: CredentialStore
    public var authenticator: Authenticator
    public var sessions: Sessions
    public var accounts: AccountAdmin
    public var connect: ConnectFlow
    public var vault: TokenVault
    public var answers: RememberedAnswers
    /// The secret with which Notion signs its calls.
    public var notionCalls: WebhookVerification
    public var links: LinkStore
    public var scheduler: SyncScheduler
    public var providers: [any UpstreamProvider]
    /// What accounts listed a moment ago.
    public let listedCalendars = ListedCalendars()
    /// The client ids and secrets entered on the dashboard; nil where none can be.
    public var registrations: ClientRegistrations?
    /// Tells of grants what may be told, for the metrics.
    public var grants: GrantReports?
    /// The providers whose client id and secret the environment sets; it wins over what is entered.
    public var oauthProviders: Set<String>
    public var caldav: CalDAVServer
    /// The address the outside knows us by, without a slash at the end.
    public var publicURL: String
    /// How many requests a user may send to the REST interface in a minute.
    public var requestsPerMinute = 6000
    /// Between two signs of life on a stream; less than any proxy's patience.
    public var heartbeat = Duration.seconds(15)
    /// What was sent to providers so far, for the metrics.
    public var upstreamCalls: @Sendable () -> [UpstreamCalls] = { [] }
    /// The secret of the link by which the first user is made; nil where there is one already.
    public var setupToken: String?
    /// The secret that commands on this machine present; nil where there is none.
    public var localToken: String?
    public var now: @Sendable () -> Instant
    public var logger: Logger

    /// Gathers what the outer face needs.
    public init(
        calendars: CalendarStore,
        credentials: CredentialStore,
        authenticator: Authenticator,
        sessions: Sessions,
        accounts: AccountAdmin,
        connect: ConnectFlow,
        vault: TokenVault,
        answers: RememberedAnswers,
        notionCalls: WebhookVerification,
        links: LinkStore,
        scheduler: SyncScheduler,
        providers: [any UpstreamProvider],
        oauthProviders: Set<String>,
        caldav: CalDAVServer,
        publicURL: String,
        localToken: String?,
        now: @escaping @Sendable () -> Instant,
        logger: Logger
    ) {
        self.calendars = calendars
        self.credentials = credentials
        self.authenticator = authenticator
        self.sessions = sessions
        self.accounts = accounts
        self.connect = connect
        self.vault = vault
        self.answers = answers
        self.notionCalls = notionCalls
        self.links = links
        self.scheduler = scheduler
        self.providers = providers
        self.oauthProviders = oauthProviders
        self.caldav = caldav
        self.publicURL = publicURL
        self.localToken = localToken
        self.now = now
        self.logger = logger
    }

    /// The host of the public address, with its port.
    var publicAuthority: String? { publicURL.split(separator: "/").dropFirst().first.map(String.init) }

    /// The provider of that name.
    func provider(_ name: String) -> (any UpstreamProvider)? { providers.first { $0.name == name } }

    /// Whether a request that changes something may come from where it says: from no page at all, or from one of ours.
    ///
    /// A browser sends remembered Basic credentials along whichever page asks it to.
    func isOurs(_ origin: String?, host: String?) -> Bool {
        guard let origin else { return true }
        if origin == publicURL { return true }
        return host.map { origin == "http://" + $0 || origin == "https://" + $0 } ?? false
    }

    /// Whether a connect button leads anywhere.
    func hasOAuth(_ provider: String) async throws -> Bool { try await connect.isConfigured(provider) }
}

/// How many requests a provider's server answered with one status.
public struct UpstreamCalls: Sendable, Hashable {
    public var host: String
    /// A status, or `failed` where there was no answer.
    public var outcome: String
    public var requests: Int

    /// Describes a count.
    public init(host: String, outcome: String, requests: Int) {
        self.host = host
        self.outcome = outcome
        self.requests = requests
    }
}
