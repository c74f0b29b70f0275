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
        switch result {
        case .success: audit.append(entry(write.auditAction, item, detail: correction))
        case .failure(let error):
            audit.append(entry(.upstreamRefused, item, detail: "\(write.auditAction.rawValue): \(error.sentence)"))
        }
    }

    /// The lines not yet written down.
    mutating func takeAudit() -> [AuditEntry] {
        defer { audit = [] }
        return audit
    }

    private func entry(_ action: AuditEntry.Action, _ item: SnapshotItem, detail: String?) -> AuditEntry {
        AuditEntry(
            action,
            of: link.principal,
            by: "link",
            calendar: link.calendar,
            connection: link.connection,
            link: link.id.rawValue,
            run: run?.rawValue,
            subject: item.uid,
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
