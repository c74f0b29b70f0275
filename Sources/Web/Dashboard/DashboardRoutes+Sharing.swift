import Accounts
import Hummingbird
import ICalendar
import Store

extension DashboardRoutes {
    /// To whom a calendar is given, and its secret links; for a sharee, what was given to it.
    ///
    /// `told` is what is shown once: the address of a new link.
    func sharingPage(_ id: String, _ visitor: Visitor, told: [String: Any] = [:]) async throws -> Response {
        var content: [String: Any] = [:]
        if let received = try await received(id, visitor) {
            content["given"] = Self.given(received)
        } else {
            let calendar = try await ownCalendar(id, visitor)
            content["owned"] = [
                "id": calendar.id.rawValue, "isReadOnly": calendar.isWriteProtected,
                "shares": try await gateway.calendars.shares(of: calendar.id).map(row),
                "feeds": try await gateway.calendars.feeds(of: calendar.id).map(row),
            ]
            content["name"] = calendar.properties.displayName ?? calendar.name
        }
        return page("share", content.merging(told) { $1 }, for: visitor)
    }

    private func row(_ share: Share) -> [String: Any] {
        [
            "share": share.id.rawValue, "who": share.sharee.displayName ?? share.sharee.name,
            "user": share.sharee.name, "mayWrite": share.access == .write, "isDeclined": share.state == .declined,
        ]
    }

    private func row(_ feed: Feed) -> [String: Any] {
        let shown =
            switch feed.privacy {
            case .full: "everything"
            case .titles: "times and titles"
            case .busy: "busy times only"
            }
        return [
            "feed": feed.id, "label": feed.label, "shown": shown, "used": time(feed.lastUsedAt),
            "expires": feed.expiresAt.map { String($0.rfc3339.prefix(10)) } ?? "never",
            "isExpired": feed.expiresAt.map { $0 <= gateway.now() } ?? false,
        ]
    }

    private static func given(_ calendar: CalendarCollection) -> [String: Any] {
        let share = calendar.received
        return [
            "id": calendar.id.rawValue, "name": calendar.properties.displayName ?? calendar.name,
            "owner": share?.ownerDisplayName ?? share?.ownerName ?? "",
            "isDeclined": share?.state == .declined,
            "may": calendar.isWriteProtected ? "You may read it." : "You may read and change it.",
        ]
    }

    // MARK: Forms

    /// Gives a calendar to a user, named by user name or mail address.
    func giveCalendar(_ id: String, _ form: FormFields, _ visitor: Visitor) async throws -> Response {
        let calendar = try await ownCalendar(id, visitor)
        let named = form["who"] ?? ""
        // A user's name may be a mail address, not always its own.
        var sharee = try await gateway.calendars.principal(named: named)
        if sharee == nil { sharee = try await gateway.calendars.principal(email: named) }
        guard let sharee else {
            throw RESTProblem(.unprocessableContent, "not_found", "Nobody here is called \(named).", "Check the name.")
        }
        let access = form["access"].flatMap(ShareAccess.init) ?? .read
        switch try await gateway.calendars.share(calendar.id, of: visitor.principal.id, with: sharee.id, access) {
        case .created, .changed: return .seeOther("/calendars/\(calendar.id.rawValue)/share")
        case .calendarMissing: throw RESTProblem.notFound
        case .ownCalendar: throw RESTProblem.invalid("The calendar is your own already.", "Name somebody else.")
        }
    }

    /// What buttons beside a share, a link or a received calendar do.
    func changeSharing(_ path: [String], _ form: FormFields, _ visitor: Visitor) async throws -> Response {
        guard path.count == 5, let number = Int64(path[3]) else { throw RESTProblem.notFound }
        let calendar = try await ownCalendar(path[1], visitor)
        let isDone =
            switch (path[2], path[4]) {
            case ("shares", "delete"):
                try await gateway.calendars.removeShare(ShareID(rawValue: number), of: calendar.id)
            case ("shares", "access"):
                try await setAccess(form["access"], of: ShareID(rawValue: number), calendar)
            case ("feeds", "delete"): try await gateway.calendars.removeFeed(number, of: calendar.id)
            default: false
            }
        guard isDone else { throw RESTProblem.notFound }
        return .seeOther("/calendars/\(calendar.id.rawValue)/share")
    }

    private func setAccess(_ word: String?, of id: ShareID, _ calendar: CalendarCollection) async throws -> Bool {
        guard let access = word.flatMap(ShareAccess.init),
            let share = try await gateway.calendars.shares(of: calendar.id).first(where: { $0.id == id })
        else { return false }
        let outcome = try await gateway.calendars.share(calendar.id, of: calendar.owner, with: share.sharee.id, access)
        return if case .changed = outcome { true } else { false }
    }

    /// Accepts or declines a calendar that was given to the visitor.
    func answerShare(_ id: String, _ verb: String, _ visitor: Visitor) async throws -> Response {
        guard let share = try await received(id, visitor)?.received?.id else { throw RESTProblem.notFound }
        let state: ShareState = verb == "accept" ? .accepted : .declined
        _ = try await gateway.calendars.setState(state, of: share, for: visitor.principal.id)
        return .seeOther("/calendars/\(id)/share")
    }

    /// Makes a secret link and shows its address, this once.
    func addFeed(_ id: String, _ form: FormFields, _ visitor: Visitor) async throws -> Response {
        let calendar = try await ownCalendar(id, visitor)
        let day = form["expires"].flatMap { $0.isEmpty ? nil : $0 }
        let expiry = day.map { Instant(rfc3339: $0 + "T00:00:00Z") }
        if let expiry, expiry.map({ $0 <= gateway.now() }) ?? true {
            throw RESTProblem.invalid("The link would have ended already.", "Choose a day in the future, or none.")
        }
        let token = Secret.token()
        _ = try await gateway.calendars.addFeed(
            to: calendar.id,
            label: String((form["label"] ?? "").prefix(200)),
            privacy: form["privacy"].flatMap(FeedPrivacy.init) ?? .busy,
            expiresAt: expiry ?? nil,
            digest: Secret.digest(of: token)
        )
        return try await sharingPage(id, visitor, told: ["newLink": gateway.publicURL + FeedRoute.path(to: token)])
    }

    // MARK: Finding

    /// A calendar of the visitor's own.
    private func ownCalendar(_ id: String, _ visitor: Visitor) async throws -> CalendarCollection {
        guard let number = Int64(id),
            let calendar = try await gateway.calendars.calendar(CalendarID(rawValue: number)),
            calendar.owner == visitor.principal.id, calendar.properties.source == nil
        else { throw RESTProblem.notFound }
        return calendar
    }

    /// A calendar that was given to the visitor, declined or not.
    private func received(_ id: String, _ visitor: Visitor) async throws -> CalendarCollection? {
        try await gateway.calendars.receivedCalendars(of: visitor.principal.id).first { String($0.id.rawValue) == id }
    }
}
