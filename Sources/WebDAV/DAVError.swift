public import HTTPTypes
public import XML

/// A refusal that the client reads.
///
/// RFC 4918 §16. Its body is written in ``body`` and nowhere else.
public struct DAVError: Error, Sendable, Hashable {
    /// The status of the answer.
    public var status: Int

    /// What was not fulfilled, where a standard has a name for it.
    public var precondition: Precondition?

    /// One sentence for whoever reads the client's log.
    public var message: String

    /// Header fields that belong to the refusal: `Allow`, `WWW-Authenticate`, `Retry-After`.
    public var headers: HTTPFields

    /// Describes a refusal.
    public init(status: Int, precondition: Precondition? = nil, message: String, headers: HTTPFields = [:]) {
        self.status = status
        self.precondition = precondition
        self.message = message
        self.headers = headers
    }

    /// The `DAV:error` document: the precondition, and the sentence in a namespace of ours.
    ///
    /// Never without content: Thunderbird reads a bare `DAV:error` as "too many requests".
    public var body: [UInt8] {
        var writer = Writer.dav()
        writer.declaration()
        let root = Name.dav("error")
        writer.open(root, declaresPrefixes: true)
        if let precondition { writer.element(precondition.element) }
        writer.element(Name(Namespace.kalends, "message"), text: message)
        writer.close(root)
        return writer.octets
    }
}

extension DAVError {
    /// A failed precondition.
    public static func failed(_ precondition: Precondition, _ message: String) -> DAVError {
        DAVError(status: precondition.status, precondition: precondition, message: message)
    }

    /// The request itself makes no sense.
    public static func badRequest(_ message: String) -> DAVError { DAVError(status: 400, message: message) }

    /// Nothing here; also the answer for what belongs to somebody else.
    public static let notFound = DAVError(status: 404, message: "There is no such resource.")

    /// `If-Match` or `If-None-Match` does not hold (RFC 9110 §13.1).
    public static let preconditionFailed = DAVError(
        status: 412,
        message: "The resource is not in the state that the request's condition names."
    )

    /// The resource knows the method not; `allow` is what it knows (RFC 9110 §15.5.6).
    public static func methodNotAllowed(_ method: String, allow: String) -> DAVError {
        DAVError(status: 405, message: "\(method) is not possible here.", headers: [.allow: allow])
    }

    /// The body is XML that cannot be read or that says nothing we understand.
    public static func unreadable(_ error: XMLError) -> DAVError {
        switch error {
        case .tooLarge: DAVError(status: 413, message: error.message)
        case .malformed, .documentTypeForbidden, .tooDeep, .tooManyElements, .tagTooLong: .badRequest(error.message)
        }
    }
}

extension Document {
    /// Parses the body of a request.
    public init(body: [UInt8]) throws(DAVError) {
        do {
            try self.init(parsing: body)
        } catch .documentTypeForbidden where body.namesExternalEntity {
            throw .failed(.noExternalEntities, XMLError.documentTypeForbidden.message)
        } catch {
            throw .unreadable(error)
        }
    }
}

extension [UInt8] {
    /// Whether a document type declaration, which has been found, leads out of the document (RFC 4918 §16, §20.6).
    fileprivate var namesExternalEntity: Bool {
        let text = String(decoding: self, as: UTF8.self)
        return text.contains("SYSTEM") || text.contains("PUBLIC")
    }
}
