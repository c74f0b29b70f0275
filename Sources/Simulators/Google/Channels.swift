public import ICalendar

/// A notification channel on the events of a calendar, or on somebody's list of calendars.
struct Channel: Sendable, Hashable {
    var id: String
    var resource: String
    /// The calendar; nil for the list of calendars.
    var calendar: String?
    var grant: Grants.Key
    var address: String
    var token: String?
    var expiry: Instant
    var lastMessage = 0
}

/// A call to a webhook: a POST with an empty body.
public struct PushNotification: Sendable, Hashable {
    public let channel: String
    public let address: String
    /// `sync`, `exists` or `not_exists`.
    public let state: String
    /// Every header Google sets, names as it writes them.
    public let headers: [String: String]
    public let at: Instant

    var resource: JSON {
        [
            "channel": .string(channel), "address": .string(address), "state": .string(state),
            "headers": .object(headers.mapValues(JSON.string)), "at": .string(at.rfc3339),
        ]
    }
}

extension GoogleCalendarState {
    /// Seven days, Google's default and the longest it gives.
    static let longestChannelSeconds: Int64 = 604_800
    private static let maximumIdentifier = 64
    private static let maximumToken = 256

    /// `events.watch` and `calendarList.watch`.
    mutating func watch(
        _ body: JSON,
        on name: String?,
        by caller: Caller,
        under grant: Grants.Key
    ) throws(APIError) -> StateReply {
        let calendar = try name.map { name throws(APIError) in
            try self.calendar(name, for: caller, atLeast: .freeBusyReader).id
        }
        let id = try channelIdentifier(body)
        let address = try webhook(body)
        let expiry = try channelExpiry(body)

        let channel = Channel(
            id: id,
            resource: Base64.url("\(calendar ?? caller.email)/\(calendar == nil ? "list" : "events")".utf8),
            calendar: calendar,
            grant: grant,
            address: address,
            token: body["token"]?.text,
            expiry: expiry
        )
        usedChannelIDs.insert(id)
        channels[id] = channel
        notify(id, state: "sync")
        return .body(
            .compact([
                "kind": "api#channel", "id": .string(id), "resourceId": .string(channel.resource),
                "resourceUri": .string(channel.uri), "token": .text(channel.token),
                "expiration": .string(String(expiry.seconds * 1000)),
            ])
        )
    }

    /// The address to call; Google takes https only, the simulator also calls back on the loopback interface.
    private func webhook(_ body: JSON) throws(APIError) -> String {
        guard body["type"]?.text == "web_hook" || body["type"]?.text == "webhook" else {
            throw .invalid("Unknown channel type.")
        }
        let isLoopback = OAuthApplication(id: "", secret: "").allows
        guard let address = body["address"]?.text, address.hasPrefix("https://") || isLoopback(address) else {
            throw APIError(
                code: 400,
                reason: "push.webhookUrlNotHttps",
                message: "WebHook callback must be HTTPS: \(body["address"]?.text ?? "")"
            )
        }
        guard body["token"]?.text?.utf8.count ?? 0 <= Self.maximumToken else {
            throw .invalid("The token is too long.")
        }
        return address
    }

    /// When the channel ends: as asked, but not later than Google's longest life.
    private func channelExpiry(_ body: JSON) throws(APIError) -> Instant {
        var expiry = now + Self.longestChannelSeconds
        if let asked = body["expiration"]?.number { expiry = min(expiry, Instant(seconds: Int64(asked / 1000))) }
        if let life = body["params"]?["ttl"]?.number {
            expiry = min(expiry, now + Int64(max(0, min(life, Int(Self.longestChannelSeconds)))))
        }
        guard expiry > now else { throw .invalid("The expiration lies in the past.") }
        return expiry
    }

    private func channelIdentifier(_ body: JSON) throws(APIError) -> String {
        guard let id = body["id"]?.text, !id.isEmpty else { throw .required("Required parameter: id") }
        let isPlain = id.utf8.allSatisfy { octet in
            (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
                || "-_+/=".utf8.contains(octet)
        }
        guard isPlain, id.utf8.count <= Self.maximumIdentifier else { throw .invalid("Invalid channel id.") }
        guard !usedChannelIDs.contains(id) else {
            throw APIError(code: 400, reason: "channelIdNotUnique", message: "Channel id \(id) not unique")
        }
        return id
    }

    /// `channels.stop`.
    mutating func stopChannel(_ body: JSON, under grant: Grants.Key) throws(APIError) -> StateReply {
        guard let id = body["id"]?.text, let channel = channels[id], channel.grant == grant,
            channel.resource == body["resourceId"]?.text, channel.expiry > now
        else {
            throw APIError(code: 404, reason: "notFound", message: "Channel not found for project.")
        }
        channels[id] = nil
        return StateReply(status: 204)
    }

    /// Tells every live channel of a calendar that something changed.
    mutating func ring(_ calendar: String) {
        for id in channels.keys.sorted() where channels[id]?.calendar == calendar { notify(id, state: "exists") }
    }

    /// Tells the channels of somebody's list of calendars.
    mutating func ringList(of email: String) {
        for id in channels.keys.sorted() where channels[id]?.calendar == nil && channels[id]?.grant.account == email {
            notify(id, state: "exists")
        }
    }

    private mutating func notify(_ id: String, state: String) {
        guard var channel = channels[id] else { return }
        guard channel.expiry > now else {
            channels[id] = nil
            return
        }
        // Numbers grow but are not consecutive.
        channel.lastMessage += state == "sync" ? 1 : 1 + Int(random.next() % 7)
        channels[id] = channel
        var headers = [
            "X-Goog-Channel-ID": id, "X-Goog-Message-Number": String(channel.lastMessage),
            "X-Goog-Resource-ID": channel.resource, "X-Goog-Resource-State": state,
            "X-Goog-Resource-URI": channel.uri, "X-Goog-Channel-Expiration": httpDate(channel.expiry),
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
            "Content-Length": "0",
        ]
        headers["X-Goog-Channel-Token"] = channel.token
        pendingNotifications.append(
            PushNotification(channel: id, address: channel.address, state: state, headers: headers, at: now)
        )
    }
}

extension Channel {
    /// What is watched, as Google writes it, whatever address the simulator has.
    var uri: String {
        let root = "https://www.googleapis.com/calendar/v3/"
        guard let calendar else { return "\(root)users/me/calendarList?alt=json" }
        return "\(root)calendars/\(Percent.encode(calendar))/events?alt=json"
    }
}

/// An HTTP date (RFC 9110 §5.6.7).
func httpDate(_ instant: Instant) -> String {
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let time = ZoneResolver().local(instant, form: .utc)
    let day = days[Int((instant.seconds / 86_400) % 7)]
    let pair = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
    let clock = "\(pair(time.hour)):\(pair(time.minute)):\(pair(time.second))"
    return "\(day), \(pair(time.day)) \(months[time.month - 1]) \(time.year) \(clock) GMT"
}
