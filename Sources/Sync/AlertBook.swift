public import ICalendar

/// Something a person should hear of without looking.
public struct Alert: Sendable, Hashable {
    /// What it is about.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case reconnectNeeded = "reconnect_needed"
        case failing = "failing"
        case heldDeletions = "held_deletions"
        case diskNearlyFull = "disk_nearly_full"
        /// What was told before is over.
        case over = "over"
    }

    public var kind: Kind
    /// What it happens to: a link, a connection, the disk.
    public var subject: String
    public var message: String
    public var remedy: String

    /// Describes an alert.
    public init(_ kind: Kind, subject: String, message: String, remedy: String) {
        self.kind = kind
        self.subject = subject
        self.message = message
        self.remedy = remedy
    }
}

/// Remembers what is wrong and what was told, so that everything is told once, and that it is over.
public struct AlertBook: Sendable {
    /// For how many seconds a failure is nobody's business: most heal by themselves.
    public static let usualPatience: Int64 = 3600

    private struct Key: Hashable {
        var kind: Alert.Kind
        var subject: String
    }

    private struct Entry {
        var alert: Alert
        var since: Instant
        var isTold = false
    }

    private let patience: Int64
    private var entries: [Key: Entry] = [:]

    /// Makes an empty book that tells of a failure once it has lasted so many seconds.
    public init(patience: Int64 = AlertBook.usualPatience) { self.patience = patience }

    /// What is to be told now that this is wrong.
    public mutating func news(_ wrong: [Alert], at now: Instant) -> [Alert] {
        var told: [Alert] = []
        var seen: Set<Key> = []
        for alert in wrong {
            let key = Key(kind: alert.kind, subject: alert.subject)
            seen.insert(key)
            var entry = entries[key] ?? Entry(alert: alert, since: now)
            entry.alert = alert
            let patience = alert.kind == .failing ? self.patience : 0
            if !entry.isTold, now - entry.since >= patience {
                entry.isTold = true
                told.append(alert)
            }
            entries[key] = entry
        }
        for (key, entry) in entries where !seen.contains(key) {
            entries[key] = nil
            guard entry.isTold else { continue }
            told.append(Alert(.over, subject: key.subject, message: "Over: \(entry.alert.message)", remedy: ""))
        }
        return told
    }
}
