/// One occurrence of a calendar object.
public struct Occurrence: Sendable, Hashable {
    /// The start the rule gave it, in the master's form; nil where nothing recurs.
    public var recurrenceID: DateTime?
    public var start: Instant
    public var end: Instant
    /// The start as wall-clock time.
    public var startTime: DateTime
    /// Whether a component with a RECURRENCE-ID describes it.
    public var isOverride: Bool
    /// What describes it: the master or an override, as written.
    public var component: Component
}
