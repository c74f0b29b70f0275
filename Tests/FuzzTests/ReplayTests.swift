import Foundation
import FuzzEntries
import TestSupport
import Testing

@Suite("What fuzzing once found, and the seeds it starts from")
struct ReplayTests {
    @Test(.timeLimit(.minutes(15)), arguments: FuzzTarget.allCases)
    func `no octets break what must hold for any`(_ target: FuzzTarget) throws {
        for fixture in Fixture.all(in: "fuzz/\(target.rawValue)", extension: "input") {
            #expect(throws: Never.self, "\(target.rawValue)/\(fixture.url.lastPathComponent)") {
                try target.run(fixture.octets, maximumSeconds: nil)
            }
        }
    }
}
