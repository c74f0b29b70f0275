public import ICalendar
import SQL

/// What is known of a request that may be a repeated one.
public enum AnswerClaim: Sendable, Hashable {
    case first
    case answered([UInt8])
    case underWay
    case differs
}

extension CredentialStore {
    /// Notes that a request is being answered, unless one of that name is or was.
    ///
    /// - Parameters:
    ///   - name: what the client calls the request.
    ///   - digest: of what it asks.
    ///   - principal: who asks.
    ///   - abandoned: what has no answer since then is answered anew.
    ///   - forgotten: what is older is forgotten.
    /// - Returns: whether it is the first, or what became of the first.
    /// - Throws: what the database says.
    public func claimAnswer(
        _ name: [UInt8],
        digest: [UInt8],
        of principal: PrincipalID,
        abandonedBefore abandoned: Instant,
        forgottenBefore forgotten: Instant
    ) async throws -> AnswerClaim {
        let now = now()
        return try await database.write { transaction in
            try transaction.run(
                """
                DELETE FROM remembered_answer
                WHERE created_at < \(forgotten.value) OR (sealed IS NULL AND created_at < \(abandoned.value))
                """
            )
            let known = try transaction.row(
                """
                SELECT digest, sealed FROM remembered_answer
                WHERE principal = \(principal.value) AND name = \(.blob(name))
                """
            )
            if let known {
                guard try known.blob("digest") == digest else { return .differs }
                return try known.optionalBlob("sealed").map(AnswerClaim.answered) ?? .underWay
            }
            try transaction.run(
                """
                INSERT INTO remembered_answer (principal, name, digest, created_at)
                VALUES (\(principal.value), \(.blob(name)), \(.blob(digest)), \(now.value))
                """
            )
            return .first
        }
    }

    /// Keeps the answer to a request.
    public func keepAnswer(_ name: [UInt8], sealed: [UInt8], of principal: PrincipalID) async throws {
        try await database.write { transaction in
            try transaction.run(
                """
                UPDATE remembered_answer SET sealed = \(.blob(sealed))
                WHERE principal = \(principal.value) AND name = \(.blob(name))
                """
            )
        }
    }

    /// Forgets a request that was not answered.
    public func releaseAnswer(_ name: [UInt8], of principal: PrincipalID) async throws {
        try await database.write { transaction in
            try transaction.run(
                """
                DELETE FROM remembered_answer
                WHERE principal = \(principal.value) AND name = \(.blob(name)) AND sealed IS NULL
                """
            )
        }
    }
}
