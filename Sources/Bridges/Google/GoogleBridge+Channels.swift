public import Bridging
import HTTPTypes
import ICalendar

extension GoogleBridge {
    /// The life of a channel to ask for; the answer says what was granted.
    private static let channelSeconds = 7 * 86_400

    /// Has Google call `request.address` on changes of this calendar's events.
    public func openChannel(_ request: ChannelRequest) async throws(BridgeError)
        -> NotificationChannel
    {
        let body = JSON.members([
            ("id", .string(request.id)),
            ("type", .string("web_hook")),
            ("address", .string(request.address)),
            ("token", .string(request.token)),
            ("params", .members([("ttl", .string(String(Self.channelSeconds)))])),
        ])
        let answer = try await client.send(.post, events("watch"), body: body, about: .calendar).value()
        guard let resource = answer["resourceId"]?.text,
            let milliseconds = answer["expiration"]?.integer
        else {
            throw .unreadableAnswer
        }
        return NotificationChannel(
            id: answer["id"]?.text ?? request.id,
            resource: resource,
            expiry: Instant(seconds: Int64(milliseconds / 1000))
        )
    }

    /// Closes a channel; one that Google does not know counts as closed.
    public func closeChannel(_ channel: NotificationChannel) async throws(BridgeError) {
        let body = JSON.members([
            ("id", .string(channel.id)), ("resourceId", .string(channel.resource)),
        ])
        let reply = try await client.exchange(.post, "channels/stop", body: body)
        guard !reply.isSuccess, reply.status != 404 else { return }
        throw GoogleFailure(reply).error(about: .calendar)
    }
}
