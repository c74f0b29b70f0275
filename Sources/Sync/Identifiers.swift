/// The identifier of a link; never given to another one.
public struct LinkID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: LinkID, right: LinkID) -> Bool { left.rawValue < right.rawValue }
}

/// The identifier of a pass that did something or was asked for: a run.
public struct RunID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: RunID, right: RunID) -> Bool { left.rawValue < right.rawValue }
}

/// The identifier of a conflict, open or resolved.
public struct ConflictID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: ConflictID, right: ConflictID) -> Bool { left.rawValue < right.rawValue }
}

/// The identifier of an item that waits for another try.
public struct QueueID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: QueueID, right: QueueID) -> Bool { left.rawValue < right.rawValue }
}

/// The identifier of an item that could not be read.
public struct QuarantineID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: QuarantineID, right: QuarantineID) -> Bool { left.rawValue < right.rawValue }
}
