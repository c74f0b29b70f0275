import Bridging
import Store

extension SyncPass {
    /// Performs a write and keeps a line about it, also where it was refused; it is written down with what follows.
    mutating func performAudited(_ write: RecordWrite, for item: SnapshotItem) async throws -> UpstreamRecord? {
        let result: Result<UpstreamRecord?, BridgeError>
        do {
            result = .success(try await bridge(for: item).perform(write))
        } catch {
            result = .failure(error)
        }
        audit(write, for: item, result)
        return try result.get()
    }

    /// Keeps a line about a write.
    mutating func audit(
        _ write: RecordWrite,
        for item: SnapshotItem,
        _ result: Result<UpstreamRecord?, BridgeError>
    ) {
        let line = AuditEntry(write, result, of: item.uid, over: link, by: "link", run: run, detail: correction)
        audit.append(line)
    }

    /// The lines not yet written down.
    mutating func takeAudit() -> [AuditEntry] {
        defer { audit = [] }
        return audit
    }
}

extension AuditEntry {
    /// The line about a write to an upstream.
    init(
        _ write: RecordWrite,
        _ result: Result<UpstreamRecord?, BridgeError>,
        of uid: String,
        over link: Link,
        by actor: String,
        run: RunID?,
        detail: String? = nil
    ) {
        var (action, detail) = (write.auditAction, detail)
        if case .failure(let error) = result {
            (action, detail) = (.upstreamRefused, "\(write.auditAction.rawValue): \(error.sentence)")
        }
        self.init(
            action,
            of: link.principal,
            by: actor,
            calendar: link.calendar,
            connection: link.connection,
            link: link.id.rawValue,
            run: run?.rawValue,
            subject: uid,
            detail: detail
        )
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
