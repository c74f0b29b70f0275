import HTTPTypes
import ICalendar
import Store
import Sync

extension RESTRoutes {
    static let historyOperations: [Operation] = [
        .list(
            "/events/{id}/history",
            "list_versions",
            "Every version an event ever had, also of a deleted one",
            of: .named("Version")
        ) { rest, request in try await rest.history(request) },
        .post(
            "/events/{id}/restore",
            "restore_event",
            "Makes an old version the present one; what it doubles is named, and stays",
            body: .object(["version?": .identifier.orNull.noted("of a deleted event, without it, what was deleted")]),
            answer: .named("RestoredEvent")
        ) { rest, request in try await rest.restore(request) },
        .get(
            "/events/{id}/explain",
            "explain_event",
            "Why an event is as it is: what each link of its calendar knows of it",
            answer: .named("Explanation")
        ) { rest, request in try await rest.explain(request) },
    ]

    /// `GET /events/{id}/history`: every version an event ever had, also of a deleted one.
    func history(_ request: RESTRequest) async throws -> RESTReply {
        let versions = try await versions(request)
        return try Page(request).reply(
            versions.map { version in
                [
                    "id": .integer(version.number), "version": .integer(version.number),
                    "at": .string(version.at.rfc3339),
                    "by": .string("\(version.author.kind.rawValue) \(version.author.name)"),
                    "run": version.author.run.map(JSON.integer) ?? .null, "ics": .string(version.text),
                    "kind": .string(version.kind.rawValue), "summary": .text(version.summary),
                ]
            }
        )
    }

    /// `POST /events/{id}/restore`: an old version becomes the present one, and goes upstream like any edit.
    ///
    /// Of a series that was split since, the rest is an event of its own. It stays: whoever wants it gone deletes it, and it can
    /// be restored like any other. The answer names it, as both take place on the same days.
    func restore(_ request: RESTRequest) async throws -> RESTReply {
        var reply = try await restoreVersion(request)
        guard case .json(let body) = reply.content, var members = body.object,
            let id = body["id"]?.integer.map(ObjectID.init(rawValue:)),
            let calendar = try await gateway.calendars.calendar(holding: id)
        else { return reply }
        let own = try await visibleCalendar(calendar.id, request.visitor)
        var doubles: [JSON] = []
        for stored in try await gateway.calendars.doubles(of: id) {
            let object = try stored.object()
            guard let first = try Self.whole(object, own.zone(for: object)) else { continue }
            doubles.append(EventRow(stored: stored, object: object, calendar: own).json(first))
        }
        members["doubled_by"] = .array(doubles)
        reply.content = .json(.object(members))
        return reply
    }

    private func restoreVersion(_ request: RESTRequest) async throws -> RESTReply {
        let versions = try await versions(request)
        let version: Version?
        if let number = try request.members()["version"]?.integer {
            version = versions.first { $0.number == number }
        } else {
            version = try await deletion(among: versions)
        }
        guard let version else { throw RESTProblem.notFound }
        let object = try CalendarObject(parsing: version.text)
        // An event that was moved since is restored where it is now.
        if let present = try await gateway.calendars.object(version.object),
            let calendar = try await gateway.calendars.calendar(holding: version.object)
        {
            let own = try await visibleCalendar(calendar.id, request.visitor)
            return try await put(object, present.name, in: own, if: .always, request)
        }
        let calendar = try await visibleCalendar(version.calendar, request.visitor)
        let name = try await freeName(for: version)
        try refuseProtected(calendar)
        let outcome = try await gateway.links.bringBack(
            object,
            named: name,
            in: calendar.id,
            by: request.visitor.author
        )
        return try await reply(outcome, object, name, in: calendar)
    }

    /// What was deleted, of an event that is gone.
    private func deletion(among versions: [Version]) async throws -> Version? {
        guard let last = versions.last(where: { $0.kind == .deleted }) else { return nil }
        guard try await gateway.calendars.object(last.object) == nil else {
            throw RESTProblem.invalid("version is missing: the event is not deleted.")
        }
        return last
    }

    /// The name an event had that is gone now, or a new one: its own may be another's by now.
    private func freeName(for version: Version) async throws -> String {
        for name in [version.name] + ObjectName.candidates(for: version.uid)
        where try await gateway.calendars.object(named: name, in: version.calendar) == nil {
            return name
        }
        throw Self.changedMeanwhile
    }

    /// The versions of the event that the path names, also of a deleted one, as far as the visitor may see them.
    func versions(_ request: RESTRequest) async throws -> [Version] {
        let id = ObjectID(rawValue: try request.identifier(1))
        guard let calendar = try await gateway.calendars.calendar(holding: id) else { throw RESTProblem.notFound }
        // What was deleted or changed before is not for those who were only given what is there now.
        let visible = try await visibleCalendar(calendar.id, request.visitor)
        guard visible.access != .read else { throw RESTProblem.notFound }
        let versions = try await gateway.calendars.versions(of: id)
        // Nor is what the event was in another calendar of its owner's, before it was moved here.
        return visible.received == nil ? versions : versions.filter { $0.calendar == visible.id }
    }

    /// The event that the path names, in a calendar that the visitor sees.
    func event(_ request: RESTRequest) async throws -> (StoredObject, CalendarCollection) {
        let id = ObjectID(rawValue: try request.identifier(1))
        guard let stored = try await gateway.calendars.object(id),
            let calendar = try await gateway.calendars.calendar(holding: id)
        else { throw RESTProblem.notFound }
        return (stored, try await visibleCalendar(calendar.id, request.visitor))
    }

    /// Stores an object and answers its row.
    func put(
        _ object: CalendarObject,
        _ name: String,
        in calendar: CalendarCollection,
        if condition: WriteCondition,
        _ request: RESTRequest,
        status: HTTPResponse.Status = .ok
    ) async throws -> RESTReply {
        try refuseProtected(calendar)
        let outcome = try await gateway.calendars.put(
            object,
            named: name,
            in: calendar.id,
            if: condition,
            by: request.visitor.author
        )
        return try await reply(outcome, object, name, in: calendar, status: status)
    }

    private func reply(
        _ outcome: PutOutcome,
        _ object: CalendarObject,
        _ name: String,
        in calendar: CalendarCollection,
        status: HTTPResponse.Status = .ok
    ) async throws -> RESTReply {
        switch outcome {
        case .created, .replaced, .unchanged: break
        case .conditionFailed: throw Self.changedMeanwhile
        case .uidInUse(let holder):
            throw RESTProblem(
                .conflict,
                "conflict",
                "The UID is used by \(holder) already.",
                "Change that event instead."
            )
        case .calendarMissing: throw RESTProblem.notFound
        }
        guard let stored = try await gateway.calendars.object(named: name, in: calendar.id) else {
            throw RESTProblem.notFound
        }
        let first = try Self.whole(object, calendar.zone(for: object))
        guard let first else {
            return RESTReply(status, ["id": .integer(stored.id.rawValue)], etag: stored.etag.rawValue)
        }
        let row = EventRow(stored: stored, object: object, calendar: calendar).json(first)
        return RESTReply(status, row, etag: stored.etag.rawValue)
    }

    func refuseProtected(_ calendar: CalendarCollection) throws(RESTProblem) {
        guard calendar.isWriteProtected else { return }
        guard calendar.received?.access != .read else { throw .readOnlyCalendar }
        throw RESTProblem(
            .forbidden,
            "permission_denied",
            "The calendar is linked with one that may only be read.",
            "Change the event where it comes from."
        )
    }

    func checked(_ root: Component) throws(RESTProblem) -> CalendarObject {
        do {
            return try CalendarObject(root)
        } catch {
            throw RESTProblem(.unprocessableContent, "invalid_event", error.message, "Correct the event.")
        }
    }

    /// If-Match as given, else the version that was read for the change.
    func condition(_ request: RESTRequest, _ stored: StoredObject) -> WriteCondition {
        guard let tags = request.matching else { return .matches([stored.etag]) }
        return tags == ["*"] ? .present : .matches(tags.map { ETag(rawValue: $0) })
    }

    static let changedMeanwhile = RESTProblem(
        .preconditionFailed,
        "conflict",
        "The event was changed in the meantime.",
        "Read it again and repeat the change."
    )
}

/// Random identifiers in lower-case letters and digits.
enum RandomText {
    /// Thirty-two letters and digits that nobody takes for each other.
    private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)

    static func make(length: Int) -> String {
        // Five bits a letter: one number, which is a call of the system, serves twelve of them.
        let octets = stride(from: 0, to: length, by: 12).flatMap { begun in
            let bits = UInt64.random(in: .min ... .max)
            return (0..<min(12, length - begun)).map { alphabet[Int((bits >> (5 * $0)) & 31)] }
        }
        return String(decoding: octets, as: UTF8.self)
    }
}
