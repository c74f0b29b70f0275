import ICalendar

/// How the simulated service behaves, and what it saw.
extension GoogleSimulator {
    /// An access token for tests that are not about OAuth.
    public func makeAccessToken(for email: String, scopes: [String] = ["calendar"]) -> String {
        refreshClock()
        let token = "ya29.\(state.random.word(of: 80))"
        let key = Grants.Key(application: OAuthApplication.simulated.id, account: email)
        state.grants.accessTokens[token] = Grants.AccessToken(
            grant: key,
            scopes: Set(scopes.flatMap(Scope.parse)),
            expiry: state.now + state.grants.tokenSeconds
        )
        return token
    }

    /// Registers an application, or replaces it.
    public func register(_ application: OAuthApplication) {
        state.grants.applications[application.id] = application
    }

    /// Whether consent is given without asking.
    public func setAutoApprove(_ approves: Bool) { autoApprove = approves }

    /// Replaces all faults.
    public func setFaults(_ list: [Fault]) { faults.faults = list }

    /// Adds a fault behind those already set.
    public func add(_ fault: Fault) { faults.faults.append(fault) }

    /// How many faults still wait for a request.
    public var pendingFaults: Int { faults.faults.count }

    /// Decides what happens to notifications.
    public func setNotificationFaults(_ list: NotificationFaults) { notificationFaults = list }

    /// Puts the simulator's clock ahead of the real one, or behind it.
    public func setClockOffset(_ seconds: Int64) {
        clockOffset = max(-Self.longestSpan, min(seconds, Self.longestSpan))
    }

    /// Ten years: longer than anything a test waits for, and far from the ends of the calendar.
    private static let longestSpan: Int64 = 3_653 * 86_400

    /// Ends every access token; refresh tokens stay good.
    public func expireAccessTokens() {
        for token in state.grants.accessTokens.keys { state.grants.accessTokens[token]?.expiry = Instant(seconds: 0) }
    }

    /// Sets how long access tokens live.
    public func setTokenSeconds(_ seconds: Int64) {
        state.grants.tokenSeconds = max(0, min(seconds, Self.longestSpan))
    }

    /// Takes all grants back, or those of one account.
    public func revokeGrants(of email: String? = nil) {
        let keys = Set(state.grants.grants.keys).union(state.grants.accessTokens.values.map(\.grant))
        for key in keys where email == nil || key.account == email { state.revoke(key) }
    }

    /// Refuses every sync token given out so far, of one calendar or of all, and those of the lists of calendars.
    public func expireSyncTokens(of calendar: String? = nil) {
        state.expireSyncTokens(of: calendar)
    }

    /// Sets how listings are cut into pages.
    public func setPages(_ behaviour: PageBehaviour) { state.pages = behaviour }

    /// Sets how long every API answer takes at least, and what each call of a batch adds to that of the whole.
    public func setLatency(_ duration: Duration, batchedCall: Duration = .zero) {
        latency = duration
        batchedCallLatency = batchedCall
    }

    /// Sets the limit of requests per person, with full buckets.
    public func setQuota(_ quota: Quota) { meter = QuotaMeter(quota) }

    /// Puts an account over Calendar's own use limits, or back.
    public func setOverUsageLimit(_ isOver: Bool, for email: String) {
        state.accounts[email]?.isOverUsageLimit = isOver
    }

    /// The mails that Google would have sent.
    public var mails: [Mail] { state.outbox }

    /// The requests so far, oldest first.
    public var requests: [LoggedRequest] { log }

    /// Forgets the requests so far.
    public func forgetRequests() { log = [] }

    /// How often each method of the API was called, and `requests` for all.
    public var callCounts: [String: Int] { counters }

    /// The notifications that changes gave rise to, also those that were dropped on the way.
    public var pushed: [PushNotification] { notifications }

    /// The identifiers of the channels that are open.
    public var openChannels: [String] { state.channels.keys.sorted() }
}
