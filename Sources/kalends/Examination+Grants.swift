import Accounts
import Foundation
import ICalendar
import Store

extension Examination {
    /// Accounts: their state, how old their grants are, and whether they allow what is needed.
    func connections(_ local: LocalDatabase) async throws -> [Finding] {
        let key =
            FileManager.default.fileExists(atPath: settings.masterKeyFile)
            ? try? MasterKey(path: settings.masterKeyFile) : nil
        let reports = key.map { GrantReports(credentials: local.credentials, masterKey: $0) }
        var findings: [Finding] = []
        for connection in try await local.credentials.allConnections() {
            let what = "connection \(connection.id.rawValue) (\(connection.provider))"
            if let problem = connection.problem {
                findings.append(.bad(what, problem.message, fix: problem.remedy))
                continue
            }
            do {
                let report = try await reports?.report(of: connection)
                findings.append(Self.finding(what, connection, report, at: Assembly.now()))
            } catch {
                findings.append(
                    .bad(what, "its tokens do not open", fix: "Restore the master key that belongs to this database.")
                )
            }
        }
        return findings
    }

    private static func finding(
        _ what: String,
        _ connection: ConnectionRow,
        _ report: GrantReport?,
        at now: Instant
    ) -> Finding {
        guard let report else { return .good(what, connection.state.rawValue) }
        let wanted = connection.provider == "google" ? OAuthClient.google(clientID: "", clientSecret: "").scopes : []
        let missing = report.scopes.map { granted in wanted.filter { !granted.contains($0) } } ?? []
        if !missing.isEmpty {
            return .bad(
                what,
                "what was granted lacks \(missing.joined(separator: ", "))",
                fix: "Connect again on the dashboard, and leave every box ticked."
            )
        }
        if let end = report.endsAt, report.isAboutToEnd(at: now) {
            return .bad(
                what,
                "the grant ends at \(end.rfc3339)",
                fix: "Publish the app at console.cloud.google.com (Audience): in Testing grants end after 7 days. "
                    + "Then connect again."
            )
        }
        if let end = report.expiresAt, end <= now, !report.isRenewable {
            return .bad(what, "the token ended at \(end.rfc3339)", fix: "Connect again on the dashboard.")
        }
        var facts = [connection.state.rawValue]
        if let consented = report.consentedAt { facts.append("consented \((now - consented) / 86_400) days ago") }
        if let end = report.expiresAt {
            facts.append(
                end > now ? "token renewed in \((end - now) / 60) min" : "token to be renewed with the next pass"
            )
        }
        if report.scopes != nil { facts.append("every scope granted") }
        return .good(what, facts.joined(separator: ", "))
    }
}
