/// One occurrence of a calendar object.
public struct Occurrence: Sendable, Hashable {
    /// The start that the rule gave it, in the master's form; nil where nothing recurs.
    public var recurrenceID: DateTime?

    public var start: Instant

    /// The first instant after it; ``CalendarLimits/maximumDate`` for what never ends.
    public var end: Instant

    /// The start as wall-clock time.
    public var startTime: DateTime

    /// Whether a component with a RECURRENCE-ID describes it.
    public var isOverride: Bool

    /// What describes it: the master or an override, as written.
    public var component: Component

    /// Describes an occurrence.
    public init(
        recurrenceID: DateTime?,
        start: Instant,
        end: Instant,
        startTime: DateTime,
        isOverride: Bool,
        component: Component
    ) {
        self.recurrenceID = recurrenceID
        self.start = start
        self.end = end
        self.startTime = startTime
        self.isOverride = isOverride
        self.component = component
    }
}
