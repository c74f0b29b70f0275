import Bridging
import ICalendar
import Reconcile

extension SnapshotItem {
    /// Of an occurrence that both sides have come to describe by itself, takes for agreed what its series said of it.
    ///
    /// So two edits of one occurrence are merged field by field, as those of an event are.
    mutating func agreeOnSeries() throws {
        guard let local, let remote, var base, !base.isVoid else { return }
        let known = base.agreement.local.occurrences.union(base.agreement.remote.occurrences)
        let new = local.fields.occurrences.intersection(remote.fields.occurrences).subtracting(known)
        guard !new.isEmpty else { return }
        let dates = local.object.recurrenceIDs
        for occurrence in new {
            guard let date = dates[occurrence] else { continue }
            base.agreement.local.takeSeries(
                for: occurrence,
                at: try CalendarObject.agreed(base.localText, uid)?.plainSchedule(of: occurrence, at: date)
            )
            base.agreement.remote.takeSeries(
                for: occurrence,
                at: try CalendarObject.agreed(base.remoteText, uid)?.plainSchedule(of: occurrence, at: date)
            )
        }
        self.base = base
    }
}

extension SnapshotItem {
    /// Where one side alone has moved the series, takes the exceptions of the other side along: they are those of the same
    /// days, at other times.
    ///
    /// Not where each is written by itself: one that is on its way between two writes would be nowhere.
    mutating func takeExceptionsAlong(onto fieldSet: FieldSet) throws {
        guard fieldSet.overrides != .all, let local, let remote, let base, !base.isVoid else { return }
        switch rescheduler {
        case .local?:
            guard local.fields.isMoved(since: base.agreement.local),
                let moved = try base.remoteSide.moved(remote.object, remote.fields, like: local.outgoing, fieldSet)
            else { return }
            self.remote?.object = moved.object
            self.remote?.fields = moved.fields
            self.base?.agreement.remote = moved.agreed
        case .remote?:
            guard remote.fields.isMoved(since: base.agreement.remote),
                let moved = try base.localSide.moved(local.outgoing, local.fields, like: remote.object, fieldSet)
            else { return }
            self.local?.object = try isVeiled ? local.object.moved(like: remote.object) : moved.object
            self.local?.outgoing = moved.object
            self.local?.fields = moved.fields
            self.base?.agreement.local = moved.agreed
        case nil: return
        }
    }

    /// The side that alone has changed when the item takes place since both agreed.
    private var rescheduler: Side? {
        guard let local, let remote, let base, !base.isVoid else { return nil }
        let isChangedHere = local.fields[.schedule] != base.agreement.local[.schedule]
        let isChangedThere = remote.fields[.schedule] != base.agreement.remote[.schedule]
        guard isChangedHere != isChangedThere else { return nil }
        return isChangedHere ? .local : .remote
    }

    /// The occurrences of which the sides tell differently that have no place in the schedule that one side alone has changed.
    func occurrencesWithoutPlace() throws -> Set<String> {
        guard let local, let remote, let rescheduler else { return [] }
        let (here, there) = (local.fields.toldOccurrences, remote.fields.toldOccurrences)
        let uneven = Set(here.keys).union(there.keys).filter { here[$0] != there[$0] }
        let moved = rescheduler == .local ? local.outgoing : remote.object
        guard !uneven.isEmpty, moved.master != nil else { return [] }
        let dates = local.outgoing.toldDates.merging(remote.object.toldDates) { first, _ in first }
        let instants = uneven.compactMap { dates[$0] }
        let series = try SeriesDates(moved.calendar, moved.kind, around: instants)
        return uneven.filter { !series.mayHave($0) }
    }
}

extension Fields {
    /// The occurrences that are described by themselves.
    var occurrences: Set<String> { Set(keys.compactMap(\.occurrence)) }

    /// Gives an occurrence of the series the series' values; none where it had no such occurrence.
    fileprivate mutating func takeSeries(for occurrence: String, at schedule: String?) {
        guard let schedule else { return }
        for (key, value) in self where key.occurrence == nil && key != .schedule {
            self[FieldKey(key.name, of: occurrence)] = value
        }
        guard self[.schedule] != nil else { return }
        self[FieldKey(FieldKey.schedule.name, of: occurrence)] = schedule
    }
}

extension CalendarObject {
    /// An event that was agreed on; nil where its text was never noted.
    fileprivate static func agreed(_ text: String, _ uid: String) throws -> CalendarObject? {
        text.isEmpty ? nil : try CalendarObject(stored: text, uid: uid, kind: .event)
    }

    /// The instants of the overrides' occurrences, by their keys.
    fileprivate var recurrenceIDs: [String: Instant] {
        let schedule = ScheduleReader(self)
        let pairs = overrides.compactMap { override -> (String, Instant)? in
            guard let key = schedule.occurrence(override), let id = override.first("RECURRENCE-ID")?.dateTime else {
                return nil
            }
            return (key, id.instant(in: zones))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The instants of the occurrences that are told of by themselves, by their keys.
    fileprivate var toldDates: [String: Instant] {
        let exclusions = master.map(ScheduleReader(self).exclusions) ?? []
        let cancelled = exclusions.compactMap { exclusion in
            exclusion.property.dateTime.map { (exclusion.occurrence, $0.instant(in: zones)) }
        }
        return Dictionary(cancelled) { first, _ in first }.merging(recurrenceIDs) { _, override in override }
    }

    /// The canonical schedule of an occurrence without an override of its own; nil where the series has none there.
    fileprivate func plainSchedule(of occurrence: String, at date: Instant) throws -> String? {
        guard master != nil else { return nil }
        var plain = calendar
        plain.removeComponents { $0.name == kind.rawValue && $0.first("RECURRENCE-ID") != nil }
        let schedule = ScheduleReader(self)
        let places = try CalendarObject(plain).recurrenceSet().occurrences(
            in: TimeRange(start: date, end: date + 1),
            limit: CalendarLimits.maximumInstances
        )
        return places.first { $0.recurrenceID.map(schedule.key) == occurrence }.map(schedule.single)
    }
}

/// What one side said when both agreed.
private struct AgreedSide {
    var text: String
    var fields: Fields

    /// That side's event now, and what it said then, where the other side moved the series; nil where there is nothing to move.
    func moved(
        _ object: CalendarObject,
        _ fields: Fields,
        like other: CalendarObject,
        _ fieldSet: FieldSet
    ) throws -> (object: CalendarObject, fields: Fields, agreed: Fields)? {
        guard !text.isEmpty, !fields.occurrences.isEmpty || !self.fields.occurrences.isEmpty else { return nil }
        let former = try CalendarObject(parsing: text)
        let told = Projection(of: former, onto: fieldSet).fields.filter { $0.key.occurrence != nil }
        // What was agreed otherwise than that is told by nothing that could be moved.
        guard told == self.fields.filter({ $0.key.occurrence != nil }) else { return nil }
        // Two zones of different names may be the same, or not.
        guard object.zone == other.zone else { return nil }
        let moved = try object.moved(like: other)
        return (
            moved, fields.with(occurrencesOf: moved, fieldSet),
            self.fields.with(occurrencesOf: try former.moved(like: other), fieldSet)
        )
    }
}

extension AgreedItem {
    fileprivate var localSide: AgreedSide { AgreedSide(text: localText, fields: agreement.local) }
    fileprivate var remoteSide: AgreedSide { AgreedSide(text: remoteText, fields: agreement.remote) }
}

extension Fields {
    /// Whether a series was moved, and nothing else of its schedule changed, not even times into days.
    fileprivate func isMoved(since agreed: Fields) -> Bool {
        guard let now = self[.schedule], let then = agreed[.schedule], now != then else { return false }
        func rule(_ schedule: String) -> [Substring] {
            schedule.split(separator: "\n").filter { !$0.hasPrefix("START ") && !$0.hasPrefix("END ") }
        }
        func isOfTimes(_ schedule: String) -> Bool {
            schedule.utf8.prefix { $0 != UInt8(ascii: "\n") }.count > "START 20261130".utf8.count
        }
        return !rule(now).isEmpty && rule(now) == rule(then) && isOfTimes(now) == isOfTimes(then)
    }

    /// The fields with what an object says of its occurrences instead.
    fileprivate func with(occurrencesOf object: CalendarObject, _ fieldSet: FieldSet) -> Fields {
        let told = Projection(of: object, onto: fieldSet).fields.filter { $0.key.occurrence != nil }
        return filter { $0.key.occurrence == nil }.merging(told) { own, _ in own }
    }
}

extension CalendarObject {
    /// The zone in which a series begins; nil for days, UTC and none.
    fileprivate var zone: String? { master?.first("DTSTART")?.parameter("TZID") }
}
