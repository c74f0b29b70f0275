/// An upstream that takes many writes in one request, for when much waits.
public protocol BatchingBridge: Bridge {
    /// How many writes may go together now, so that nobody who edits meanwhile waits long behind them; at least one.
    func writesAtOnce() async -> Int

    /// Performs writes to records of different series, each as if it were the only one.
    ///
    /// They may be carried out in any order.
    ///
    /// - Returns: of each write, in the order given, what ``Bridge/perform(_:)`` would have answered or thrown.
    func perform(_ writes: [RecordWrite]) async -> [Result<UpstreamRecord?, BridgeError>]
}
