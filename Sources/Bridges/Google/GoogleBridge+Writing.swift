public import Bridging
public import ICalendar

extension GoogleBridge {
    /// Lists the writes that make the upstream say what `object` says, and no more.
    ///
    /// The master comes first, since its occurrences are addressed through it. A deletion of a series is one of its master.
    public func writes(
        toMake object: CalendarObject?,
        from series: [UpstreamRecord]
    ) throws(TranslationError) -> [RecordWrite] {
        let current = try EventSeries(series, linkZone: link.timeZone)
        guard let object else { return try deletions(of: current) }
        guard object.kind == .event else {
            throw .unsupported("Google Calendar holds events, nothing else.")
        }
        let wanted = try ComponentReader(object, linkZone: link.timeZone).series(object, over: current)
        let rules = WriteRules(writesGuests: mail != .off && isOurs(object, current))
        if let master = current.master, !current.isDeleted {
            let writes = try SeriesWriter(current, master, wanted, object, rules, link.timeZone).writes()
            guard writes.isEmpty || !master.isReadOnly else { throw Self.readOnly(master) }
            return writes
        }
        guard current.exceptions.isEmpty || current.isDeleted else {
            return try occurrences(current, wanted, rules)
        }
        return try creation(wanted, uid: object.uid, rules)
    }

    /// Whether an event is the account's to invite to, or upstream already what its organizer invited to.
    ///
    /// Made anew, somebody else's invitation would become the account's own: its guests would be invited once more.
    private func isOurs(_ object: CalendarObject, _ current: EventSeries) -> Bool {
        guard let organizer = object.organizer else { return true }
        let resource = current.master ?? current.exceptions.values.first
        let known = [link.account, link.calendar, resource?.json["organizer"]?["email"]?.text]
        return known.contains { $0?.lowercased() == organizer }
    }

    private static func readOnly(_ event: EventResource) -> TranslationError {
        .unsupported(protection(kind: event.type))
    }

    private static func protection(kind: EventType) -> String {
        let kind = kind == .standard ? "locked" : kind.title
        return "Google lets only its own applications change this event (\(kind))."
    }

    /// Why only Google's own applications may change an event; the members that say so are read alone.
    public func protection(of series: [UpstreamRecord]) -> String? {
        for record in series where !record.isDeleted {
            var (type, isLocked): (String?, Bool) = (nil, false)
            do {
                try JSONReader.read(record.payload) { reader throws(JSONReader.Malformed) in
                    try reader.object { name, reader throws(JSONReader.Malformed) in
                        switch name {
                        case "eventType": type = try reader.value().text
                        case "locked": isLocked = try reader.value().bool ?? false
                        default: try reader.skip()
                        }
                    }
                }
            } catch {
                // What cannot be read is no event here.
                continue
            }
            let kind = EventType(type)
            if kind != .standard || isLocked { return Self.protection(kind: kind) }
        }
        return nil
    }

    private func deletions(of series: EventSeries) throws(TranslationError) -> [RecordWrite] {
        guard !series.isDeleted else { return [] }
        let doomed =
            series.master.map { [$0] } ?? series.exceptions.sorted { $0.key < $1.key }.map(\.value)
        if let kept = doomed.first(where: \.isReadOnly) { throw Self.readOnly(kept) }
        return doomed.map { .delete(id: $0.id, series: $0.series, revision: $0.revision) }
    }

    /// The writes to an event that is not there yet.
    private func creation(
        _ wanted: WantedSeries,
        uid: String,
        _ rules: WriteRules
    ) throws(TranslationError) -> [RecordWrite] {
        guard let master = wanted.master else {
            throw .unsupported("Google Calendar cannot hold single occurrences without their series.")
        }
        guard uid.utf8.count <= OurMark.maximumValue else {
            throw .unsupported(
                "The UID is longer than the \(OurMark.maximumValue) characters Google Calendar keeps."
            )
        }
        let mark = OurMark(calendar: link.calendar, uid: uid)
        var members = [("id", JSON.string(mark.eventID))]
        members += try master.changes(from: nil, of: nil, rules)
        if !wanted.recurrence.isEmpty {
            let lines = wanted.recurrence.lines(
                start: master.start,
                excluding: wanted.recurrence.exclusions
            )
            members.append(("recurrence", .array(lines)))
        }
        let marks = mark.members + master.marks(from: nil, of: nil)
        members.append(("extendedProperties", .members([("private", .members(marks))])))
        let payload = JSON.members(members).serialized
        var writes: [RecordWrite] = [
            .create(RecordCreation(id: mark.eventID, uid: uid, payload: payload))
        ]
        for (slot, override) in wanted.overrides.sorted(by: { $0.key < $1.key }) {
            let changes = try override.changes(from: master.at(slot), of: nil, rules)
            writes += RecordWrite.update(slot.instanceID(of: mark.eventID), mark.eventID, nil, changes)
        }
        return writes
    }

    /// The writes to occurrences of a series the account does not see.
    private func occurrences(
        _ current: EventSeries,
        _ wanted: WantedSeries,
        _ rules: WriteRules
    ) throws(TranslationError) -> [RecordWrite] {
        guard wanted.master == nil, wanted.overrides.keys.allSatisfy({ current.exceptions[$0] != nil })
        else {
            throw .unsupported(
                "This account is invited to single occurrences only and cannot change the series."
            )
        }
        var writes: [RecordWrite] = []
        for (slot, resource) in current.exceptions.sorted(by: { $0.key < $1.key }) {
            guard let override = wanted.overrides[slot] else {
                guard !resource.isReadOnly else { throw Self.readOnly(resource) }
                writes.append(
                    .delete(id: resource.id, series: resource.series, revision: resource.revision)
                )
                continue
            }
            let changes = try override.changes(from: resource.details, of: resource, rules)
            guard changes.isEmpty || !resource.isReadOnly else { throw Self.readOnly(resource) }
            writes += RecordWrite.update(resource.id, resource.series, resource.revision, changes)
        }
        return writes
    }
}

extension RecordWrite {
    /// An update with these members, or none at all where there are no changes.
    static func update(
        _ id: String,
        _ series: String,
        _ revision: String?,
        _ changes: [(String, JSON)]
    ) -> [RecordWrite] {
        changes.isEmpty
            ? []
            : [
                .update(
                    id: id,
                    series: series,
                    revision: revision,
                    payload: JSON.members(changes).serialized
                )
            ]
    }
}
