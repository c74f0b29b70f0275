import Bridging
import ICalendar
import SyncTestSupport

/// What goes wrong with a call.
enum Fault: Sendable {
    /// The call is refused before anything is done.
    case refuse(BridgeError)
    /// The call is done, and its answer lost.
    case loseAnswer
}

/// A call of the bridge, for scripts to choose from.
enum UpstreamCall: Sendable {
    case pull
    case write(RecordWrite)
    /// A request that carries so many writes, each of which is a call of its own besides.
    case batch(Int)

    var isWrite: Bool {
        if case .write = self { return true }
        return false
    }
}

/// An upstream calendar in memory: a record for each event and one for each override, with revisions and a feed of changes.
///
/// It normalises what it is given: blanks around a summary are cut off.
actor ScriptedUpstream {
    private(set) var records: [String: UpstreamRecord] = [:]
    private var changes: [String] = []
    private var revision = 0
    private var forgottenCursors = 0
    private var now: Instant

    /// Decides what goes wrong; called with every call, in order.
    private var script: (@Sendable (UpstreamCall) -> Fault?)?

    /// Every write that reached the upstream.
    private(set) var performed: [RecordWrite] = []

    /// The writes that came together, by request.
    private(set) var batches: [[RecordWrite]] = []

    /// What the gateway has written over or deleted: of each payload the lines that are gone, and its UID.
    private(set) var overwritten: [String] = []

    /// Who waits for so many writes.
    private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    /// How often the upstream was asked for its changes.
    private(set) var pulls = 0

    /// Whether listings end before their last page.
    private var listsPartially = false

    private(set) var channels: [String: ChannelRequest] = [:]
    private var channelRefusal: BridgeError?
    private var closingRefusal: BridgeError?

    /// Called during the next pull, once it has read what it answers.
    private var interruption: (@Sendable () async -> Void)?

    /// Called once the next write is done, before it is answered.
    private var writeInterruption: (@Sendable () async -> Void)?

    init(at now: Instant) { self.now = now }

    func setScript(_ script: (@Sendable (UpstreamCall) -> Fault?)?) { self.script = script }
    func setTime(_ now: Instant) { self.now = now }
    func setListsPartially(_ value: Bool) { listsPartially = value }
    func forgetCursors() { forgottenCursors = changes.count }
    func interruptNextWrite(_ body: @escaping @Sendable () async -> Void) { writeInterruption = body }
    func interruptNextPull(_ body: @escaping @Sendable () async -> Void) { interruption = body }

    /// Waits until so many writes have reached the upstream.
    func untilPerformed(_ count: Int) async {
        guard performed.count < count else { return }
        await withCheckedContinuation { watchers.append((count, $0)) }
    }

    private func tellWatchers() {
        let content = watchers.filter { $0.count <= performed.count }
        watchers.removeAll { $0.count <= performed.count }
        for watcher in content { watcher.continuation.resume() }
    }

    // MARK: A person's hands

    func put(_ id: String, _ payload: String, series: String? = nil) {
        revision += 1
        Trace.note("upstream", "put \(id) r\(revision) \(payload)")
        records[id] = UpstreamRecord(
            id: id,
            series: series ?? id,
            revision: "r\(revision)",
            payload: payload,
            modified: now
        )
        changes.append(id)
    }

    func edit(_ id: String, _ change: (String) -> String) {
        guard let record = records[id], !record.isDeleted else { return }
        put(id, change(record.payload), series: record.series)
    }

    func delete(_ id: String) {
        guard let record = records[id], !record.isDeleted else { return }
        revision += 1
        Trace.note("upstream", "delete \(id) r\(revision)")
        records[id] = UpstreamRecord(
            id: id,
            series: record.series,
            revision: "r\(revision)",
            payload: "",
            isDeleted: true,
            modified: now
        )
        changes.append(id)
    }

    /// Takes a record away without a trace in the feed, as a moved page is.
    func lose(_ id: String) { records[id] = nil }

    var live: [UpstreamRecord] { records.values.filter { !$0.isDeleted }.sorted { $0.id < $1.id } }

    // MARK: The interface

    func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        pulls += 1
        Trace.note("upstream", "pull since \(cursor?.rawValue ?? "nothing")")
        try fail(.pull)
        let answer: PulledRecords
        let next = SyncCursor(rawValue: String(changes.count))
        if let cursor {
            guard let place = Int(cursor.rawValue), place >= forgottenCursors else { throw .cursorExpired }
            let names = Set(changes[place...])
            answer = PulledRecords(
                records: names.sorted().compactMap { records[$0] },
                isComplete: false,
                cursor: next
            )
        } else if listsPartially {
            answer = PulledRecords(records: Array(live.prefix(1)), isComplete: false, cursor: next)
        } else {
            answer = PulledRecords(records: live, isComplete: true, cursor: next)
        }
        if let interruption {
            self.interruption = nil
            await interruption()
        }
        return answer
    }

    func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? {
        Trace.note("upstream", "write \(write)")
        let isLost = try fail(.write(write))
        let answer = try carryOut(write)
        performed.append(write)
        tellWatchers()
        if let writeInterruption {
            self.writeInterruption = nil
            await writeInterruption()
        }
        if isLost { throw .unreachable("The answer was lost.") }
        return answer
    }

    /// Performs writes in an order of its own; each meets its own fault, and all of them that of the batch.
    func perform(_ writes: [RecordWrite]) async -> [Result<UpstreamRecord?, BridgeError>] {
        batches.append(writes)
        var results = writes.map { _ in Result<UpstreamRecord?, BridgeError>.failure(.unreachable("No answer.")) }
        do throws(BridgeError) {
            let isLost = try fail(.batch(writes.count))
            for (place, write) in writes.enumerated().reversed() {
                do throws(BridgeError) {
                    let answer = try await perform(write)
                    if !isLost { results[place] = .success(answer) }
                } catch {
                    if !isLost { results[place] = .failure(error) }
                }
            }
        } catch {
            results = writes.map { _ in .failure(error) }
        }
        return results
    }

    func refuseChannels(_ error: BridgeError?) { channelRefusal = error }

    func openChannel(_ request: ChannelRequest, expiry: Instant) throws(BridgeError) -> NotificationChannel {
        if let channelRefusal { throw channelRefusal }
        channels[request.id] = request
        return NotificationChannel(id: request.id, resource: "resource", expiry: expiry)
    }

    func closeChannel(_ id: String) throws(BridgeError) {
        if let closingRefusal { throw closingRefusal }
        channels[id] = nil
    }

    func loseChannels() { channels = [:] }
    func refuseClosing(_ error: BridgeError?) { closingRefusal = error }

    @discardableResult
    private func fail(_ call: UpstreamCall) throws(BridgeError) -> Bool {
        switch script?(call) {
        case nil: return false
        case .refuse(let error): throw error
        case .loseAnswer:
            if case .pull = call { throw .unreachable("The answer was lost.") }
            return true
        }
    }

    private func carryOut(_ write: RecordWrite) throws(BridgeError) -> UpstreamRecord? {
        switch write {
        case .create(let creation):
            if creation.mayExist, let found = live.first(where: { $0.payload.contains("UID:\(creation.uid)\r\n") }) {
                guard found.payload == creation.payload else { throw .changedUpstream }
                return found
            }
            if creation.isUnlisted, live.contains(where: { $0.payload.contains("UID:\(creation.uid)\r\n") }) {
                throw .changedUpstream
            }
            if let id = creation.id, let holder = records[id], !holder.isDeleted {
                guard holder.payload == creation.payload else { throw .changedUpstream }
                return holder
            }
            let id = creation.id ?? "record-\(revision + 1)"
            put(id, creation.payload)
            return records[id]
        case .update(let id, let series, let revision, let payload):
            if let current = records[id], !current.isDeleted {
                guard revision == nil || current.revision == revision else { throw .changedUpstream }
                let kept = Set(payload.split(separator: "\r\n"))
                let gone = current.payload.split(separator: "\r\n").filter {
                    $0.hasPrefix("UID:") || !kept.contains($0)
                }
                overwritten.append(gone.joined(separator: "\r\n"))
            } else if revision != nil {
                throw .changedUpstream
            }
            put(id, payload, series: series)
            return records[id]
        case .delete(let id, _, let revision):
            guard let current = records[id], !current.isDeleted else { return nil }
            guard revision == nil || current.revision == revision else { throw .changedUpstream }
            overwritten.append(current.payload)
            delete(id)
            for exception in live where exception.series == id { delete(exception.id) }
            return nil
        }
    }
}

/// A bridge to a scripted upstream.
struct ScriptedBridge: NotifyingBridge, AnsweringBridge, PagingBridge, BatchingBridge, AccessTellingBridge {
    let upstream: ScriptedUpstream

    /// So many writes go into one request; by default none goes with another.
    var batchSize = 1

    var fields = FieldSet(
        writable: [.schedule, .summary, .description, .location, .categories],
        holdsOverrides: true
    )
    var channelExpiry = Instant(seconds: 0)
    var access: UpstreamCalendar.Access?

    func pull(since cursor: SyncCursor?) async throws(BridgeError) -> PulledRecords {
        try await upstream.pull(since: cursor)
    }

    /// So few records are on a page that the smallest calendar has several.
    var pageSize = 3

    func listAll(telling page: @escaping @Sendable (ListedPage) -> Void) async throws(BridgeError) -> SyncCursor? {
        let pulled = try await upstream.pull(since: nil)
        for start in stride(from: 0, to: pulled.records.count, by: pageSize) {
            let end = min(start + pageSize, pulled.records.count)
            let records = Array(pulled.records[start..<end])
            page(ListedPage(records: records, isLast: end == pulled.records.count))
        }
        return pulled.cursor
    }

    func perform(_ write: RecordWrite) async throws(BridgeError) -> UpstreamRecord? {
        try await upstream.perform(write)
    }

    func writesAtOnce() async -> Int { batchSize }

    func perform(_ writes: [RecordWrite]) async -> [Result<UpstreamRecord?, BridgeError>] {
        await upstream.perform(writes)
    }

    func openChannel(_ request: ChannelRequest) async throws(BridgeError) -> NotificationChannel {
        try await upstream.openChannel(request, expiry: channelExpiry)
    }

    func closeChannel(_ channel: NotificationChannel) async throws(BridgeError) {
        try await upstream.closeChannel(channel.id)
    }

    func isDeclined(_ series: [UpstreamRecord]) -> Bool {
        series.contains { $0.payload.contains("COMMENT:DECLINED") }
    }

    // MARK: Translation

    func object(from series: [UpstreamRecord]) throws(TranslationError) -> CalendarObject {
        let live = series.filter { !$0.isDeleted }
        guard let master = live.first(where: { $0.id == $0.series }) else { throw .notAnEvent }
        guard !master.payload.contains("NOT-AN-EVENT") else { throw .notAnEvent }
        guard !master.payload.contains("UNREADABLE") else { throw .unreadable("line 3 makes no sense") }
        do {
            var calendar = try CalendarObject(parsing: master.payload).calendar
            for exception in live.filter({ $0.id != $0.series }).sorted(by: { $0.id < $1.id }) {
                for event in try CalendarObject(parsing: exception.payload).calendar.components("VEVENT") {
                    calendar.append(event)
                }
            }
            return try CalendarObject(calendar)
        } catch {
            throw .unreadable(error.message)
        }
    }

    func writes(
        toMake object: CalendarObject?,
        from series: [UpstreamRecord]
    ) throws(TranslationError) -> [RecordWrite] {
        let live = series.filter { !$0.isDeleted }
        guard let object else {
            return live.filter { $0.id == $0.series }
                .map { .delete(id: $0.id, series: $0.series, revision: $0.revision) }
        }
        guard let master = object.master else { throw .unsupported("Overrides need their series.") }
        guard master.first("SUMMARY")?.text != "Unsupported" else { throw .unsupported("It cannot be held.") }
        let payload = held([master])
        guard let current = live.first(where: { $0.id == $0.series }) else {
            guard !object.overrides.isEmpty else {
                return [.create(RecordCreation(id: nil, uid: object.uid, payload: payload))]
            }
            // Overrides are addressed through their series: its identifier must be known before it exists.
            let id = "made-\(object.uid)"
            return [.create(RecordCreation(id: id, uid: object.uid, payload: payload))]
                + object.overrides.compactMap { override in
                    override.first("RECURRENCE-ID")?.dateTime.map { time in
                        .update(id: "\(id)_\(time.text)", series: id, revision: nil, payload: held([override]))
                    }
                }
        }
        var writes: [RecordWrite] = []
        if current.payload != payload {
            writes.append(.update(id: current.id, series: current.id, revision: current.revision, payload: payload))
        }
        var wanted: [String: String] = [:]
        for override in object.overrides {
            guard let time = override.first("RECURRENCE-ID")?.dateTime else { continue }
            wanted["\(current.id)_\(time.text)"] = held([override])
        }
        for exception in live where exception.id != exception.series && wanted[exception.id] == nil {
            writes.append(.delete(id: exception.id, series: exception.series, revision: exception.revision))
        }
        for (id, payload) in wanted.sorted(by: { $0.key < $1.key }) {
            let known = live.first { $0.id == id }
            guard known?.payload != payload else { continue }
            writes.append(.update(id: id, series: current.id, revision: known?.revision, payload: payload))
        }
        return writes
    }

    private static let held = [
        "UID", "DTSTAMP", "RECURRENCE-ID", "DTSTART", "DTEND", "RRULE", "EXDATE", "SUMMARY", "DESCRIPTION", "LOCATION",
        "CATEGORIES",
    ]

    /// The event as the upstream holds it.
    private func held(_ events: [Component]) -> String {
        let events = events.map { event in
            var properties = Self.held.flatMap { event.all($0) }
                .map { Property($0.name, parameters: $0.parameters, value: $0.value) }
            for index in properties.indices where properties[index].name == "SUMMARY" {
                let text = properties[index].text.split(separator: " ").joined(separator: " ")
                properties[index] = Property("SUMMARY", text: text)
            }
            for index in properties.indices where properties[index].name == "DTSTAMP" {
                properties[index] = Property("DTSTAMP", value: "20260101T000000Z")
            }
            return Component("VEVENT", properties: properties)
        }
        let head = [Property("VERSION", value: "2.0"), Property("PRODID", value: "-//Scripted//EN")]
        return Component("VCALENDAR", properties: head, components: events).serialized()
    }
}
