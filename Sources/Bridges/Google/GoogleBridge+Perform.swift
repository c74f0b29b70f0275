public import Bridging
import HTTPTypes

extension GoogleBridge {
    /// Performs one write; each says who is to be mailed about it.
    ///
    /// An update that names no revision is unconditional.
    public func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? {
        let call = try call(for: write)
        return try await outcome(of: client.exchange(call), to: call, for: write)
    }

    /// The call that carries a write out.
    ///
    /// Every try to create an event uses the same identifier. Whether an earlier one made it need not be asked first: the
    /// identifier is then taken, and Google says so.
    func call(for write: RecordWrite) throws(BridgeError) -> GoogleCall {
        switch write {
        case .create(let creation):
            GoogleCall(method: .post, path: events(), query: notification, body: try body(creation.payload))
        case .update(let id, _, let revision, let payload):
            patch(id, revision, try body(payload))
        case .delete(let id, _, let revision):
            GoogleCall(method: .delete, path: events(id), query: notification, revision: revision)
        }
    }

    private func patch(_ id: String, _ revision: String?, _ body: JSON) -> GoogleCall {
        GoogleCall(method: .patch, path: events(id), query: notification, revision: revision, body: body)
    }

    private var notification: [(String, String)] {
        [("sendUpdates", mail == .all ? "all" : "none")]
    }

    /// What an answer means for the write it is about; where it leaves that open, Google is asked.
    func outcome(
        of reply: GoogleReply,
        to call: GoogleCall,
        for write: RecordWrite
    ) async throws(BridgeError) -> UpstreamRecord? {
        switch write {
        case .create(let creation): try await created(creation, reply, call)
        case .update(let id, _, _, _): try await updated(id, reply)
        case .delete: try await deleted(reply)
        }
    }

    private func body(_ payload: String) throws(BridgeError) -> JSON {
        do {
            return try JSONReader.value(of: payload)
        } catch {
            throw .refused(
                Refusal(.item, code: "invalid_event", message: "The write is not readable as JSON.", isFinal: true)
            )
        }
    }

    // MARK: Create

    private func created(
        _ creation: RecordCreation,
        _ reply: GoogleReply,
        _ call: GoogleCall
    ) async throws(BridgeError) -> UpstreamRecord {
        if reply.isSuccess { return try await record(reply) }
        let failure = GoogleFailure(reply)
        guard failure.isDuplicate, let id = creation.id, let payload = call.body else {
            throw failure.error(about: .item)
        }
        return try await settle(duplicate: id, payload, uid: creation.uid)
    }

    /// Finds out who holds the identifier: our earlier try, our deleted event, or somebody else.
    private func settle(
        duplicate id: String,
        _ payload: JSON,
        uid: String
    ) async throws(BridgeError) -> UpstreamRecord {
        let reply = try await client.send(.get, events(id), about: .item)
        let holder = try reply.value()
        guard holder["status"]?.text != "cancelled" else {
            return try await revive(id, holder["etag"]?.text, as: payload)
        }
        guard OurMark(holder)?.uid == uid else {
            let sentence = "Google has another event under the identifier of this one."
            throw .refused(Refusal(.item, code: "duplicate", message: sentence, isFinal: true))
        }
        let made = EventResource(holder, linkZone: link.timeZone)
        let wanted = EventResource(payload, linkZone: link.timeZone)
        // Made by an earlier try and changed since: what it says now must be seen before it counts as agreed.
        guard let made, let wanted, made.holdsSame(as: wanted) else { throw .changedUpstream }
        return try await record(reply)
    }

    /// Turns a tombstone into the event: everything it may still hold is set or cleared.
    ///
    /// Only `confirmed` brings it back; another status has to follow.
    private func revive(
        _ id: String,
        _ revision: String?,
        as payload: JSON
    ) async throws(BridgeError) -> UpstreamRecord {
        var content = payload.removing("id").setting("status", .string("confirmed"))
        for member in EventResource.writableMembers where content[member] == nil {
            content = content.setting(member, .null)
        }
        // The tombstone may be that of a day, and the event a timed one, or the other way round.
        for member in ["start", "end"] {
            guard var time = content[member] else { continue }
            for form in ["date", "dateTime", "timeZone"] where time[form] == nil { time = time.setting(form, .null) }
            content = content.setting(member, time)
        }
        let revived = try await update(id, revision, content)
        guard let status = payload["status"], status != .string("confirmed") else { return revived }
        return try await update(id, revived.revision, .members([("status", status)]))
    }

    // MARK: Update

    private func update(
        _ id: String,
        _ revision: String?,
        _ body: JSON
    ) async throws(BridgeError) -> UpstreamRecord {
        try await updated(id, client.exchange(patch(id, revision, body)))
    }

    private func updated(_ id: String, _ reply: GoogleReply) async throws(BridgeError) -> UpstreamRecord {
        guard reply.isSuccess else { throw try await refusal(of: reply, updating: id) }
        let record = try await record(reply)
        // A deleted event may take a write and stay deleted.
        guard !record.isDeleted else { throw .changedUpstream }
        return record
    }

    /// What a failed update means; a deleted event answers some writes as if they were forbidden.
    private func refusal(of reply: GoogleReply, updating id: String) async throws(BridgeError)
        -> BridgeError
    {
        let failure = GoogleFailure(reply)
        guard failure.status == 403, failure.reason == "forbidden" else {
            return failure.error(about: .item)
        }
        let current = try await client.exchange(.get, events(id))
        if current.status == 404 || current.status == 410 { return .changedUpstream }
        guard current.isSuccess else { return failure.error(about: .item) }
        return try current.value()["status"]?.text == "cancelled" ? .changedUpstream : failure.error(about: .item)
    }

    // MARK: Delete

    /// What came of a deletion; an event that is gone already counts as deleted.
    ///
    /// An event that nobody finds is gone only where its calendar answers: to whom access was taken Google says the same.
    private func deleted(_ reply: GoogleReply) async throws(BridgeError) -> UpstreamRecord? {
        guard !reply.isSuccess, reply.status != 410 else { return nil }
        guard reply.status == 404 else { throw GoogleFailure(reply).error(about: .item) }
        try await requireCalendar()
        return nil
    }

    /// Makes sure that the calendar answers, and that the account may still write to it.
    func requireCalendar() async throws(BridgeError) {
        let query = [("maxResults", "1"), ("fields", "accessRole")]
        let answer = try await client.send(.get, events(), query, about: .calendar).value()
        // A reader does not find what is private: only a listing tells what there is for one.
        guard let access = UpstreamCalendar.Access(role: answer["accessRole"]?.text), access != .reader else {
            throw .changedUpstream
        }
    }

    // MARK: Answers

    /// The record an answer describes, with the default reminders if it uses them.
    func record(_ reply: GoogleReply) async throws(BridgeError) -> UpstreamRecord {
        let usesDefaults = try reply.value()["reminders"]?["useDefault"]?.bool == true
        let reminders = usesDefaults ? try await currentDefaultReminders() : .array([])
        do {
            return try UpstreamRecord(event: reply.body[...], defaultReminders: reminders)
        } catch {
            throw .unreadableAnswer
        }
    }
}
