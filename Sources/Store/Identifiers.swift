/// The identifier of a principal; never given to another one.
public struct PrincipalID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: PrincipalID, right: PrincipalID) -> Bool { left.rawValue < right.rawValue }
}

/// The identifier of a calendar; never given to another one.
public struct CalendarID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: CalendarID, right: CalendarID) -> Bool { left.rawValue < right.rawValue }
}

/// The identifier of a calendar object; it outlives the object in its versions, and a restored object has it again.
public struct ObjectID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: ObjectID, right: ObjectID) -> Bool { left.rawValue < right.rawValue }
}

/// The identifier of a connection to a provider; never given to another one.
public struct ConnectionID: Sendable, Hashable, Comparable, Codable, RawRepresentable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: ConnectionID, right: ConnectionID) -> Bool { left.rawValue < right.rawValue }
}
