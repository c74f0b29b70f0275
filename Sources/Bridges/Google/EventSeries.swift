import Bridging
import ICalendar

/// All records of one series, read: its master and its exceptions, or a single event.
struct EventSeries {
    /// Nil where the account sees single occurrences only, or where nothing is left.
    private(set) var master: EventResource?
    /// The occurrences that differ, by their original start.
    private(set) var exceptions: [Slot: EventResource] = [:]
    /// The occurrences that do not take place, with what is known of their records.
    private(set) var cancelled: [Slot: JSON] = [:]
    /// Whether the master is known to be deleted.
    private(set) var isDeleted = false

    /// Reads the records of a series.
    ///
    /// - Throws: ``TranslationError/unreadable(_:)`` for a record that is no event resource.
    init(_ records: [UpstreamRecord], linkZone: String) throws(TranslationError) {
        for record in records {
            if record.isDeleted {
                isDeleted = isDeleted || record.id == record.series
                continue
            }
            let json: JSON
            do {
                json = try JSONReader.value(of: record.payload)
            } catch {
                throw .unreadable("Google's event \(record.id) is not readable as JSON.")
            }
            try read(json, of: record, linkZone: linkZone)
        }
    }

    private mutating func read(
        _ json: JSON,
        of record: UpstreamRecord,
        linkZone: String
    ) throws(TranslationError) {
        let isException = record.id != record.series
        let isCancelled = json["status"]?.text == "cancelled"
        guard isException else {
            guard !isCancelled else {
                isDeleted = true
                return
            }
            guard let resource = EventResource(json, linkZone: linkZone) else {
                throw .unreadable("Google's event \(record.id) has no readable start and end.")
            }
            if let line = Recurrence.nonsense(in: json["recurrence"]) {
                throw .unreadable("Google's event \(record.id) repeats by a line that makes no sense: \(line)")
            }
            master = resource
            return
        }
        let original = EventTime(json["originalStartTime"], linkZone: linkZone)?.slot
        guard let slot = original ?? Slot(instanceID: record.id, of: record.series) else {
            throw .unreadable("Google's event \(record.id) does not say which occurrence it replaces.")
        }
        guard !isCancelled else {
            cancelled[slot] = json
            return
        }
        guard let resource = EventResource(json, linkZone: linkZone) else {
            throw .unreadable("Google's event \(record.id) has no readable start and end.")
        }
        exceptions[slot] = resource
    }

    /// The exceptions that say something the series does not.
    ///
    /// One that was changed and changed back is no exception: it would only be in the way of the series' next change.
    var overrides: [(slot: Slot, resource: EventResource)] {
        exceptions.sorted { $0.key < $1.key }.filter { slot, resource in
            master.map { $0.details.at(slot) != resource.details } ?? true
        }
        .map { (slot: $0.key, resource: $0.value) }
    }

    /// The occurrences that do not take place, both upstream forms in one.
    var exclusions: Set<Slot> { (master?.recurrence.exclusions ?? []).union(cancelled.keys) }
}
