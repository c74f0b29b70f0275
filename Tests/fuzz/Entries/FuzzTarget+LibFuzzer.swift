extension FuzzTarget {
    /// Takes what libFuzzer made; ends the process at once where a property breaks, which libFuzzer then saves.
    public func takeInput(_ octets: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        let input = Array(UnsafeBufferPointer(start: octets, count: count))
        do {
            try run(input, maximumSeconds: 1)
        } catch {
            fatalError(error.sentence)
        }
        return 0
    }
}
