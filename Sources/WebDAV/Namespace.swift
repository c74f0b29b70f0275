public import XML

/// The namespaces of the vocabularies spoken here.
public enum Namespace {
    /// RFC 4918 §14 and everything that extends it.
    public static let dav = "DAV:"

    /// RFC 4791.
    public static let calDAV = "urn:ietf:params:xml:ns:caldav"

    /// Apple's calendarserver.org extensions, of which `getctag` is the one everybody asks for.
    public static let calendarServer = "http://calendarserver.org/ns/"

    /// Apple's display properties.
    public static let apple = "http://apple.com/ns/ical/"

    /// Ours: a sentence for people inside an error.
    public static let kalends = "urn:kalends:dav"

    /// The prefixes of everything we write.
    public static let prefixes: [(namespace: String, prefix: String)] = [
        (dav, "D"), (calDAV, "C"), (calendarServer, "CS"), (apple, "A"),
    ]
}

/// A property is named by the element that carries it (RFC 4918 §4.5).
public typealias PropertyName = Name

extension Name {
    /// A name of RFC 4918 and its extensions.
    public static func dav(_ local: String) -> Name { Name(Namespace.dav, local) }

    /// A name of RFC 4791.
    public static func calDAV(_ local: String) -> Name { Name(Namespace.calDAV, local) }

    /// A name of calendarserver.org.
    public static func calendarServer(_ local: String) -> Name { Name(Namespace.calendarServer, local) }

    /// A name of Apple's.
    public static func apple(_ local: String) -> Name { Name(Namespace.apple, local) }
}

extension Writer {
    /// A writer that knows the prefixes of ``Namespace``.
    public static func dav(capacity: Int = 1_024) -> Writer {
        Writer(prefixes: Namespace.prefixes, capacity: capacity)
    }
}
