/// Members that are objects or lists.
extension EventContent {
    private static let maximumOverrides = 5
    private static let maximumMinutes = 40_320

    /// Reads reminders; nil means the calendar's defaults.
    static func reminders(_ value: JSON?) throws(APIError) -> JSON? {
        guard let value else { return nil }
        let overrides = value["overrides"]?.elements ?? []
        guard overrides.count <= maximumOverrides else {
            throw .calendar("eventRemindersCountExceedsLimit", "The number of reminders exceeds the limit.")
        }
        guard value["useDefault"]?.flag != true else {
            guard overrides.isEmpty else {
                throw .calendar(
                    "cannotUseDefaultRemindersAndSpecifyOverride",
                    "Cannot specify both default reminders and overrides at the same time."
                )
            }
            return nil
        }
        var kept: [JSON] = []
        for override in overrides {
            guard let method = override["method"]?.text, method == "popup" || method == "email" else { continue }
            let minutes = min(max(override["minutes"]?.number ?? 0, 0), maximumMinutes)
            let reminder: JSON = ["method": .string(method), "minutes": .integer(Int64(minutes))]
            if !kept.contains(reminder) { kept.append(reminder) }
        }
        // The order is not kept upstream; the longest first is as good as any.
        kept.sort {
            ($0["minutes"]?.number ?? 0, $1["method"]?.text ?? "") > (
                $1["minutes"]?.number ?? 0, $0["method"]?.text ?? ""
            )
        }
        return kept.isEmpty ? ["useDefault": false] : ["useDefault": false, "overrides": .array(kept)]
    }

    private static let responses = ["needsAction", "declined", "tentative", "accepted"]

    /// Reads the guests: addresses in lower case, each once, other people's answers not writable by PATCH.
    static func attendees(_ value: JSON?, _ context: Context) throws(APIError) -> JSON? {
        guard let value else { return nil }
        guard let list = value.elements else { throw .invalid("Invalid value for: attendees") }
        let stored = context.existing?.fields["attendees"]?.elements ?? []
        var guests: [JSON] = []
        for guest in list {
            guard let address = guest["email"]?.text, !address.isEmpty else {
                throw .required("Missing attendee email.")
            }
            let email = address.lowercased()
            guard email.utf8.filter({ $0 == UInt8(ascii: "@") }).count == 1, !email.utf8.contains(0x20) else {
                throw .invalid("Invalid attendee email.")
            }
            guard !guests.contains(where: { $0["email"]?.text == email }) else { continue }
            let known = stored.first { $0["email"]?.text == email }
            guests.append(try attendee(guest, email, known, context))
        }
        return guests.isEmpty ? nil : .array(guests)
    }

    private static func attendee(
        _ guest: JSON,
        _ email: String,
        _ known: JSON?,
        _ context: Context
    ) throws(APIError) -> JSON {
        var response = guest["responseStatus"]?.text ?? known?["responseStatus"]?.text ?? "needsAction"
        guard responses.contains(response) else { throw .invalid("Invalid value for: responseStatus") }
        if context.isPatch, email != context.owner, let stored = known?["responseStatus"]?.text { response = stored }
        var result: [String: JSON] = ["email": .string(email), "responseStatus": .string(response)]
        for name in ["displayName", "comment"] {
            if let text = guest[name]?.text, !text.isEmpty { result[name] = .string(text) }
        }
        for name in ["optional", "resource"] where guest[name]?.flag == true { result[name] = true }
        if let guests = guest["additionalGuests"]?.number, guests > 0 {
            result["additionalGuests"] = .integer(Int64(guests))
        }
        return .object(result)
    }

    private static let maximumKey = 44
    private static let maximumValue = 1024
    private static let maximumProperties = 300
    private static let maximumPropertyOctets = 32_768

    /// Reads both maps: long keys are dropped, long values cut, too many refused.
    static func extendedProperties(_ value: JSON?) throws(APIError) -> JSON? {
        guard let value else { return nil }
        var result: [String: JSON] = [:]
        for kind in ["private", "shared"] {
            var kept: [String: JSON] = [:]
            var octets = 0
            for (key, value) in value[kind]?.members ?? [:] where !value.isNull && key.utf16.count <= maximumKey {
                guard let text = value.text else { throw .invalid("Invalid value for: extendedProperties") }
                kept[key] = .string(String(text.prefix(maximumValue)))
                octets += key.utf8.count + text.utf8.count
            }
            guard kept.count <= maximumProperties, octets <= maximumPropertyOctets else {
                throw .invalid("The extended properties exceed the limit.")
            }
            if !kept.isEmpty { result[kind] = .object(kept) }
        }
        return result.isEmpty ? nil : .object(result)
    }

    static func source(_ value: JSON?) throws(APIError) -> JSON? {
        guard let value, value.members?.isEmpty == false else { return nil }
        guard let url = value["url"]?.text, url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw .invalid("Invalid source url.")
        }
        return .compact(["url": .string(url), "title": .text(value["title"]?.text)])
    }

    private static let maximumAttachments = 25

    static func attachments(_ value: JSON?, _ context: Context) throws(APIError) -> JSON? {
        guard context.acceptsAttachments else { return context.existing?.fields["attachments"] }
        guard let list = value?.elements, !list.isEmpty else { return nil }
        guard list.count <= maximumAttachments, list.allSatisfy({ $0["fileUrl"]?.text != nil }) else {
            throw .invalid("Invalid attachments.")
        }
        return .array(list)
    }

    /// Reads conference data; a request for a new conference is granted at once.
    static func conferenceData(_ value: JSON?, _ context: Context) -> JSON? {
        guard context.acceptsConferenceData else { return context.existing?.fields["conferenceData"] }
        guard let value, let request = value["createRequest"], value["entryPoints"] == nil else { return value }
        let requestID = request["requestId"]?.text ?? ""
        let code = SeededGenerator.word(of: 10, seed: requestID.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        var granted = request
        granted["status"] = ["statusCode": "success"]
        return [
            "createRequest": granted,
            "conferenceId": .string(code),
            "conferenceSolution": ["key": ["type": "hangoutsMeet"], "name": "Google Meet"],
            "entryPoints": [["entryPointType": "video", "uri": .string("https://meet.google.com/\(code)")]],
        ]
    }
}
