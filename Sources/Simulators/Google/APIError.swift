/// A refusal of the simulated API, in the shape Google gives it.
///
/// Calendar's back end answers without a `status` word; the front end (authentication, scopes) adds one, and details.
struct APIError: Error, Sendable, Hashable {
    var code: Int
    var domain = "global"
    var reason: String
    var message: String
    var locationType: String?
    var location: String?
    /// The front end's status word.
    var status: String?
    /// The front end's `details[].reason`.
    var detail: String?

    /// The body of the answer.
    var body: JSON {
        let error = JSON.compact([
            "domain": .string(domain), "reason": .string(reason), "message": .string(message),
            "locationType": .text(locationType), "location": .text(location),
        ])
        var members: [String: JSON] = [
            "errors": [error], "code": .integer(Int64(code)), "message": .string(message),
        ]
        members["status"] = .text(status)
        members["details"] = detail.map { detail in
            [
                [
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": "googleapis.com",
                    "reason": .string(detail),
                ]
            ]
        }
        return ["error": .object(members)]
    }
}

/// 400: the request is wrong and stays wrong.
extension APIError {
    static func invalid(_ message: String) -> APIError { APIError(code: 400, reason: "invalid", message: message) }

    static func required(_ message: String) -> APIError { APIError(code: 400, reason: "required", message: message) }

    static func badRequest(_ message: String = "Bad Request") -> APIError {
        APIError(code: 400, reason: "badRequest", message: message)
    }

    static func invalidParameter(_ name: String, _ value: String) -> APIError {
        APIError(
            code: 400,
            reason: "invalidParameter",
            message: "Invalid value '\(value)' for parameter '\(name)'.",
            locationType: "parameter",
            location: name
        )
    }

    static let parseError = APIError(code: 400, reason: "parseError", message: "Parse Error")

    static let invalidIdentifier = APIError.invalid("Invalid resource id value.")

    /// A refusal of Calendar itself: domain `calendar`.
    static func calendar(_ reason: String, _ message: String) -> APIError {
        APIError(code: 400, domain: "calendar", reason: reason, message: message)
    }

    static func timeRangeEmpty(parameter: String? = nil) -> APIError {
        APIError(
            code: 400,
            domain: "calendar",
            reason: "timeRangeEmpty",
            message: "The specified time range is empty.",
            locationType: parameter.map { _ in "parameter" },
            location: parameter
        )
    }

    static let sequenceTooLow = APIError.invalid(
        "Invalid sequence value. The specified sequence number is below the current sequence number of the resource. "
            + "Re-fetch the resource and use its sequence number on the following request."
    )
}

/// 401 and 403: who is asking.
extension APIError {
    static let loginRequired = APIError(
        code: 401,
        reason: "required",
        message: "Login Required.",
        locationType: "header",
        location: "Authorization",
        status: "UNAUTHENTICATED"
    )

    static let invalidCredentials = APIError(
        code: 401,
        reason: "authError",
        message: "Invalid Credentials",
        locationType: "header",
        location: "Authorization",
        status: "UNAUTHENTICATED"
    )

    static let insufficientScope = APIError(
        code: 403,
        reason: "insufficientPermissions",
        message: "Request had insufficient authentication scopes.",
        status: "PERMISSION_DENIED",
        detail: "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    )

    static let writerRequired = APIError(
        code: 403,
        domain: "calendar",
        reason: "requiredAccessLevel",
        message: "You need to have writer access to this calendar."
    )

    static let ownerRequired = APIError(
        code: 403,
        domain: "calendar",
        reason: "requiredAccessLevel",
        message: "You need to have owner access to this calendar."
    )

    static let nonOrganizer = APIError(
        code: 403,
        domain: "calendar",
        reason: "forbiddenForNonOrganizer",
        message: "Shared properties can only be changed by the organizer of the event."
    )

    static let forbidden = APIError(code: 403, reason: "forbidden", message: "Forbidden")

    /// A limit of use; `reason` is one of `rateLimitExceeded`, `userRateLimitExceeded`, `quotaExceeded`.
    static func usageLimit(_ reason: String, code: Int = 403) -> APIError {
        let message =
            switch reason {
            case "userRateLimitExceeded": "User Rate Limit Exceeded"
            case "quotaExceeded": "Calendar usage limits exceeded."
            case _: "Rate Limit Exceeded"
            }
        return APIError(code: code, domain: "usageLimits", reason: reason, message: message)
    }
}

/// 404 and after: what is asked for.
extension APIError {
    static let notFound = APIError(code: 404, reason: "notFound", message: "Not Found")

    static let duplicate = APIError(
        code: 409,
        reason: "duplicate",
        message: "The requested identifier already exists."
    )

    static let deleted = APIError(code: 410, reason: "deleted", message: "Resource has been deleted")

    static let fullSyncRequired = APIError(
        code: 410,
        domain: "calendar",
        reason: "fullSyncRequired",
        message: "Sync token is no longer valid, a full sync is required.",
        locationType: "parameter",
        location: "syncToken"
    )

    static let updatedMinTooLongAgo = APIError(
        code: 410,
        domain: "calendar",
        reason: "updatedMinTooLongAgo",
        message: "The requested minimum modification time lies too far in the past.",
        locationType: "parameter",
        location: "updatedMin"
    )

    static let conditionNotMet = APIError(
        code: 412,
        reason: "conditionNotMet",
        message: "Precondition Failed",
        locationType: "header",
        location: "If-Match"
    )

    static func backend(_ code: Int) -> APIError {
        APIError(code: code, reason: "backendError", message: "Backend Error")
    }
}
