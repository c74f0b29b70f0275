import Bridging
import ICalendar

/// Finds the writes that turn an event or series upstream into a wanted one.
///
/// An occurrence that no longer takes place is cancelled as Google's own pages do it, by an exception of its own; only
/// when the recurrence is written anyway do all exclusions go into it as EXDATE lines. Reading, both are EXDATE.
struct SeriesWriter {
    private let current: EventSeries
    private let master: EventResource
    private let details: EventDetails
    private let wanted: WantedSeries
    private let rules: WriteRules
    private let occurrences: Occurrences

    /// Whether occurrences are elsewhere than before.
    private let isRescheduled: Bool

    init(
        _ current: EventSeries,
        _ master: EventResource,
        _ wanted: WantedSeries,
        _ object: CalendarObject,
        _ rules: WriteRules,
        _ linkZone: String
    ) throws(TranslationError) {
        guard let details = wanted.master else {
            throw .unsupported("The object has single occurrences only, without their series.")
        }
        self.current = current
        self.master = master
        self.details = details
        self.wanted = wanted
        self.rules = rules
        occurrences = try Occurrences(of: object, start: details.start, linkZone: linkZone)
        isRescheduled = master.details.start != details.start || !master.recurrence.repeats(like: wanted.recurrence)
    }

    func writes() throws(TranslationError) -> [RecordWrite] {
        let abandoned = try abandonedExceptions()
        let rewritesRecurrence = try rewritesRecurrence()
        let cancellations = abandoned.sorted().flatMap(cancellation)
        var writes = try RecordWrite.update(
            master.id,
            master.id,
            master.revision,
            details.changes(from: master.details, of: master, rules) + recurrenceChange(rewritesRecurrence)
        )
        // Exceptions that do not fit the new schedule may be out of reach once it is written.
        writes = isRescheduled ? cancellations + writes : writes + cancellations
        if !rewritesRecurrence {
            writes += newExclusions.subtracting(abandoned).sorted().flatMap(cancellation)
        }
        for (slot, override) in wanted.overrides.sorted(by: { $0.key < $1.key }) {
            writes += try self.override(override, at: slot)
        }
        return writes + (try restorations())
    }

    // MARK: The schedule

    private var exclusions: Set<Slot> { wanted.recurrence.exclusions }

    private var newExclusions: Set<Slot> { exclusions.subtracting(current.exclusions) }

    /// Whether the schedule changed, or an occurrence takes place that a line upstream excludes.
    private func rewritesRecurrence() throws(TranslationError) -> Bool {
        guard !isRescheduled else { return true }
        for slot in master.recurrence.exclusions {
            guard wanted.overrides[slot] == nil else { return true }
            if try takesPlace(slot) { return true }
        }
        return false
    }

    private func recurrenceChange(_ rewritesRecurrence: Bool) -> [(String, JSON)] {
        let wasRepeating = !master.recurrence.isEmpty
        guard rewritesRecurrence, wasRepeating || !wanted.recurrence.isEmpty else { return [] }
        guard !wanted.recurrence.isEmpty else { return [("recurrence", .null)] }
        let lines = isRescheduled ? exclusions : exclusions.subtracting(current.cancelled.keys)
        return [("recurrence", .array(wanted.recurrence.lines(start: details.start, excluding: lines)))]
    }

    // MARK: Exceptions

    /// The stored exceptions whose occurrence is not to take place.
    private func abandonedExceptions() throws(TranslationError) -> Set<Slot> {
        var abandoned: Set<Slot> = []
        for slot in current.exceptions.keys where wanted.overrides[slot] == nil {
            if try !takesPlace(slot) { abandoned.insert(slot) }
        }
        return abandoned
    }

    private func takesPlace(_ slot: Slot) throws(TranslationError) -> Bool {
        guard !exclusions.contains(slot) else { return false }
        return try occurrences.contains(slot)
    }

    private func cancellation(_ slot: Slot) -> [RecordWrite] {
        let stored = current.exceptions[slot]
        let id = stored?.id ?? slot.instanceID(of: master.id)
        return RecordWrite.update(id, master.id, stored?.revision, [("status", .string("cancelled"))])
    }

    private func override(_ override: EventDetails, at slot: Slot) throws(TranslationError) -> [RecordWrite] {
        let id = current.exceptions[slot]?.id ?? slot.instanceID(of: master.id)
        if let stored = current.exceptions[slot] {
            return try exception(override, over: stored)
        }
        if let tombstone = current.cancelled[slot] {
            return try override.revival(id, of: master, master.id, tombstone["etag"]?.text, rules)
        }
        return RecordWrite.update(id, master.id, nil, try override.changes(from: details.at(slot), of: master, rules))
    }

    /// Occurrences that follow the series again: changed ones that are changed back, cancelled ones that take place.
    private func restorations() throws(TranslationError) -> [RecordWrite] {
        var writes: [RecordWrite] = []
        for (slot, stored) in current.exceptions.sorted(by: { $0.key < $1.key }) {
            guard wanted.overrides[slot] == nil, try takesPlace(slot) else { continue }
            let changes = try details.at(slot).changes(from: stored.details, of: stored, rules)
            writes += RecordWrite.update(stored.id, master.id, stored.revision, changes)
        }
        // What does not repeat has no occurrences: one that was cancelled before takes nothing away.
        guard !wanted.recurrence.isEmpty else { return writes }
        for (slot, tombstone) in current.cancelled.sorted(by: { $0.key < $1.key }) {
            guard wanted.overrides[slot] == nil, try takesPlace(slot) else { continue }
            let id = tombstone["id"]?.text ?? slot.instanceID(of: master.id)
            writes += try details.at(slot).revival(id, of: master, master.id, tombstone["etag"]?.text, rules)
        }
        return writes
    }

    /// The writes to an exception that is stored: somebody may have changed it since, so that it must be at its revision.
    ///
    /// A series that takes place at other times may lose it; so its own times are said again.
    private func exception(_ wanted: EventDetails, over stored: EventResource) throws(TranslationError) -> [RecordWrite]
    {
        var changes = try wanted.changes(from: stored.details, of: stored, rules)
        if isRescheduled {
            for (name, time) in [("end", wanted.end), ("start", wanted.start)]
            where !changes.contains(where: { $0.0 == name }) {
                changes.insert((name, time.json()), at: 0)
            }
        }
        return RecordWrite.update(stored.id, master.id, stored.revision, changes)
    }
}
