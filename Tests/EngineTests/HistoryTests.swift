import SyncTestSupport
import Testing

@Suite("Random histories with simulated services")
struct HistoryTests {
    @Test(arguments: History.Kind.wanted, 0..<4 as Range<UInt64>)
    func `whatever people, faults and crashes do, a calendar and its services end the same and nothing is lost`(
        _ kind: History.Kind,
        _ share: UInt64
    ) async throws {
        for seed in Seeds(default: 12, variable: "KALENDS_TEST_SERVICE_HISTORIES").share(share, of: 4) {
            var history = try await History(kind, seed: seed)
            try await history.live()
            try await history.settle()
            try await history.check()
            try await history.handleOccurrence()
        }
    }
}
