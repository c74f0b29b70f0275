public import ICalendar
public import Store

/// Which conflicts to list.
public enum ConflictState: String, Sendable, Hashable, CaseIterable, Codable {
    case open, resolved
}

/// How a conflict was, or is to be, resolved.
public enum ConflictResolution: String, Sendable, Hashable, CaseIterable, Codable {
    case gateway, upstream, both, merged
}

/// One property both sides changed, as a person reads it; nil where a side has none.
public struct FieldConflict: Sendable, Hashable, Codable {
    /// A lower-case name: `summary`, `schedule`; of an override `summary (20261121T090000Z)`.
    public var name: String
    public var base: String?
    public var gateway: String?
    public var upstream: String?
}

/// A conflict: both sides changed one event.
public struct ConflictRow: Sendable, Hashable, Identifiable {
    public var id: ConflictID
    public var link: LinkID
    public var calendar: CalendarID
    public var uid: String
    public var summary: String?
    public var state: ConflictState
    public var createdAt: Instant
    public var resolvedAt: Instant?

    /// How it was resolved; nil while it is open.
    public var resolution: ConflictResolution?

    /// Who resolved it: `newest`, `upstream`, `gateway` for the policy, `person`.
    public var resolvedBy: String?

    /// The run that found it.
    public var run: RunID?

    /// The properties in conflict; empty where one side deleted the event.
    public var fields: [FieldConflict]

    /// The three texts; nil where a side has, or had, no such event.
    public var baseText: String?
    public var gatewayText: String?
    public var upstreamText: String?
}

/// What a person decides about a conflict.
public enum ConflictDecision: Sendable, Hashable {
    case gateway
    case upstream
    /// Keeps ours, and makes theirs a second event with a new UID.
    case both
    /// Takes these values, by lower-case iCalendar names (`summary`, `dtstart`); nil removes the property.
    ///
    /// Everything else both sides changed is taken from ours.
    case merged([String: String?])
    /// Takes this whole calendar object.
    case mergedText(String)
}

/// What became of a person's decision.
public enum ResolveOutcome: Sendable, Hashable {
    case resolved
    case notFound
    case alreadyResolved
    /// The merged event cannot be; the sentence says why.
    case invalid(String)
}

/// An item that could not be carried over and is tried again.
public struct QueueRow: Sendable, Hashable, Identifiable {
    public var id: QueueID
    public var link: LinkID
    public var calendar: CalendarID
    public var uid: String
    public var summary: String?

    /// What is to be done: `pull`, `push`, `merge`, `pull-deletion`, `push-deletion`.
    public var action: String
    public var attempts: Int

    /// When it is due; nil for one that is not tried again until the event changes.
    public var dueAt: Instant?
    public var lastError: LinkProblem
    public var since: Instant

    /// Whether it is given up until a person retries it, or the event changes.
    public var isFailed: Bool { dueAt == nil }

    /// Whether a person gave it up.
    public var isDismissed: Bool

    /// How it waits.
    public var state: QueueState {
        if isDismissed { return .dismissed }
        return dueAt == nil ? .failed : .waiting
    }
}

/// How an entry of the queue waits.
public enum QueueState: String, Sendable, Hashable, CaseIterable {
    /// It is tried again by itself.
    case waiting
    /// It is tried again when a person says so, or the event changes.
    case failed
    /// A person gave it up; it is tried again when the event changes.
    case dismissed
}

/// A record that could not be read, or an event the upstream cannot hold.
public struct QuarantineRow: Sendable, Hashable, Identifiable {
    public var id: QuarantineID
    public var link: LinkID
    public var calendar: CalendarID

    /// The upstream's identifier of the series.
    public var series: String
    public var uid: String?

    /// The records as the upstream sent them.
    public var raw: String

    /// Why, with the line where there is one.
    public var reason: String
    public var line: Int?
    public var since: Instant
}

/// A deletion that waits for a person.
public struct HeldRow: Sendable, Hashable {
    /// Where the event would be deleted.
    public enum Side: String, Sendable, Hashable, CaseIterable, Codable {
        case gateway, upstream
    }

    public var link: LinkID
    public var uid: String
    public var summary: String?
    public var side: Side
    public var since: Instant
}

/// A pass that did something, or was asked for.
public struct RunRow: Sendable, Hashable, Identifiable {
    /// How it ended.
    public enum Outcome: String, Sendable, Hashable, CaseIterable, Codable {
        /// Asked for, not yet begun.
        case waiting
        case running
        case done
        /// Some items failed and are queued.
        case partial
        /// The whole pass failed.
        case failed
        /// More deletions than go without asking.
        case held
        /// The process ended before the pass did.
        case interrupted
    }

    public var id: RunID
    public var link: LinkID
    public var calendar: CalendarID
    public var startedAt: Instant
    public var finishedAt: Instant?
    public var outcome: Outcome
    public var counts: PassCounts
    public var error: LinkProblem?
    public var undoneAt: Instant?
}

/// One event a run touched.
public struct RunItem: Sendable, Hashable {
    public var uid: String
    public var summary: String?

    /// `pull`, `push`, `merge`, `pull-deletion`, `push-deletion`, `hold`, ….
    public var action: String

    /// `done`, `failed`, `held`.
    public var outcome: String
    public var message: String?

    /// Lower-case names of the properties that travelled.
    public var fields: [String]
}

/// Why an event is as it is: what one link knows of it.
public struct ItemExplanation: Sendable, Hashable {
    public var link: LinkID

    /// `in_step`, `pending`, `conflict`, `quarantine`, `held`, `left_alone`, `filtered`, `unknown`.
    public var state: String
    public var sentence: String

    /// The upstream's records of it.
    public var records: [String]
    public var agreedAt: Instant?
    public var lastRun: RunID?

    /// Every field with the value last agreed on, ours, and theirs.
    public var fields: [FieldConflict]
    public var error: LinkProblem?
}
