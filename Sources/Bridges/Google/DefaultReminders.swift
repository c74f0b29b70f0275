import Bridging
import HTTPTypes
import Synchronization

/// The calendar's default reminders, and what the account is in it, as the last listing named them.
///
/// A class because all copies of a bridge share what one of them has learnt. An event resource says only that the
/// defaults apply, a listing says what they are; a record that needs them carries them (``JSON/resolvingReminders(_:)``).
final class DefaultReminders: Sendable {
    private let known = Mutex<JSON?>(nil)
    private let knownRole = Mutex<String?>(nil)

    var value: JSON? { known.withLock { $0 } }

    /// In Google's word; nil before the first listing.
    var role: String? { knownRole.withLock { $0 } }

    /// What the account may do with the calendar; nil before the first listing.
    var access: UpstreamCalendar.Access? { UpstreamCalendar.Access(role: role) }

    func learn(_ reminders: JSON) { known.withLock { $0 = reminders } }

    func learn(role: String?) { knownRole.withLock { $0 = role ?? $0 } }
}

extension GoogleBridge {
    /// The default reminders, asked for once where no listing has named them yet.
    func currentDefaultReminders() async throws(BridgeError) -> JSON {
        if let known = defaultReminders.value { return known }
        let query = [("maxResults", "1"), ("fields", "defaultReminders")]
        let answer = try await client.send(.get, events(), query, about: .calendar).value()
        let reminders = answer["defaultReminders"] ?? .array([])
        defaultReminders.learn(reminders)
        return reminders
    }
}
