import ICalendar

/// What only the web interface does: splitting a series at one of its instances.
extension GoogleCalendarState {
    /// Changes an instance and all that follow: the series ends before it, a new one begins there.
    ///
    /// The new series has the identifier `<series>_R<start>`; exceptions behind the cut are lost.
    mutating func splitSeries(
        at instance: String,
        in name: String,
        by caller: Caller,
        _ changes: JSON
    ) throws(APIError) -> JSON {
        let calendar = try calendar(name, for: caller, atLeast: .writer)
        let first = try event(instance, in: calendar)
        guard let origin = first.origin, let master = books[calendar.id]?[origin.series], !first.isCancelled else {
            throw .invalid("Only an instance of a series can be split off.")
        }
        let request = EventRequest()
        let (before, after) = try splitRules(of: master, at: origin.start, in: calendar.timeZone)
        let end = master.instance(at: origin.start).end
        var body = master.writable(in: calendar.timeZone)
        body["start"] = origin.start.resource(in: calendar.timeZone)
        body["end"] = end.resource(in: calendar.timeZone)
        body["recurrence"] = .array(after.map(JSON.string))
        let content = try EventContent(body.merging(changes), context(calendar, nil, request))

        let shortened: JSON = ["recurrence": .array(before.map(JSON.string))]
        _ = try writeEvent(master.id, shortened, as: .patch, in: name, by: caller, request)
        let suffix = origin.start.instanceSuffix.filter { $0 != "Z" }
        let root = master.id.firstRange(of: "_R").map { String(master.id[..<$0.lowerBound]) } ?? master.id
        let rest = StoredEvent(
            id: "\(root)_R\(suffix)",
            iCalUID: "\(root)_R\(suffix)@google.com",
            origin: nil,
            content,
            creator: caller.email,
            organizer: organizer(of: calendar),
            at: tick()
        )
        let made = store(rest, in: calendar.id)
        return renderer(calendar, for: caller, request).resource(of: made)
    }

    /// The lines of the old series, ended before `start`, and those of the new one.
    private func splitRules(
        of master: StoredEvent,
        at start: EventTime,
        in zone: String
    ) throws(APIError) -> (before: [String], after: [String]) {
        let moment = start.instant(in: zone)
        let last: EventTime =
            switch start {
            case .day(let day): .day(day.adding(days: -1))
            case .moment: .moment(moment + -1, zone: "UTC")
            }
        var before: [String] = []
        var after: [String] = []
        for line in master.recurrence {
            guard line.hasPrefix("RRULE:") else {
                before.append(line)
                after.append(line)
                continue
            }
            let parts = line.dropFirst("RRULE:".count).split(separator: ";").map(String.init)
            let open = parts.filter { !$0.hasPrefix("UNTIL=") && !$0.hasPrefix("COUNT=") }
            before.append("RRULE:" + (open + ["UNTIL=\(last.instanceSuffix)"]).joined(separator: ";"))
            guard let count = parts.first(where: { $0.hasPrefix("COUNT=") }).flatMap({ Int($0.dropFirst(6)) }) else {
                after.append(line)
                continue
            }
            let past = try instancesBefore(moment, of: master, by: line, in: zone)
            after.append("RRULE:" + (open + ["COUNT=\(max(1, count - past))"]).joined(separator: ";"))
        }
        return (before, after)
    }

    /// How many instances one rule makes before `moment`, deleted ones counted.
    private func instancesBefore(
        _ moment: Instant,
        of master: StoredEvent,
        by rule: String,
        in zone: String
    ) throws(APIError) -> Int {
        var bare = master
        bare.instances = try Series.instances(master.start, master.end, [rule], in: zone)
        let window = TimeRange(start: nil, end: moment)
        return bare.instanceStarts(in: window).count { $0.instant(in: zone) < moment }
    }
}
