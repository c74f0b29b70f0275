import Bridging
import Store

/// The line of a write is written before the upstream hears of it: whatever happens then, the trail tells of it.
///
/// What the upstream answered is said in that line together with what is noted of the answer. A line of which nothing was
/// noted, since the process died or the answer was lost, stays one of a write that was begun, unless a later pass finds that
/// the upstream says what was to be written.
extension SyncPass {
    /// Performs a write under a line of the trail; what was answered is written into it with what follows.
    ///
    /// With the line is noted what is intended, where that is to be.
    mutating func performAudited(
        _ write: RecordWrite,
        for item: SnapshotItem,
        intending intentions: [Intention] = []
    ) async throws -> UpstreamRecord? {
        let line = try await begin([(write, item)], intending: intentions)[0]
        let result: Result<UpstreamRecord?, BridgeError>
        do {
            result = .success(try await bridge(for: item).perform(write))
        } catch {
            result = .failure(error)
        }
        note(result, of: write, under: line, detail: correction?.message)
        return try result.get()
    }

    /// Says in the line of a write what was answered; one without an answer stays open, for a later look to tell.
    mutating func note(
        _ result: Result<UpstreamRecord?, BridgeError>,
        of write: RecordWrite,
        under line: AuditEntry,
        detail: String? = nil
    ) {
        if let concluded = line.concluded(write, result, detail: detail) {
            audit.append(concluded)
        } else {
            unanswered[line.subject ?? "", default: []].append(line)
        }
    }

    /// Writes down that writes are about to be made, and what is intended by them.
    mutating func begin(
        _ writes: [(write: RecordWrite, item: SnapshotItem)],
        intending intentions: [Intention] = []
    ) async throws -> [AuditEntry] {
        let lines = writes.map { write, item in
            AuditEntry(beginning: write, of: item.uid, over: link, by: AuditEntry.pass, run: run)
        }
        intended.formUnion(intentions.filter { !$0.isCreation }.map(\.uid))
        return try await state.begin(lines, intending: intentions, over: link)
    }

    /// A settlement of what needed no write; what was begun and never answered has happened then.
    func found(_ prepared: PreparedItem?) -> PreparedItem? {
        guard var prepared, let lines = unanswered[prepared.settlement.uid] else { return prepared }
        prepared.settlement.found = lines.compactMap(\.foundWritten)
        return prepared
    }

    /// Says of what was begun and is not found by a whole pass that it was not: what comes later has other causes.
    ///
    /// What this pass began itself, the listing that it looked at may not show yet.
    func giveUpUnanswered() async throws {
        let earlier = unanswered.values.joined().filter { $0.run == nil || $0.run != run?.rawValue }
        try await state.conclude(earlier.compactMap(\.notFound))
    }

    /// The lines not yet written down.
    mutating func takeAudit() -> [AuditEntry] {
        defer { audit = [] }
        return audit
    }
}

extension AuditEntry {
    /// Who does what a pass does.
    static let pass = "link"

    private static let noAnswer = "no answer was noted"
    private static let wasFound = "no answer was noted, and a later pass found it written"
    private static let wasNotFound = "no answer was noted, and the next pass did not find it written"

    /// The line about a write that is about to be made.
    init(beginning write: RecordWrite, of uid: String, over link: Link, by actor: String, run: RunID?) {
        self.init(
            .upstreamBegun,
            of: link.principal,
            by: actor,
            calendar: link.calendar,
            connection: link.connection,
            link: link.id.rawValue,
            run: run?.rawValue,
            subject: uid,
            detail: "\(write.auditAction.rawValue): \(Self.noAnswer)"
        )
    }

    /// The line once the write was answered; nil where it was not, so that nobody knows whether it was done.
    func concluded(
        _ write: RecordWrite,
        _ result: Result<UpstreamRecord?, BridgeError>,
        detail: String? = nil
    ) -> AuditEntry? {
        var line = self
        switch result {
        case .success: (line.action, line.detail) = (write.auditAction, detail)
        case .failure(let error) where !error.isCertain: return nil
        case .failure(let error):
            (line.action, line.detail) = (.upstreamRefused, "\(write.auditAction.rawValue): \(error.sentence)")
        }
        return line
    }

    /// The line of a write that was begun once the upstream was found to say what was to be written; nil for another line.
    var foundWritten: AuditEntry? {
        guard let begunAction else { return nil }
        var line = self
        (line.action, line.detail) = (begunAction, Self.wasFound)
        return line
    }

    /// The same once it was looked for in vain.
    var notFound: AuditEntry? {
        guard let begunAction else { return nil }
        var line = self
        line.detail = "\(begunAction.rawValue): \(Self.wasNotFound)"
        return line
    }

    /// Whether an event was about to be deleted upstream, and nothing more is known of that.
    var isBegunDeletion: Bool { begunAction == .upstreamDeleted }

    /// Whether an event was about to be made upstream, and nothing more is known of that.
    var isBegunCreation: Bool { begunAction == .upstreamCreated }

    /// What was begun, as long as nothing more is known of it.
    private var begunAction: Action? {
        guard action == .upstreamBegun, let detail, detail.hasSuffix(": \(Self.noAnswer)") else { return nil }
        return Action(rawValue: String(detail.prefix { $0 != ":" }))
    }
}

extension RecordWrite {
    fileprivate var auditAction: AuditEntry.Action {
        switch self {
        case .create: .upstreamCreated
        case .update: .upstreamUpdated
        case .delete: .upstreamDeleted
        }
    }
}

extension BridgeError {
    /// What happened, in one sentence.
    var sentence: String { LinkProblem(self).message }
}
