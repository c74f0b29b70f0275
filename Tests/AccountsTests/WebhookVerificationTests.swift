import Crypto
import Foundation
import Store
import Testing

@testable import Accounts

@Suite("The secret of an upstream's calls")
struct WebhookVerificationTests {
    private static func isTaken(
        _ secret: String,
        by verification: WebhookVerification,
        _ number: Int
    ) async throws -> Bool {
        let body = Array("call \(number)".utf8)
        let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Array(secret.utf8)))
        let signature = "sha256=" + code.map { String(format: "%02x", $0) }.joined()
        return try await verification.isGenuine(body, signature: signature)
    }

    @Test func `the one of before counts until a call is signed with the one that came after it`() async throws {
        let gateway = try await Gateway()
        let verification = WebhookVerification(
            provider: "notion",
            credentials: gateway.credentials,
            masterKey: gateway.masterKey,
            now: { [clock = gateway.clock] in clock.now }
        )
        func take(_ secret: String) async throws {
            _ = try await verification.open()
            #expect(try await verification.accept(secret))
            #expect(try await verification.setup().token == secret)
        }
        try await take("secret_first")
        for (number, stranger) in ["secret_stranger", "secret_other"].enumerated() {
            try await take(stranger)
            #expect(try await Self.isTaken("secret_first", by: verification, number))
        }
        #expect(try await !Self.isTaken("secret_stranger", by: verification, 10))
        try await take("secret_second")
        #expect(try await Self.isTaken("secret_first", by: verification, 11))
        #expect(try await Self.isTaken("secret_second", by: verification, 12))
        #expect(try await !Self.isTaken("secret_first", by: verification, 13))
        #expect(try await verification.setup().state == .verified)
    }
}
