import ICalendar
import Store
import WebDAV

extension CalDAVServer {
    /// The most changes one answer tells; the client asks again with the token it got (RFC 6578 §3.6).
    static let maximumSyncResults = 10_000

    /// The same where calendar data is wanted too: some megabytes.
    static let maximumSyncResultsWithData = 2_000

    /// `sync-collection` (RFC 6578 §3.2).
    ///
    /// A calendar has no collections inside, so that `sync-level` 1 and infinite are the same; Depth says nothing.
    func syncCollection(
        _ sync: SyncCollection,
        in calendar: CalendarCollection,
        at href: Href,
        for principal: Principal,
        _ zones: ZoneInclusion
    ) async throws -> DAVResponse {
        let since = try sync.token.map { text throws(DAVError) in try revision(of: text, in: calendar) }
        let answer = ObjectAnswer(sync.properties, floatingZone: calendar.floatingZone, zones: zones)
        let most = answer.needsText ? Self.maximumSyncResultsWithData : Self.maximumSyncResults
        let outcome = try await calendars.changes(
            in: calendar.id,
            since: since,
            limit: min(sync.limit ?? most, most)
        )
        guard case .page(let page) = outcome else { throw DAVError.unknownToken }
        let place = try await place(calendar, href, for: principal, answer)
        return try await DAVResponse(
            ObjectSteps(page, in: place, answer, calendars),
            endingWith: { multiStatus in
                guard page.isTruncated else { return }
                multiStatus.append(href, status: 507, error: .numberOfMatchesWithinLimits)
            },
            syncToken: SyncToken(calendar: calendar.id.rawValue, revision: page.revision)
        )
    }

    /// The revision a token names; a token of another calendar is as unknown as one we never made.
    private func revision(of text: String, in calendar: CalendarCollection) throws(DAVError) -> Int64 {
        guard let token = SyncToken(text), token.calendar == calendar.id.rawValue else { throw .unknownToken }
        return token.revision
    }
}

extension DAVError {
    /// Thunderbird answers this with a whole new synchronisation; nothing is lost.
    fileprivate static let unknownToken = DAVError.failed(
        .validSyncToken,
        "The sync token is not known here, or too old."
    )
}
