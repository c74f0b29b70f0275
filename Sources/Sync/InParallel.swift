import Foundation

/// Maps values on all cores, in their order.
///
/// Only as many pieces as there are cores are under way at once: what else wants to run, a client's request above all, waits
/// for one piece at most.
func inParallel<Value: Sendable, Result: Sendable>(
    _ values: [Value],
    _ transform: @escaping @Sendable (Value) -> Result
) async -> [Result] {
    let size = 64
    guard values.count > size else { return values.map(transform) }
    let pieces = stride(from: 0, to: values.count, by: size).map { values[$0..<min($0 + size, values.count)] }
    return await withTaskGroup(of: (Int, [Result]).self) { group in
        var results = [[Result]](repeating: [], count: pieces.count)
        for number in pieces.indices {
            if number >= ProcessInfo.processInfo.activeProcessorCount, let (done, piece) = await group.next() {
                results[done] = piece
            }
            group.addTask { (number, pieces[number].map(transform)) }
        }
        for await (done, piece) in group { results[done] = piece }
        return results.flatMap { $0 }
    }
}
