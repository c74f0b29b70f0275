import Store
import WebDAV

extension LiveProperty {
    /// RFC 4331 §3, §4; not in allprop (§3).
    static let quota: [LiveProperty] = [
        LiveProperty(.dav("quota-available-bytes")) { $0.room.map { .text(String($0.available)) } },
        LiveProperty(.dav("quota-used-bytes")) { $0.room.map { .text(String($0.used)) } },
    ]
}

/// How much room a resource takes, and how much its owner has left.
struct Room: Sendable {
    var used: Int64
    var available: Int64
}

extension CalDAVServer {
    /// The same resources with what they use: the home all of it, a calendar what is in it.
    func withRoom(_ resources: [Resource]) async throws -> [Resource] {
        guard let requester = resources.first?.requester else { return resources }
        let usage = try await calendars.usage(of: requester.id)
        return resources.map { resource in
            var completed = resource
            switch resource.kind {
            case .home: completed.room = Room(used: usage.used, available: usage.available)
            case .calendar(let calendar):
                // What is shared with the requester counts for its owner, who alone is told.
                completed.room = usage.calendars[calendar.id].map { Room(used: $0, available: usage.available) }
            case .root, .principals, .principal, .notifications, .homes, .object: break
            }
            return completed
        }
    }
}
