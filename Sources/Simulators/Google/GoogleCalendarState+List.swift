import ICalendar

/// `events.list`, `events.instances`, and what is common to all listings.
extension GoogleCalendarState {
    /// `events.list`: a full list, a delta, or the next page of either.
    mutating func listEvents(_ parameters: Parameters, in name: String, by caller: Caller) throws(APIError) -> JSON {
        let calendar = try calendar(name, for: caller, atLeast: .freeBusyReader)
        let query = try EventQuery(parameters)
        let renderer = renderer(calendar, for: caller, query.request)
        let page: JSON
        if let pageToken = query.pageToken {
            page = try self.page(pageToken, maximum: query.maximum, scope: calendar.id, signature: query.signature)
        } else {
            let items =
                if let token = query.syncToken {
                    try delta(since: token, in: calendar, query, renderer)
                } else {
                    fullList(of: calendar, query, renderer)
                }
            let token = ChangeToken(epoch: epoch, scope: calendar.id, change: book(of: calendar).lastChange).text
            page = firstPage(
                Listings.Listing(
                    signature: query.signature,
                    scope: calendar.id,
                    items: items,
                    syncToken: query.losesSyncToken ? nil : token
                ),
                maximum: query.maximum
            )
        }
        return head(of: calendar, for: caller, "calendar#events").merging(page)
    }

    /// `events.instances`: every instance of one series, stored or computed.
    mutating func instances(
        of id: String,
        _ parameters: Parameters,
        in name: String,
        by caller: Caller
    ) throws(APIError) -> JSON {
        let calendar = try calendar(name, for: caller, atLeast: .freeBusyReader)
        let query = try EventQuery(parameters)
        let master = try event(id, in: calendar)
        guard master.isRecurring else { throw .invalid("The event is not recurring.") }
        let page: JSON
        if let pageToken = query.pageToken {
            page = try self.page(pageToken, maximum: query.maximum, scope: master.id, signature: query.signature)
        } else {
            let expansion = Expansion(calendar: calendar, book: book(of: calendar), query: query, now: now)
            let renderer = renderer(calendar, for: caller, query.request)
            let items = expansion.instances(of: master).map(renderer.resource)
            page = firstPage(
                Listings.Listing(signature: query.signature, scope: master.id, items: items),
                maximum: query.maximum
            )
        }
        return head(of: calendar, for: caller, "calendar#events").merging(page)
    }

    private func head(of calendar: SimulatedCalendar, for caller: Caller, _ kind: String) -> JSON {
        let newest = max(calendar.revision, book(of: calendar).lastRevision)
        return .compact([
            "kind": .string(kind), "etag": .string("\"p\(newest)\""), "summary": .string(calendar.summary),
            "description": .string(calendar.description ?? ""),
            "updated": .string(timestamp(microseconds: newest)), "timeZone": .string(calendar.timeZone),
            "accessRole": (calendar.entries[caller.email]?.role.rawValue).map(JSON.string),
            "defaultReminders": .array(calendar.defaultReminders(of: caller.email)),
        ])
    }

    private func fullList(of calendar: SimulatedCalendar, _ query: EventQuery, _ renderer: EventRenderer) -> [JSON] {
        let expansion = Expansion(calendar: calendar, book: book(of: calendar), query: query, now: now)
        var events = expansion.events()
        switch query.order {
        case .creation: break
        case .updated: events.sort { $0.updated < $1.updated }
        case .startTime:
            events.sort { $0.start.instant(in: calendar.timeZone) < $1.start.instant(in: calendar.timeZone) }
        }
        return events.map(renderer.resource)
    }

    /// Everything that changed since the token, deleted ones always included, in the order of the changes.
    private func delta(
        since text: String,
        in calendar: SimulatedCalendar,
        _ query: EventQuery,
        _ renderer: EventRenderer
    ) throws(APIError) -> [JSON] {
        let book = self.book(of: calendar)
        guard let token = ChangeToken(text), token.epoch == epoch, token.scope == calendar.id,
            (book.oldestAcceptedChange...book.lastChange).contains(token.change)
        else { throw .fullSyncRequired }
        let changed = book.changes(since: token.change)
        let expansion = Expansion(calendar: calendar, book: book, query: query, now: now)
        return changed.filter(expansion.hasWantedType).flatMap { event in
            let members = query.singleEvents ? expansion.expanded(event) : [event]
            return members.map { member in
                let isGone = book.isCancelled(member)
                return isGone && !query.showDeleted ? renderer.tombstone(of: member) : renderer.resource(of: member)
            }
        }
    }
}

/// Pages.
extension GoogleCalendarState {
    /// The first page of a listing, which is kept if there are more.
    mutating func firstPage(_ listing: Listings.Listing, maximum: Int) -> JSON {
        let number = listings.keep(listing)
        return page(PageToken(listing: number, offset: 0, isEmptyPage: pages.insertsEmptyPages), listing, maximum)
    }

    /// The page a token stands for.
    func page(
        _ text: String,
        maximum: Int,
        scope: String,
        signature: EventQuery?
    ) throws(APIError) -> JSON {
        guard let token = PageToken(text), let listing = listings.listing(token.listing), listing.scope == scope,
            listing.signature == signature, token.offset <= listing.items.count
        else { throw .invalidParameter("pageToken", text) }
        return page(token, listing, maximum)
    }

    private func page(_ token: PageToken, _ listing: Listings.Listing, _ maximum: Int) -> JSON {
        let size = token.isEmptyPage ? 0 : min(maximum, pages.maximumItems ?? maximum)
        let end = min(token.offset + size, listing.items.count)
        let items = JSON.array(Array(listing.items[token.offset..<end]))
        guard token.isEmptyPage || end < listing.items.count else {
            return .compact(["items": items, "nextSyncToken": .text(listing.syncToken)])
        }
        let next = PageToken(
            listing: token.listing,
            offset: end,
            isEmptyPage: !token.isEmptyPage && pages.insertsEmptyPages
        )
        return ["items": items, "nextPageToken": .string(next.text)]
    }
}

extension EventQuery {
    /// How the items are to be rendered.
    var request: EventRequest { EventRequest(maximumAttendees: maximumAttendees, timeZone: timeZone) }
}
