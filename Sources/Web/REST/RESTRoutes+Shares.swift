import HTTPTypes
import ICalendar
import Store

extension RESTRoutes {
    static let shareOperations: [Operation] =
        [
            .list("/calendars/{id}/shares", "list_shares", "To whom a calendar is given", of: .named("Share")) {
                rest,
                request in
                let calendar = try await rest.ownedCalendar(request)
                return try Page(request).reply(try await rest.gateway.calendars.shares(of: calendar.id).map(Self.row))
            },
            .post(
                "/calendars/{id}/shares",
                "create_share",
                "Gives a calendar to another user; who has it already gets the new access",
                body: .named("NewShare"),
                .created,
                answer: .named("Share")
            ) { rest, request in try await rest.giveCalendar(request) },
            .get("/calendars/{id}/shares/{share}", "show_share", "One share", answer: .named("Share")) {
                rest,
                request in RESTReply(.ok, Self.row(try await rest.share(request)))
            },
            .patch(
                "/calendars/{id}/shares/{share}",
                "change_share",
                "Changes what a sharee may do",
                body: .object(["access": .choice(ShareAccess.self)]),
                answer: .named("Share")
            ) { rest, request in try await rest.changeShare(request) },
            .delete("/calendars/{id}/shares/{share}", "delete_share", "Takes a calendar back; it is gone at once") {
                rest,
                request in
                let share = try await rest.share(request)
                guard try await rest.gateway.calendars.removeShare(share.id, of: share.calendar) else {
                    throw RESTProblem.notFound
                }
                return .done
            },
            .list("/shares", "list_received_shares", "The calendars given to you", of: .named("ReceivedShare")) {
                rest,
                request in
                let received = try await rest.gateway.calendars.receivedCalendars(of: request.visitor.principal.id)
                return try Page(request).reply(received.compactMap { Self.receivedRow($0, request.visitor) })
            },
        ] + ShareState.allCases.map(answerOperation)

    /// `POST /calendars/{id}/shares/{share}/accept` and `…/decline`, for the sharee.
    private static func answerOperation(_ state: ShareState) -> Operation {
        let verb =
            switch state {
            case .accepted: "accept"
            case .declined: "decline"
            }
        return .post(
            "/calendars/{id}/shares/{share}/\(verb)",
            "\(verb)_share",
            "You \(verb) a calendar that was given to you",
            answer: .named("ReceivedShare")
        ) { rest, request in
            let received = try await rest.received(request)
            guard let id = received.received?.id,
                try await rest.gateway.calendars.setState(state, of: id, for: request.visitor.principal.id)
            else { throw RESTProblem.notFound }
            return RESTReply(.ok, Self.receivedRow(try await rest.received(request), request.visitor))
        }
    }

    /// The calendar of the path where the visitor owns it: only then can it be given away.
    func ownedCalendar(_ request: RESTRequest) async throws -> CalendarCollection {
        let calendar = try await calendar(request)
        guard calendar.received == nil else {
            throw RESTProblem(
                .forbidden,
                "permission_denied",
                "Only its owner shares a calendar.",
                "Ask \(calendar.received?.ownerName ?? "its owner")."
            )
        }
        return calendar
    }

    private func share(_ request: RESTRequest) async throws -> Share {
        let calendar = try await ownedCalendar(request)
        let id = ShareID(rawValue: try request.identifier(3))
        guard let share = try await gateway.calendars.shares(of: calendar.id).first(where: { $0.id == id }) else {
            throw RESTProblem.notFound
        }
        return share
    }

    /// The calendar that was given to the visitor by the share of the path, declined or not.
    private func received(_ request: RESTRequest) async throws -> CalendarCollection {
        let calendar = CalendarID(rawValue: try request.identifier(1))
        let share = ShareID(rawValue: try request.identifier(3))
        let all = try await gateway.calendars.receivedCalendars(of: request.visitor.principal.id)
        guard let found = all.first(where: { $0.id == calendar && $0.received?.id == share }) else {
            throw RESTProblem.notFound
        }
        return found
    }

    private func giveCalendar(_ request: RESTRequest) async throws -> RESTReply {
        let calendar = try await ownedCalendar(request)
        let members = try request.members()
        guard let access = members["access"]?.string.flatMap(ShareAccess.init) else {
            throw RESTProblem.invalid("access is read or write.")
        }
        let named = members["user"]?.string ?? members["email"]?.string ?? ""
        guard let sharee = try await sharee(named, isUser: members["user"]?.string != nil) else {
            throw RESTProblem(.unprocessableContent, "not_found", "Nobody here is called \(named).", "Check the name.")
        }
        return try await give(calendar, to: sharee, access)
    }

    /// Who is meant: a user by name, or anybody by mail address.
    func sharee(_ named: String, isUser: Bool) async throws -> Principal? {
        isUser
            ? try await gateway.calendars.principal(named: named) : try await gateway.calendars.principal(email: named)
    }

    func give(_ calendar: CalendarCollection, to sharee: Principal, _ access: ShareAccess) async throws -> RESTReply {
        switch try await gateway.calendars.share(calendar.id, of: calendar.owner, with: sharee.id, access) {
        case .created(let share): return RESTReply(.created, Self.row(share))
        case .changed(let share): return RESTReply(.ok, Self.row(share))
        case .calendarMissing: throw RESTProblem.notFound
        case .ownCalendar:
            throw RESTProblem(
                .unprocessableContent,
                "invalid_request",
                "The calendar is your own already.",
                "Name somebody else."
            )
        }
    }

    private func changeShare(_ request: RESTRequest) async throws -> RESTReply {
        let share = try await share(request)
        guard let access = try request.members()["access"]?.string.flatMap(ShareAccess.init) else {
            throw RESTProblem.invalid("access is read or write.")
        }
        return try await give(try await ownedCalendar(request), to: share.sharee, access)
    }

    private static func row(_ share: Share) -> JSON {
        [
            "id": .integer(share.id.rawValue), "calendar": .integer(share.calendar.rawValue),
            "user": .string(share.sharee.name), "email": .text(share.sharee.email),
            "display_name": .text(share.sharee.displayName), "access": .string(share.access.rawValue),
            "state": .string(share.state.rawValue), "created_at": .string(share.createdAt.rfc3339),
        ]
    }

    private static func receivedRow(_ calendar: CalendarCollection, _ visitor: Visitor) -> JSON? {
        guard let share = calendar.received else { return nil }
        return [
            "id": .integer(share.id.rawValue), "calendar": .integer(calendar.id.rawValue),
            "owner": .string(share.ownerName), "name": .string(calendar.name),
            "display_name": .text(calendar.properties.displayName), "access": .string(share.access.rawValue),
            "state": .string(share.state.rawValue),
            "href": .string("/dav/calendars/\(visitor.principal.name)/\(calendar.name)/"),
        ]
    }
}

extension Schemas {
    static let share = Schema.object([
        "id": .identifier, "calendar": .identifier, "user": .text, "email": .text.orNull, "display_name": .text.orNull,
        "access": .choice(ShareAccess.self), "state": .choice(ShareState.self), "created_at": .time,
    ])

    static let newShare = Schema.object([
        "user?": .text(1...200).orNull.noted("the name of a user here; or else email"),
        "email?": .text(1...320).orNull, "access": .choice(ShareAccess.self),
    ])

    static let receivedShare = Schema.object([
        "id": .identifier, "calendar": .identifier, "owner": .text,
        "name": .text.noted("the last segment of its address in your home"), "display_name": .text.orNull,
        "access": .choice(ShareAccess.self), "state": .choice(ShareState.self), "href": .text,
    ])
}
