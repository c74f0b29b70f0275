/// Names for the objects of new events.
public enum ObjectName {
    /// Longer names trouble file systems and some clients.
    private static let maximumOctets = 120

    /// Names for the event of that UID, the plainest first; whatever stands in the UID, they are safe in a path.
    public static func candidates(for uid: String) -> [String] {
        let (plain, digest) = (plain(for: uid), ETag.of(uid).rawValue)
        return [plain, "\(plain.dropLast(4))-\(digest).ics", "\(digest).ics"]
    }

    /// The plainest name for the event of that UID.
    public static func plain(for uid: String) -> String {
        let safe = uid.utf8.prefix(maximumOctets).map { octet -> UInt8 in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "@"):
                octet
            default: UInt8(ascii: "-")
            }
        }
        var name = String(decoding: safe, as: UTF8.self)
        if name.isEmpty || name.utf8.first == UInt8(ascii: ".") { name = "event" + name }
        return name + ".ics"
    }
}
