import ICalendar

/// The control interface: the person's side and the service's behaviour as JSON over HTTP, below `/control/`.
extension GoogleSimulator {
    /// Answers a control request; it meets no fault, no quota and no latency, and needs no token.
    func control(_ request: APIRequest) -> APIReply {
        do {
            guard let path = request.segments.map({ Array($0.dropFirst()) }) else { throw APIError.notFound }
            let body = request.body.isEmpty ? [:] : try JSON(parsing: request.body)
            let answer =
                switch path.first {
                case "accounts": try controlAccounts(request.method, body)
                case "calendars": try controlCalendars(request.method, Array(path.dropFirst()), body)
                case let name?: try controlService(request.method, name, Array(path.dropFirst()), body)
                case nil: overview
                }
            return .json(200, answer)
        } catch let error as APIError {
            return APIReply(error)
        } catch let error as JSONError {
            return APIReply(APIError.badRequest("\(error.message) at \(error.offset)"))
        } catch {
            return APIReply(APIError.backend(500))
        }
    }

    private var overview: JSON {
        [
            "accounts": .array(state.accounts.keys.sorted().map(JSON.string)),
            "calendars": .array(state.calendarOrder.map(JSON.string)),
            "now": .string(state.now.rfc3339),
            "applications": .array(state.grants.applications.keys.sorted().map(JSON.string)),
        ]
    }

    private func controlAccounts(_ method: String, _ body: JSON) throws(APIError) -> JSON {
        guard method == "POST" else { return .array(state.accounts.keys.sorted().map(JSON.string)) }
        let email = try body.required("email")
        addAccount(
            email: email,
            displayName: body["displayName"]?.text ?? "",
            timeZone: body["timeZone"]?.text ?? "Europe/Berlin"
        )
        return ["email": .string(email)]
    }

    private func controlCalendars(_ method: String, _ path: [String], _ body: JSON) throws -> JSON {
        guard let calendar = path.first else {
            guard method == "POST" else { return .array(state.calendarOrder.compactMap(calendarOverview)) }
            let id = addCalendar(
                id: body["id"]?.text,
                summary: try body.required("summary"),
                timeZone: body["timeZone"]?.text ?? "Europe/Berlin",
                owner: try body.required("owner")
            )
            return ["id": .string(id)]
        }
        guard let found = calendarOverview(calendar) else { throw APIError.notFound }
        switch (method, path.dropFirst().first) {
        case ("GET", nil): return found
        case ("POST", "share"):
            let email = try body.required("email")
            guard let role = body["role"]?.text else {
                unshare(calendar, from: email)
                return [:]
            }
            guard let role = AccessRole(rawValue: role) else { throw APIError.invalid("Unknown role.") }
            share(calendar, with: email, as: role)
            return [:]
        case ("POST", "seed"):
            try seedEvents(body["count"]?.number ?? 12, in: calendar)
            return ["events": .integer(Int64(events(in: calendar).count))]
        case (_, "events"): return try controlEvents(method, Array(path.dropFirst(2)), body, in: calendar)
        case _: throw APIError.notFound
        }
    }

    private func calendarOverview(_ id: String) -> JSON? {
        guard let calendar = state.calendars[id] else { return nil }
        return [
            "id": .string(id), "summary": .string(calendar.summary), "owner": .string(calendar.owner),
            "timeZone": .string(calendar.timeZone), "events": .integer(Int64(state.book(of: calendar).count)),
            "roles": .object(calendar.entries.mapValues { $0.isDeleted ? .null : .string($0.role.rawValue) }),
        ]
    }

    /// The person's edits; `as` in a body names another account than the owner.
    private func controlEvents(
        _ method: String,
        _ path: [String],
        _ body: JSON,
        in calendar: String
    ) throws -> JSON {
        var event = body
        let email = body["as"]?.text
        event["as"] = nil
        guard let id = path.first else {
            guard method == "POST" else { return .array(events(in: calendar)) }
            return try createEvent(event, in: calendar, as: email)
        }
        switch (method, path.dropFirst().first) {
        case ("GET", nil):
            let caller = Caller.person(email ?? state.calendars[calendar]?.owner ?? calendar)
            return try state.getEvent(id, in: calendar, by: caller, EventRequest()).body ?? .null
        case ("PATCH", nil): return try editEvent(id, event, in: calendar, as: email)
        case ("DELETE", nil):
            try deleteEvent(id, in: calendar, as: email)
            return [:]
        case ("POST", "move"):
            return try moveEvent(id, from: calendar, to: try body.required("destination"), as: email)
        case ("POST", "split"): return try splitSeries(at: id, event, in: calendar, as: email)
        case _: throw APIError.notFound
        }
    }
}

/// The service's own side.
extension GoogleSimulator {
    private func controlService(_ method: String, _ name: String, _ path: [String], _ body: JSON) throws -> JSON {
        guard method != "GET" else { return try report(name) }
        switch name {
        case "requests" where method == "DELETE": forgetRequests()
        case "faults": try controlFaults(method, body)
        case "clock": setClockOffset(Int64(body["offset"]?.number ?? 0))
        case "latency":
            setLatency(
                .milliseconds(body["milliseconds"]?.number ?? 0),
                batchedCall: .milliseconds(body["batchedCall"]?.number ?? 0)
            )
        case "quota": setQuota(Quota(body))
        case "usage-limit": setOverUsageLimit(body["over"]?.flag ?? true, for: try body.required("account"))
        case "pages": setPages(PageBehaviour(body))
        case "auto-approve": setAutoApprove(body["enabled"]?.flag ?? true)
        case "applications":
            register(
                OAuthApplication(
                    id: try body.required("id"),
                    secret: try body.required("secret"),
                    redirectURIs: body["redirectURIs"]?.elements?.compactMap(\.text)
                )
            )
        case "access-tokens" where path == ["expire"]: expireAccessTokens()
        case "access-tokens": return ["access_token": .string(try makeToken(body))]
        case "token-seconds": setTokenSeconds(Int64(body["seconds"]?.number ?? 3599))
        case "grants" where path == ["revoke"]: revokeGrants(of: body["account"]?.text)
        case "sync-tokens" where path == ["expire"]: expireSyncTokens(of: body["calendar"]?.text)
        case _: throw APIError.notFound
        }
        return [:]
    }

    private func makeToken(_ body: JSON) throws(APIError) -> String {
        let scopes = body["scopes"]?.elements?.compactMap(\.text) ?? ["calendar"]
        return makeAccessToken(for: try body.required("account"), scopes: scopes)
    }

    private func report(_ name: String) throws(APIError) -> JSON {
        switch name {
        case "outbox": .array(mails.map(\.resource))
        case "requests": .array(log.map(\.resource))
        case "counters": .object(counters.mapValues { .integer(Int64($0)) })
        case "notifications": .array(notifications.map(\.resource))
        case "channels": .array(openChannels.map(JSON.string))
        case "faults": ["left": .integer(Int64(faults.faults.count))]
        case _: throw .notFound
        }
    }

    /// PUT replaces, POST adds, DELETE clears: `{"faults":[…],"notifications":{"dropRate","duplicateRate"}}`.
    private func controlFaults(_ method: String, _ body: JSON) throws(APIError) {
        var list: [Fault] = []
        for element in body["faults"]?.elements ?? [] {
            guard let fault = Fault(element) else { throw .invalid("Unknown fault: \(element.serialized)") }
            list.append(fault)
        }
        setFaults(method == "POST" ? faults.faults + list : list)
        guard method == "DELETE" || body["notifications"] != nil else { return }
        setNotificationFaults(
            NotificationFaults(
                dropRate: body["notifications"]?["dropRate"]?.fraction ?? 0,
                duplicateRate: body["notifications"]?["duplicateRate"]?.fraction ?? 0
            )
        )
    }
}

extension JSON {
    /// The text of a member that must be there.
    fileprivate func required(_ name: String) throws(APIError) -> String {
        guard let text = self[name]?.text, !text.isEmpty else { throw .required("Required parameter: \(name)") }
        return text
    }
}

extension Quota {
    fileprivate init(_ json: JSON) {
        self.init(
            perMinute: json["perMinute"]?.number,
            burst: json["burst"]?.number ?? 60,
            reason: json["reason"]?.text ?? "rateLimitExceeded",
            status: json["status"]?.number ?? 403
        )
    }
}

extension PageBehaviour {
    fileprivate init(_ json: JSON) {
        self.init(
            maximumItems: json["maximumItems"]?.number,
            insertsEmptyPages: json["insertsEmptyPages"]?.flag ?? false
        )
    }
}
