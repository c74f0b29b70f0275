public import XML

/// A 207 answer under construction (RFC 4918 §13), written octet by octet as it grows.
public struct MultiStatus: Sendable {
    private var writer = Writer.dav(capacity: 16_384)

    private let maximumOctets: Int

    /// How many octets have been taken out of the writer.
    private var takenOctets = 0

    /// Begins the document; once it has `maximumOctets` it is full.
    public init(maximumOctets: Int = RequestLimits.maximumAnswerOctets) {
        self.init(root: .dav("multistatus"), maximumOctets: maximumOctets)
    }

    /// Whether no more data should be added: what remains is told by ``appendUntold(_:)``.
    public var isFull: Bool { takenOctets + writer.octets.count >= maximumOctets }

    /// A resource that one answer has no more room for.
    public mutating func appendUntold(_ href: Href) {
        append(href, status: Precondition.numberOfMatchesWithinLimits.status, error: .numberOfMatchesWithinLimits)
    }

    private init(root: Name, maximumOctets: Int = RequestLimits.maximumAnswerOctets) {
        self.maximumOctets = maximumOctets
        writer.declaration()
        writer.open(root, declaresPrefixes: true)
    }

    /// A resource with its properties.
    ///
    /// `found` writes the elements that stand under 200, and returns the names that the resource lacks, for 404.
    public mutating func append(_ href: Href, found: (inout Writer) -> [PropertyName]) {
        begin(href)
        writer.markup("<D:propstat><D:prop>")
        let missing = found(&writer)
        writer.markup("</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>")
        if !missing.isEmpty { append(PropStat(status: 404, names: missing)) }
        end()
    }

    /// A resource whose properties `propStats` writes from their first element to the end, which ``ending(missing:)`` is.
    public mutating func append(_ href: Href, propStats: (inout Writer) -> Void) {
        begin(href)
        writer.markup("<D:propstat><D:prop>")
        propStats(&writer)
        end()
    }

    /// The same of a member of a collection; `name` is not encoded.
    public mutating func append(
        memberOf collection: Href,
        named name: ArraySlice<UInt8>,
        propStats: (inout Writer) -> Void
    ) {
        writer.markup("<D:response><D:href>")
        writer.text(collection.path)
        if name.allSatisfy(Percent.isPlain) {
            writer.markup(name)
        } else {
            writer.text(Percent.encode(segment: String(decoding: name, as: UTF8.self)))
        }
        writer.markup("</D:href><D:propstat><D:prop>")
        propStats(&writer)
        end()
    }

    /// What stands behind the properties that were found, with those that are missing.
    public static func ending(missing: [PropertyName]) -> [UInt8] {
        var part = MultiStatus()
        part.writer = .dav()
        part.writer.markup("</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>")
        if !missing.isEmpty { part.append(PropStat(status: 404, names: missing)) }
        return part.writer.octets
    }

    /// How many octets have been written and not been taken.
    public var count: Int { writer.octets.count }

    /// Takes out what has been written so far; the document goes on behind it.
    public mutating func taken() -> [UInt8] {
        takenOctets += writer.octets.count
        return writer.taken()
    }

    /// A resource none of whose properties has a value to show: PROPPATCH, and properties that are all missing.
    public mutating func append(_ href: Href, _ propStats: [PropStat]) {
        begin(href)
        for propStat in propStats { append(propStat) }
        end()
    }

    /// A resource of which only a status is told (RFC 4918 §14.24).
    public mutating func append(_ href: Href, status: Int, error: Precondition? = nil) {
        begin(href)
        append(status: status)
        append(error)
        end()
    }

    /// A response that was built as a tree.
    public mutating func append(_ response: Element) { writer.element(response) }

    /// Ends the document, with the token of RFC 6578 §3.2 where there is one.
    public consuming func finished(syncToken: SyncToken? = nil) -> [UInt8] {
        if let syncToken { writer.element(.dav("sync-token"), text: syncToken.uri) }
        writer.close(.dav("multistatus"))
        return writer.octets
    }

    /// A document that is not a multistatus but holds `propstat` elements: RFC 5689 §5.2 `mkcol-response`.
    public static func propStats(_ propStats: [PropStat], in root: Name) -> [UInt8] {
        var document = MultiStatus(root: root)
        for propStat in propStats { document.append(propStat) }
        document.writer.close(root)
        return document.writer.octets
    }

    private mutating func begin(_ href: Href) {
        writer.markup("<D:response><D:href>")
        writer.text(href.path)
        writer.markup("</D:href>")
    }

    private mutating func end() { writer.markup("</D:response>\n") }

    private mutating func append(_ propStat: PropStat) {
        writer.markup("<D:propstat><D:prop>")
        for name in propStat.names { writer.empty(name) }
        writer.markup("</D:prop>")
        append(status: propStat.status)
        append(propStat.error)
        writer.markup("</D:propstat>")
    }

    private mutating func append(status: Int) {
        writer.element(.dav("status"), text: "HTTP/1.1 \(status) \(reasonPhrase(of: status))")
    }

    private mutating func append(_ error: Precondition?) {
        guard let error else { return }
        writer.markup("<D:error>")
        writer.element(error.element)
        writer.markup("</D:error>")
    }
}

/// Properties that share one status (RFC 4918 §14.22), told by name only.
public struct PropStat: Sendable, Hashable {
    /// The status they share.
    public var status: Int

    /// The properties.
    public var names: [PropertyName]

    /// Why, where a standard has a name for it.
    public var error: Precondition?

    /// Groups properties under a status.
    public init(status: Int, names: [PropertyName], error: Precondition? = nil) {
        self.status = status
        self.names = names
        self.error = error
    }
}

/// The reason phrase of a status; RFC 9112 §4 wants the blank even where there is none.
func reasonPhrase(of status: Int) -> String {
    switch status {
    case 200: "OK"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 409: "Conflict"
    case 423: "Locked"
    case 424: "Failed Dependency"
    case 507: "Insufficient Storage"
    default: ""
    }
}
