public import Bridging
import HTTPTypes
import ICalendar

extension GoogleBridge {
    /// Looks at the occurrences that are to be written though no revision of them is known, and at all of a series that is to
    /// be rescheduled: somebody may have changed one of them since the last listing, and the write would go over that.
    public func examined(
        _ writes: [RecordWrite],
        knowing known: [UpstreamRecord],
        isDisputed: Bool
    ) async throws(BridgeError) -> [RecordWrite] {
        let unseen = writes.compactMap(\.unseenOccurrence)
        let moved = isDisputed ? nil : writes.lazy.compactMap(\.rescheduledSeries).first
        guard let series = unseen.first?.series ?? moved else { return writes }
        let known = known.filter { $0.series == series }
        let memory: EventSeries
        do {
            memory = try EventSeries(known, linkZone: link.timeZone)
        } catch {
            // What cannot be read was not written by what it says.
            throw .changedUpstream
        }
        if moved != nil { try await refuseUnseenExceptions(of: series, besides: known, memory) }
        guard !unseen.isEmpty else { return writes }
        let present = try await occurrences(unseen.map(\.id), of: series)
        var examined: [RecordWrite] = []
        for write in writes {
            guard case .update(let id, _, nil, let payload) = write, let record = present[id] else {
                examined.append(write)
                continue
            }
            let isKnown = memory.knows(try reading(record), id, linkZone: link.timeZone)
            guard isKnown || isDisputed else { throw .changedUpstream }
            examined.append(.update(id: id, series: series, revision: record.revision, payload: payload))
        }
        return examined
    }

    /// Refuses to reschedule a series of which an occurrence says something else than what is known: it would lose its place,
    /// and the revision of the series does not tell of it.
    private func refuseUnseenExceptions(
        of series: String,
        besides known: [UpstreamRecord],
        _ memory: EventSeries
    ) async throws(BridgeError) {
        guard let master = known.first(where: { $0.id == series }), let uid = try reading(master)["iCalUID"]?.text
        else {
            return
        }
        let revisions = Set(known.map { [$0.id, $0.revision] })
        let query = [("iCalUID", uid), ("showDeleted", "true"), ("maxResults", "2500")]
        for record in try await records(events(), query) where record.series == series && record.id != series {
            guard !revisions.contains([record.id, record.revision]) else { continue }
            guard memory.knows(try reading(record), record.id, linkZone: link.timeZone) else { throw .changedUpstream }
        }
    }

    /// What a listing of some events has, to its last page or until it has enough; nothing where these answers come.
    private func records(
        _ path: String,
        _ query: [(String, String)],
        nothingFor absence: Set<Int> = [],
        until isEnough: ([UpstreamRecord]) -> Bool = { _ in false }
    ) async throws(BridgeError) -> [UpstreamRecord] {
        var found: [UpstreamRecord] = []
        var tokens = PageTokens()
        repeat {
            let reply = try await client.exchange(.get, path, query + tokens.query)
            guard !absence.contains(reply.status) else { return [] }
            guard reply.isSuccess else { throw GoogleFailure(reply).error(about: .item) }
            do {
                let page = try EventPage(reply.body)
                found += try page.listed().records
                try tokens.advance(to: page.nextPageToken)
            } catch let error as BridgeError {
                throw error
            } catch {
                throw .unreadableAnswer
            }
        } while tokens.hasNext && !isEnough(found)
        return found
    }

    private func reading(_ record: UpstreamRecord) throws(BridgeError) -> JSON {
        do {
            return try JSONReader.value(of: record.payload)
        } catch {
            throw .unreadableAnswer
        }
    }

    /// Occurrences as they are now, whether or not they have records of their own: one by itself, several by a listing.
    private func occurrences(_ ids: [String], of series: String) async throws(BridgeError) -> [String: UpstreamRecord] {
        var found = ids.count > 1 ? try await listedOccurrences(ids, of: series) : [:]
        // One that was moved far away is not where it is looked for.
        for id in ids where found[id] == nil {
            let reply = try await client.exchange(.get, events(id))
            // What the series is only to get nobody can have changed.
            guard reply.status != 404, reply.status != 410 else { continue }
            guard reply.isSuccess else { throw GoogleFailure(reply).error(about: .item) }
            found[id] = try await record(reply)
        }
        return found
    }

    private func listedOccurrences(
        _ ids: [String],
        of series: String
    ) async throws(BridgeError) -> [String: UpstreamRecord] {
        let times = ids.compactMap { Slot(instanceID: $0, of: series)?.moment }
        guard let first = times.min(), let last = times.max() else { return [:] }
        // A day begins in its zone up to a day before or after it does in UTC.
        let query = [
            ("showDeleted", "true"), ("maxResults", "2500"), ("timeMin", (first + -Zones.secondsPerDay).rfc3339),
            ("timeMax", (last + 2 * Zones.secondsPerDay).rfc3339),
        ]
        let wanted = Set(ids)
        // Without a series there is nothing to list, and each occurrence tells so itself.
        let records = try await records(events(series, "instances"), query, nothingFor: [400, 404, 410]) { records in
            records.count { wanted.contains($0.id) } >= wanted.count
        }
        return Dictionary(records.filter { wanted.contains($0.id) }.map { ($0.id, $0) }) { _, later in later }
    }
}

extension RecordWrite {
    /// The occurrence that an update is about of which no revision is known; nil for every other write.
    fileprivate var unseenOccurrence: (id: String, series: String)? {
        guard case .update(let id, let series, nil, _) = self, id != series else { return nil }
        return (id, series)
    }
}

extension RecordWrite {
    /// The series that an update gives other times or another rule; nil for every other write.
    fileprivate var rescheduledSeries: String? {
        guard case .update(let id, let series, _, let payload) = self, id == series,
            let changes = try? JSONReader.value(of: payload)
        else { return nil }
        return ["start", "recurrence"].contains { changes[$0] != nil } ? series : nil
    }
}

extension Slot {
    /// When the occurrence begins, a day as in UTC.
    fileprivate var moment: Instant {
        switch self {
        case .day(let date): date.instant(in: Zones.iana)
        case .instant(let instant): instant
        }
    }
}

extension EventSeries {
    /// Whether an occurrence still is what is known of it: what its own record says, or else its series.
    ///
    /// One that follows its series has its revision, too.
    fileprivate func knows(_ occurrence: JSON, _ id: String, linkZone: String) -> Bool {
        let slot =
            EventTime(occurrence["originalStartTime"], linkZone: linkZone)?.slot
            ?? master.flatMap { Slot(instanceID: id, of: $0.id) }
        guard let slot else { return false }
        let isCancelled = occurrence["status"]?.text == "cancelled"
        guard cancelled[slot] == nil, !isCancelled else { return cancelled[slot] != nil && isCancelled }
        if let revision = master?.revision, occurrence["etag"]?.text == revision { return true }
        let expected = exceptions[slot]?.details ?? master?.details.at(slot)
        return expected != nil && EventResource(occurrence, linkZone: linkZone)?.details == expected
    }
}
