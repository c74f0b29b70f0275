import Accounts
import Bridging
import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    static let linkOperations: [Operation] =
        [
            .list("/links", "list_links", "What is kept in step, and how it is doing", of: .named("Link")) {
                rest,
                request in
                let all = try await rest.gateway.scheduler.statuses(of: request.visitor.principal.id)
                return try Page(request).reply(all.sorted { $0.link.id.rawValue < $1.link.id.rawValue }.map(row))
            },
            .post("/links", "create_link", "Links two calendars", body: .named("NewLink"), .created, answer: link) {
                rest,
                request in try await rest.createLink(request)
            },
            .get("/links/{id}", "show_link", "One link and how it is doing", answer: link) { rest, request in
                reply(try await rest.ownLink(request))
            },
            .patch("/links/{id}", "change_link", "Changes a link", body: .named("LinkChange"), answer: link) {
                rest,
                request in try await rest.changeLink(request)
            },
            .delete(
                "/links/{id}",
                "delete_link",
                "Ends a link; both sides stay as they are",
                query: ["purge": .truth.noted("removes what the link brought here, and upstream what we made there")],
                condition: .ifMatch
            ) { rest, request in try await rest.deleteLink(request) },
            .get("/links/{id}/plan", "show_plan", "What the first pass would do", answer: .named("Plan")) {
                rest,
                request in
                guard let plan = try await rest.gateway.scheduler.plan(try await rest.ownLink(request).link.id) else {
                    throw RESTProblem.notFound
                }
                return RESTReply(.ok, row(plan))
            },
            .post(
                "/links/{id}/sync",
                "sync_link",
                "Runs a pass at once",
                .accepted,
                answer: .object(["run": .identifier.orNull])
            ) { rest, request in
                let run = try await rest.gateway.scheduler.syncNow(try await rest.ownLink(request).link.id)
                return RESTReply(.accepted, ["run": run.map { .integer($0.rawValue) } ?? .null])
            },
            .post(
                "/links/{id}/start",
                "start_link",
                "Carries out the plan",
                body: .object([
                    "skip?": Schema.list(of: .text).orNull.noted("more UIDs of events that stay where they are"),
                    "separate?": Schema.list(of: .text).orNull.noted(
                        "more UIDs of merges that are two events; once the link has begun, to name any is a conflict"
                    ),
                ]),
                answer: link
            ) { rest, request in try await rest.startLink(request) },
        ] + verbs.map(verbOperation)

    private static let link = Schema.named("Link")

    /// What a person says to a link.
    private static let verbs = [
        ("pause", "Stops passes"), ("resume", "Lets passes run again"),
        ("approve", "Lets held deletions go on"), ("reject", "Brings back what was to be deleted"),
    ]

    private static func verbOperation(_ verb: String, _ summary: String) -> Operation {
        .post("/links/{id}/\(verb)", "\(verb)_link", summary, answer: link) { rest, request in
            _ = try await rest.gateway.act(verb, on: try await rest.ownLink(request).link.id)
            return reply(try await rest.ownLink(request))
        }
    }

    private func startLink(_ request: RESTRequest) async throws -> RESTReply {
        let members = try request.members()
        let choices = StartChoices(
            skip: Self.uids("skip", members) ?? [],
            separate: Self.uids("separate", members) ?? []
        )
        _ = try await gateway.scheduler.start(try await ownLink(request).link.id, choices)
        return Self.reply(try await ownLink(request))
    }

    private static func uids(_ name: String, _ members: JSON) -> Set<String>? {
        members[name]?.array.map { Set($0.compactMap(\.string)) }
    }

    private func deleteLink(_ request: RESTRequest) async throws -> RESTReply {
        let status = try await ownLink(request)
        try request.refuseUnless(Self.etag(of: status))
        let receipt = try await gateway.scheduler.delete(
            status.link.id,
            purge: request.query["purge"] == "true" ? .everything : .nothing,
            by: request.visitor.author
        )
        guard let receipt, request.wantsRepresentation else { return .done }
        return RESTReply(.ok, row(receipt))
    }

    private static func reply(_ status: LinkStatus) -> RESTReply {
        RESTReply(.ok, row(status), etag: etag(of: status))
    }

    /// Names the settings of a link; how it is doing does not count.
    private static func etag(of status: LinkStatus) -> String {
        let link = status.link
        let settings = [
            link.direction.rawValue, link.policy.rawValue, link.mapping ?? "", link.filters ?? "", link.timeZone,
        ]
        return JSON.array(settings.map(JSON.string) + [.bool(link.notifiesGuests)]).digest
    }

    private func createLink(_ request: RESTRequest) async throws -> RESTReply {
        let members = try request.members()
        guard let connection = members["connection"]?.integer, let upstream = members["upstream_calendar"]?.string
        else {
            throw RESTProblem.invalid("connection and upstream_calendar are needed.")
        }
        var wish = LinkWish(
            connection: try await ownConnection(ConnectionID(rawValue: connection), request.visitor),
            upstreamCalendar: upstream
        )
        if let calendar = members["calendar"]?.integer {
            wish.calendar = try await ownCalendar(CalendarID(rawValue: calendar), request.visitor)
        }
        wish.direction = try choice("direction", members) ?? .both
        wish.policy = try choice("conflicts", members) ?? .newest
        wish.mapping = try text(ofObject: "mapping", members)
        wish.filters = try filters(members)
        wish.createsColumns = members["create_columns"]?.bool == true ? .missing : .none
        wish.timeZone = try Self.zoneName(members["time_zone"]?.string)
        wish.notifiesGuests = members["notify_guests"]?.bool ?? false
        let link = try await gateway.makeLink(wish, for: request.visitor.principal)
        var choices = LinkChange()
        choices.skip = Self.uids("skip", members).map(ChosenEvents.exactly)
        choices.separate = Self.uids("separate", members).map(ChosenEvents.exactly)
        if choices != LinkChange() { _ = try await gateway.scheduler.update(link.id, choices) }
        if members["start"]?.bool == true { _ = try await gateway.scheduler.start(link.id) }
        guard let status = try await gateway.scheduler.status(of: link.id) else { throw RESTProblem.notFound }
        return RESTReply(.created, Self.row(status))
    }

    /// The IANA name of a zone; nil where none is named.
    static func zoneName(_ name: String?) throws(RESTProblem) -> String? {
        guard let name, !name.isEmpty else { return nil }
        guard let known = ZoneResolver.ianaName(for: name) else {
            throw .invalid("time_zone \(name) is no IANA time zone.", "Use a name like Europe/Berlin.")
        }
        return known
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        _ members: JSON
    ) throws(RESTProblem) -> Choice? {
        guard let member = members[name], member != .null else { return nil }
        guard let choice = member.string.flatMap(Choice.init) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("\(name) must be one of: \(known).")
        }
        return choice
    }

    private func text(ofObject name: String, _ members: JSON) throws(RESTProblem) -> String? {
        guard let member = members[name], member != .null else { return nil }
        guard member.object != nil else { throw .invalid("\(name) must be an object.") }
        return String(decoding: member.octets, as: UTF8.self)
    }

    private func filters(_ members: JSON) throws(RESTProblem) -> String? {
        guard let text = try text(ofObject: "filters", members) else { return nil }
        do {
            _ = try LinkFilters(parsing: text)
            return text
        } catch {
            throw .invalid(error.message, "See filters in /api/v1/openapi.json.")
        }
    }

    private func changeLink(_ request: RESTRequest) async throws -> RESTReply {
        let status = try await ownLink(request)
        try request.refuseUnless(Self.etag(of: status))
        let link = status.link
        let members = try request.members()
        var change = LinkChange()
        change.direction = try choice("direction", members)
        change.policy = try choice("conflicts", members)
        change.notifiesGuests = members["notify_guests"]?.bool
        change.timeZone = try Self.zoneName(members["time_zone"]?.string)
        if members["filters"] != nil { change.filters = .some(try filters(members)) }
        change.skip = Self.uids("skip", members).map(ChosenEvents.exactly)
        change.separate = Self.uids("separate", members).map(ChosenEvents.exactly)
        if let mapping = try text(ofObject: "mapping", members), let provider = gateway.provider(link.provider) {
            var upstream = link.upstream
            upstream.mapping = mapping
            change.mapping = try await provider.settle(
                upstream,
                createColumns: members["create_columns"]?.bool == true ? .missing : .none,
                using: gateway.vault.source(for: link.connection)
            ).mapping
            if let provider = provider as? any MappingProvider, let settled = change.mapping {
                change.moved = provider.moved(from: link.mapping, to: settled)
            }
        }
        _ = try await gateway.scheduler.update(link.id, change)
        return Self.reply(try await ownLink(request))
    }

    /// The link that the path names, if it is the visitor's.
    func ownLink(_ request: RESTRequest) async throws -> LinkStatus {
        try await gateway.ownLink(LinkID(rawValue: request.identifier(1)), request.visitor)
    }

    /// A link as the REST interface shows it.
    static func row(_ status: LinkStatus) -> JSON {
        let link = status.link
        return [
            "id": .integer(link.id.rawValue), "calendar": .integer(link.calendar.rawValue),
            "connection": .integer(link.connection.rawValue), "provider": .string(link.provider),
            "upstream_calendar": .string(link.upstreamCalendar), "upstream_name": .string(link.upstreamName),
            "access": .string(link.access.rawValue),
            "direction": .string(link.direction.rawValue), "conflict_policy": .string(link.policy.rawValue),
            "notify_guests": .bool(link.notifiesGuests), "time_zone": .string(link.timeZone),
            "mapping": link.mapping.flatMap { JSON(parsing: Array($0.utf8)) } ?? .null,
            "filters": link.filters.flatMap { JSON(parsing: Array($0.utf8)) } ?? .null,
            "push_until": .text(status.channelExpiresAt?.rfc3339), "push_problem": .text(status.channelProblem),
            "state": .string(status.state.rawValue), "last_synced_at": .text(status.lastSyncedAt?.rfc3339),
            "next_sync_at": .text(status.nextSyncAt?.rfc3339),
            "writes_resume_at": .text(status.writesResumeAt?.rfc3339),
            "progress": status.progress.map(row) ?? .null,
            "events": .integer(status.events), "pending": .integer(status.pending),
            "failed": .integer(status.failed), "conflicts": .integer(status.conflicts),
            "last_error": status.lastError.map(row) ?? .null,
        ]
    }

    private static func row(_ progress: SyncProgress) -> JSON {
        [
            "done": .integer(progress.done), "total": .integer(progress.total),
            "total_known": .bool(progress.isTotalKnown),
            "estimated_end": .text(progress.estimatedEnd?.rfc3339),
        ]
    }

    static func row(_ problem: LinkProblem) -> JSON {
        ["code": .string(problem.code), "message": .string(problem.message), "remedy": .string(problem.remedy)]
    }
}

extension Gateway {
    /// A link and how it is doing, if it is the visitor's.
    func ownLink(_ id: LinkID, _ visitor: Visitor) async throws -> LinkStatus {
        guard let status = try await scheduler.status(of: id), status.link.principal == visitor.principal.id else {
            throw RESTProblem.notFound
        }
        return status
    }

    /// Does what a button or a program asks of a link; false where there is no such verb.
    func act(_ verb: String, on link: LinkID) async throws -> Bool {
        switch verb {
        case "start": _ = try await scheduler.start(link)
        case "pause": _ = try await scheduler.pause(link)
        case "resume": _ = try await scheduler.resume(link)
        case "approve": _ = try await scheduler.approve(link)
        case "reject": _ = try await scheduler.reject(link)
        default: return false
        }
        return true
    }
}
