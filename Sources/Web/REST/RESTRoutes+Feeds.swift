import Accounts
import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    static let feedOperations: [Operation] = [
        .list("/calendars/{id}/feeds", "list_feeds", "The secret links to a calendar", of: .named("Feed")) {
            rest,
            request in
            let calendar = try await rest.ownedCalendar(request)
            return try Page(request).reply(try await rest.gateway.calendars.feeds(of: calendar.id).map(Self.row))
        },
        .post(
            "/calendars/{id}/feeds",
            "create_feed",
            "Makes a secret read-only link; its address is told once",
            body: .named("NewFeed"),
            .created,
            answer: .named("Feed")
        ) { rest, request in
            let members = try request.members()
            let made = try await rest.makeFeed(
                of: try await rest.ownedCalendar(request),
                label: members["label"]?.string ?? "",
                privacy: members["privacy"]?.string.flatMap(FeedPrivacy.init) ?? .full,
                expiresAt: try rest.expiry(members["expires_at"]?.string)
            )
            return RESTReply(.created, Self.row(made.feed).adding("url", .string(made.address)))
        },
        .get(
            "/calendars/{id}/feeds/{feed}",
            "show_feed",
            "One secret link, without its address",
            answer: .named("Feed")
        ) {
            rest,
            request in
            let calendar = try await rest.ownedCalendar(request)
            let id = try request.identifier(3)
            let feeds = try await rest.gateway.calendars.feeds(of: calendar.id)
            guard let feed = feeds.first(where: { $0.id == id }) else { throw RESTProblem.notFound }
            return RESTReply(.ok, Self.row(feed))
        },
        .delete("/calendars/{id}/feeds/{feed}", "delete_feed", "Revokes a secret link") { rest, request in
            let calendar = try await rest.ownedCalendar(request)
            guard try await rest.gateway.calendars.removeFeed(request.identifier(3), of: calendar.id) else {
                throw RESTProblem.notFound
            }
            return .done
        },
    ]

    /// Makes a link; of the address only this answer and whoever is given it know.
    func makeFeed(
        of calendar: CalendarCollection,
        label: String,
        privacy: FeedPrivacy,
        expiresAt: Instant?
    ) async throws -> (feed: Feed, address: String) {
        let token = Secret.token()
        let feed = try await gateway.calendars.addFeed(
            to: calendar.id,
            label: label,
            privacy: privacy,
            expiresAt: expiresAt,
            digest: Secret.digest(of: token)
        )
        return (feed, gateway.publicURL + FeedRoute.path(to: token))
    }

    /// The time at which a link ends; nil for never.
    func expiry(_ text: String?) throws(RESTProblem) -> Instant? {
        guard let text else { return nil }
        guard let instant = Instant(rfc3339: text), instant > gateway.now() else {
            throw .invalid("expires_at is no RFC 3339 time in the future.", "Use 2026-12-24T00:00:00Z, or null.")
        }
        return instant
    }

    private static func row(_ feed: Feed) -> JSON {
        [
            "id": .integer(feed.id), "calendar": .integer(feed.calendar.rawValue), "label": .string(feed.label),
            "privacy": .string(feed.privacy.rawValue), "expires_at": .text(feed.expiresAt?.rfc3339),
            "last_used_at": .text(feed.lastUsedAt?.rfc3339), "created_at": .string(feed.createdAt.rfc3339),
        ]
    }
}

extension JSON {
    /// The object with one member more.
    fileprivate func adding(_ name: String, _ value: JSON) -> JSON {
        guard case .object(var members) = self else { return self }
        members[name] = value
        return .object(members)
    }
}

extension Schemas {
    static let feed = Schema.object([
        "id": .identifier, "calendar": .identifier, "label": .text, "privacy": .choice(FeedPrivacy.self),
        "expires_at": .time.orNull, "last_used_at": .time.orNull.noted("to the minute"), "created_at": .time,
        "url?": .text.noted("only in the answer that makes it"),
    ])

    static let newFeed = Schema.object([
        "label": .text(1...200), "expires_at?": .time.orNull.noted("null for never"),
        "privacy?": .choice(FeedPrivacy.self).noted("full where it is missing"),
    ])
}
