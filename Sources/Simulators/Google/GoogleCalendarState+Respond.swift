/// The API as one switch over its methods.
extension GoogleCalendarState {
    /// Answers a request of the API that is allowed to come in.
    mutating func respond(
        to operation: Operation,
        _ request: APIRequest,
        by caller: Caller,
        under grant: Grants.Key
    ) throws(APIError) -> StateReply {
        let parameters = request.parameters
        switch operation {
        case .listEvents(let calendar):
            return .body(try listEvents(parameters, in: calendar, by: caller))
        case .listInstances(let calendar, let event):
            return .body(try instances(of: event, parameters, in: calendar, by: caller))
        case .insertEvent, .importEvent, .quickAddEvent, .getEvent, .patchEvent, .updateEvent, .deleteEvent, .moveEvent:
            return try respondOnEvent(operation, request, by: caller)
        case .watchEvents(let calendar):
            return try watch(try request.json, on: calendar, by: caller, under: grant)
        case .watchCalendars: return try watch(try request.json, on: nil, by: caller, under: grant)
        case .stopChannel: return try stopChannel(try request.json, under: grant)
        case .listCalendars: return .body(try listCalendars(parameters, by: caller))
        case .getListEntry(let calendar): return try getListEntry(calendar, by: caller)
        case .patchListEntry(let calendar): return try patchListEntry(calendar, try request.json, by: caller)
        case .getCalendar(let calendar): return try getCalendar(calendar, by: caller)
        case .insertCalendar: return try insertCalendar(try request.json, by: caller)
        case .patchCalendar(let calendar): return try patchCalendar(calendar, try request.json, by: caller)
        case .deleteCalendar(let calendar): return try deleteCalendar(calendar, by: caller)
        case .getColors: return .body(Palette.resource)
        case .listSettings: return .body(try listSettings(by: caller))
        case .getSetting(let name): return .body(try setting(name, by: caller))
        case .queryFreeBusy: return .body(try freeBusy(try request.json, by: caller))
        }
    }

    private mutating func respondOnEvent(
        _ operation: Operation,
        _ request: APIRequest,
        by caller: Caller
    ) throws(APIError) -> StateReply {
        let wishes = try EventRequest(request)
        switch operation {
        case .insertEvent(let calendar):
            return try insertEvent(try request.json, in: calendar, by: caller, wishes)
        case .importEvent(let calendar):
            return try importEvent(try request.json, in: calendar, by: caller, wishes)
        case .quickAddEvent(let calendar):
            return try quickAdd(request.parameters["text"] ?? "", in: calendar, by: caller, wishes)
        case .getEvent(let calendar, let event):
            return try getEvent(event, in: calendar, by: caller, wishes)
        case .patchEvent(let calendar, let event):
            return try writeEvent(event, try request.json, as: .patch, in: calendar, by: caller, wishes)
        case .updateEvent(let calendar, let event):
            return try writeEvent(event, try request.json, as: .replace, in: calendar, by: caller, wishes)
        case .deleteEvent(let calendar, let event):
            return try deleteEvent(event, in: calendar, by: caller, wishes)
        case .moveEvent(let calendar, let event):
            guard let destination = request.parameters["destination"] else {
                throw .required("Required parameter: destination")
            }
            return try moveEvent(event, in: calendar, to: destination, by: caller, wishes)
        case .listEvents, .listInstances, .watchEvents, .watchCalendars, .stopChannel, .listCalendars, .getListEntry,
            .patchListEntry, .getCalendar, .insertCalendar, .patchCalendar, .deleteCalendar, .getColors, .listSettings,
            .getSetting, .queryFreeBusy:
            preconditionFailure("the switch of respond(to:) sends only methods of one event here")
        }
    }
}

extension APIRequest {
    /// The body as JSON; an empty one is an empty object.
    fileprivate var json: JSON {
        get throws(APIError) {
            guard !body.isEmpty else { return [:] }
            do {
                let json = try JSON(parsing: body)
                guard json.members != nil else { throw APIError.parseError }
                return json
            } catch {
                throw .parseError
            }
        }
    }
}

extension EventRequest {
    private static let audiences = ["all", "externalOnly", "none"]

    /// Reads the conditions from the headers and the wishes from the query.
    fileprivate init(_ request: APIRequest) throws(APIError) {
        let parameters = request.parameters
        ifMatch = request.headers["if-match"]
        ifNoneMatch = request.headers["if-none-match"]
        if try EventQuery.flag(parameters, "sendNotifications") == true { sendUpdates = "all" }
        if let audience = parameters["sendUpdates"] {
            guard Self.audiences.contains(audience) else { throw .invalidParameter("sendUpdates", audience) }
            sendUpdates = audience
        }
        conferenceData = parameters["conferenceDataVersion"] == "1"
        attachments = try EventQuery.flag(parameters, "supportsAttachments") ?? false
        maximumAttendees = try EventQuery.number(parameters, "maxAttendees")
        timeZone = parameters["timeZone"]
        if let timeZone, !isKnownZone(timeZone) { throw .invalidParameter("timeZone", timeZone) }
    }
}
