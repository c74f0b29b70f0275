extension RESTRoutes {
    /// Everything the interface does.
    static let operations: [Operation] =
        calendarOperations + exportOperations + trashOperations + shareOperations + feedOperations + eventOperations
        + historyOperations
        + connectionOperations + linkOperations
        + passOperations + conflictOperations + secretOperations + streamOperations + webhookOperations
        + mappingOperations + auditOperations + providerOperations

    /// An operation with its path taken apart.
    struct Route: Sendable {
        let operation: Operation
        let names: Int
        private let segments: [Substring]

        init(_ operation: Operation) {
            self.operation = operation
            segments = operation.segments
            names = operation.pathNames.count
        }

        /// Whether the path of a request is one of the operation's.
        func matches(_ path: [String]) -> Bool {
            segments.count == path.count && zip(segments, path).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
    }

    static let table = operations.map(Route.init)
}
