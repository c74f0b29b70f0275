import Foundation

/// A small generator, so that a seed gives the same history everywhere.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    package mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// Which random histories to live through.
package struct Seeds {
    private let seeds: Range<UInt64>

    /// So many, from seed 1 on; as many as the variable says; or only those that `KALENDS_TEST_SEED` names: `446`, or
    /// `1001-2000`.
    package init(default count: UInt64, variable: String = "KALENDS_TEST_HISTORIES") {
        let environment = ProcessInfo.processInfo.environment
        let named = environment["KALENDS_TEST_SEED"]?.split(separator: "-").compactMap { UInt64($0) } ?? []
        if let first = named.first, let last = named.last, first <= last {
            seeds = first..<last + 1
        } else {
            seeds = 1..<(environment[variable].flatMap(UInt64.init) ?? count) + 1
        }
    }

    /// Every `parts`-th seed, from the one at `index` on.
    package func share(_ index: UInt64, of parts: UInt64) -> [UInt64] { seeds.filter { $0 % parts == index } }
}
