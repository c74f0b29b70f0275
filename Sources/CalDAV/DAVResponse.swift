public import HTTPTypes
public import WebDAV

/// An answer for the web layer to send as it is.
public struct DAVResponse: Sendable {
    /// The status code.
    public var status: Int

    /// The header fields; `Content-Length` is there only for HEAD, whose body stays away.
    public var headers: HTTPFields

    /// The whole body, or its first block.
    public var body: [UInt8]

    /// What of the body follows the first block.
    public var rest: Rest?

    /// The part of a long body that is made while it is sent, so that it is never held whole.
    public struct Rest: Sendable {
        /// Writes the rest: calls its argument with one block after the other, and waits until each is taken.
        ///
        /// When it throws, the body is not whole, and the client must see that.
        public let write: @Sendable (_ send: ([UInt8]) async throws -> Void) async throws -> Void

        init(_ write: @escaping @Sendable (_ send: ([UInt8]) async throws -> Void) async throws -> Void) {
            self.write = write
        }
    }

    /// Makes an answer.
    public init(status: Int, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Makes an answer whose body is XML.
    init(status: Int, xml body: [UInt8], headers: HTTPFields = [:]) {
        self.init(status: status, headers: headers, body: body)
        self.headers[.contentType] = "application/xml; charset=utf-8"
    }

    /// A 207 answer (RFC 4918 §13).
    init(_ multiStatus: consuming MultiStatus, syncToken: SyncToken? = nil) {
        self.init(status: 207, xml: multiStatus.finished(syncToken: syncToken))
    }

    /// The one rendering of a refusal.
    public init(_ error: DAVError) {
        self.init(status: error.status, xml: error.body, headers: error.headers)
    }
}

extension HTTPField.Name {
    static let dav = known("DAV")
    static let brief = known("Brief")
    static let preferenceApplied = known("Preference-Applied")
    static let depth = known("Depth")
    static let destination = known("Destination")
    static let forwardedHost = known("X-Forwarded-Host")
    static let `if` = known("If")
    static let lockToken = known("Lock-Token")
    static let overwrite = known("Overwrite")
    static let timeout = known("Timeout")
    static let prefer = known("Prefer")
    static let calDAVTimezones = known("CalDAV-Timezones")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is a token of RFC 9110 §5.6.2") }
        return field
    }
}
