import Accounts
import ICalendar
import Store
import Testing

@testable import Web

@Suite("Metrics of tokens")
struct MetricsTests {
    @Test func `a grant that ends soon, and one that is dead, are about to die`() async throws {
        try await TestGateway.run(configure: { gateway in
            if let key = try? MasterKey(octets: Array(repeating: 7, count: 32)) {
                gateway.grants = GrantReports(credentials: gateway.credentials, masterKey: key)
            }
        }) { test in
            let id = try await test.connectGoogle()
            let alive = try await test.send("GET", "/metrics", as: nil).text
            #expect(alive.contains("kalends_tokens_about_to_die 0\n"))
            #expect(alive.contains("kalends_token_seconds_left{connection=\"\(id)\",provider=\"google\"}"))
            #expect(alive.contains("kalends_grant_age_seconds{connection=\"\(id)\",provider=\"google\"}"))
            try await test.gateway.credentials.setConnectionState(
                ConnectionID(rawValue: Int64(id)),
                state: .reconnectRequired,
                error: nil
            )
            #expect(try await test.send("GET", "/metrics", as: nil).text.contains("kalends_tokens_about_to_die 1\n"))
        }
    }
}
