public import WebDAV

/// What a path names, whether or not it exists.
public enum ResourcePath: Sendable, Hashable {
    /// `/.well-known/caldav` (RFC 6764 §5).
    case wellKnown
    /// `/dav/`, and `/` too: Evolution asks there and never at the well-known address.
    case root
    /// `/dav/principals/`
    case principals
    /// `/dav/principals/NAME/`
    case principal(String)
    /// `/dav/principals/NAME/notifications/`
    case notifications(String)
    /// `/dav/calendars/`
    case homes
    /// `/dav/calendars/NAME/`
    case home(String)
    /// `/dav/calendars/NAME/CALENDAR/`
    case calendar(home: String, name: String)
    /// `/dav/calendars/NAME/CALENDAR/OBJECT`
    case object(home: String, calendar: String, name: String)
    /// A path that means nothing here.
    case unknown

    /// The longest name of a resource: four times what any client was seen to send, and short enough for every proxy.
    public static let maximumSegmentOctets = 1_024

    /// Reads a path as it stands on the wire: split first, then each segment decoded once.
    ///
    /// - Throws: 400 for what could be read in two ways: a bad `%`, NUL, an encoded `/`, `.` and `..`, and control
    ///   characters anywhere but in the name of an object; 414 for a segment that is too long.
    public static func parse(_ raw: String) throws(DAVError) -> ResourcePath {
        guard raw.utf8.first == UInt8(ascii: "/") else { throw .badRequest("The path must begin with a slash.") }
        var segments: [String] = []
        for part in raw.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            segments.append(try decode(Substring(part)))
        }
        // A slash at the end leaves one empty segment; collections are found with and without it.
        let endsInSlash = segments.last == ""
        if endsInSlash { segments.removeLast() }
        guard !segments.contains("") else { return .unknown }
        let path = read(segments, endsInSlash: endsInSlash)
        // vdirsyncer names an object after its UID, and Outlook ends some UIDs in a line feed.
        if case .object = path { segments.removeLast() }
        guard !segments.contains(where: hasControlCharacter) else { throw unnameable }
        return path
    }

    private static func decode(_ segment: Substring) throws(DAVError) -> String {
        guard segment.utf8.count <= 3 * maximumSegmentOctets, let text = Percent.decode(segment: segment) else {
            throw segment.utf8.count > 3 * maximumSegmentOctets
                ? tooLong : .badRequest("The path is not percent-encoded UTF-8.")
        }
        guard text.utf8.count <= maximumSegmentOctets else { throw tooLong }
        guard !text.utf8.contains(UInt8(ascii: "/")), text != ".", text != ".." else { throw unnameable }
        return text
    }

    private static func hasControlCharacter(_ segment: String) -> Bool {
        segment.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }

    private static let unnameable = DAVError.badRequest("The path has a segment that no resource can be called.")

    private static let tooLong = DAVError(
        status: 414,
        message: "A segment of the path is longer than \(maximumSegmentOctets) octets."
    )

    private static func read(_ segments: [String], endsInSlash: Bool) -> ResourcePath {
        guard let first = segments.first else { return .root }
        if segments == [".well-known", "caldav"] { return .wellKnown }
        guard first == "dav" else { return .unknown }
        switch (segments.count, segments.dropFirst().first) {
        case (1, _): return .root
        case (2, "principals"): return .principals
        case (3, "principals"): return .principal(segments[2])
        case (4, "principals") where segments[3] == "notifications": return .notifications(segments[2])
        case (2, "calendars"): return .homes
        case (3, "calendars"): return .home(segments[2])
        case (4, "calendars"): return .calendar(home: segments[2], name: segments[3])
        case (5, "calendars") where !endsInSlash:
            return .object(home: segments[2], calendar: segments[3], name: segments[4])
        default: return .unknown
        }
    }

    /// The methods that can succeed on a resource of this kind, as `Allow` lists them (RFC 9110 §10.2.1).
    var allowedMethods: String {
        switch self {
        case .wellKnown, .unknown: "OPTIONS"
        case .root, .principals, .principal, .notifications, .homes: "OPTIONS, PROPFIND, PROPPATCH, REPORT"
        case .home: "OPTIONS, PROPFIND, PROPPATCH, REPORT, POST"
        case .calendar:
            "OPTIONS, PROPFIND, PROPPATCH, REPORT, POST, DELETE, COPY, MOVE, LOCK, UNLOCK, MKCALENDAR, MKCOL"
        case .object: "OPTIONS, GET, HEAD, PUT, DELETE, COPY, MOVE, LOCK, UNLOCK, PROPFIND, PROPPATCH, REPORT"
        }
    }
}

extension Href {
    static let root = Href(encoded: "/dav/")
    static let principals = Href(encoded: "/dav/principals/")
    static let homes = Href(encoded: "/dav/calendars/")

    static func principal(_ name: String) -> Href { principals.appending(name, isCollection: true) }
    static func notifications(of name: String) -> Href {
        principal(name).appending("notifications", isCollection: true)
    }
    static func home(_ name: String) -> Href { homes.appending(name, isCollection: true) }
    static func calendar(_ name: String, of home: String) -> Href {
        Href.home(home).appending(name, isCollection: true)
    }
}
