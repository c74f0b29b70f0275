import Accounts
import SimulatorGoogle
import Testing

@testable import Web

@Suite("What commands on this machine ask of a running gateway")
struct LocalRouteTests {
    private typealias JSON = SimulatorGoogle.JSON

    private static let secret = "only for the gateway's own user"

    @Test func `a request is mirrored to whoever proves to know the secret, and to nobody else`() async throws {
        try await TestGateway.run(configure: { $0.localToken = Self.secret }) { test in
            func mirror(_ proof: String?) async throws -> WireReply {
                let fields = [("Depth", "1"), ("If-Match", "\"x\"")] + (proof.map { [("X-Kalends-Proof", $0)] } ?? [])
                return try await test.send("REPORT", "/local/mirror", as: nil, fields, body: [1, 2, 3])
            }
            let seen = try JSON(parsing: try await mirror(Proof.make(of: Self.secret)).body)
            #expect(seen["method"]?.text == "REPORT" && seen["octets"]?.number == 3)
            #expect(seen["fields"]?["depth"]?.text == "1" && seen["fields"]?["if-match"]?.text == "\"x\"")
            let proof = Proof.make(of: Self.secret)
            #expect(!proof.contains(Self.secret) && proof != Proof.make(of: Self.secret))
            for wrong in [nil, "", "x", "x.y", Proof.make(of: "another"), "a" + proof, Self.secret] {
                let refused = try await mirror(wrong)
                #expect(refused.status == 404 && refused.body.isEmpty, "\(wrong ?? "none")")
            }
        }
    }

    @Test func `links are woken by the secret itself`() async throws {
        try await TestGateway.run(configure: { $0.localToken = Self.secret }) { test in
            let link = try await test.linkGoogle()
            func wake(_ secret: String, _ path: String = "/local/sync") async throws -> WireReply {
                try await test.send("POST", path, as: nil, [("X-Kalends-Local", secret)])
            }
            #expect(try await wake("wrong").status == 404)
            #expect(try await wake(Self.secret, "/local/nothing").status == 404)
            let woken = try await wake(Self.secret, "/local/sync?link=\(link.id)")
            #expect(try JSON(parsing: woken.body)["woken"]?.number == 1)
            let read = try await test.send("GET", "/local/sync", as: nil, [("X-Kalends-Local", Self.secret)])
            #expect(read.status == 404)
        }
    }
}
