/// The occurrences of a calendar object. RFC 5545 §3.8.5
public struct RecurrenceSet: Sendable {
    /// Whether there can be more than one occurrence.
    public var isRecurring: Bool

    /// From the first start to the last end; the end is nil when there is no last, the whole when there is no occurrence.
    public var span: (start: Instant, end: Instant?)?

    /// The occurrences that meet the range, by start.
    public func occurrences(in range: TimeRange, limit: Int) throws(CalendarDataError) -> [Occurrence] { [] }
}
