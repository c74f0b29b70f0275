import Accounts
import Bridging
import HTTPTypes
import ICalendar
import NIOCore
import Store
import Sync

extension RESTProblem {
    /// What an error means to whoever sent the request; nil for one that is our own failure.
    init?(meaning error: any Error, limit: Int) {
        switch error {
        case let problem as RESTProblem: self = problem
        case let error as ConnectError: self.init(error)
        case let error as BridgeError: self.init(error)
        case let error as CalendarDataError:
            self.init(.unprocessableContent, "invalid_event", error.message, "Correct the event.")
        case let error as TooManyGuesses:
            self.init(.tooManyRequests, "rate_limited", "There were too many wrong passwords.", "Wait, then try again.")
            headers[.retryAfter] = String(error.retryAfter)
        case let error as PassFailure:
            let problem = LinkProblem(error)
            self.init(.conflict, problem.code, problem.message, problem.remedy)
        case is PassIsRunning:
            self.init(.conflict, "conflict", "A pass of the link runs now.", "Look at its runs, or ask again later.")
        case let error as LinkFiltersError:
            self.init(.unprocessableContent, "invalid_filters", error.message, "Set the link's filters anew.")
        case is LinkHasBegun: self = .linkHasBegun
        case is PasswordHasherOverloaded:
            self.init(.serviceUnavailable, "rate_limited", "Too many passwords are being checked.", "Try again.")
            headers[.retryAfter] = "1"
        case is ReadOnlyCalendar: self = .readOnlyCalendar
        case let error as ReadOnlyObject:
            self.init(.forbidden, "permission_denied", error.reason, "Change it in the application that it comes from.")
        case is NIOTooManyBytesError:
            self.init(.contentTooLarge, "invalid_request", "The body has more than \(limit) octets.", "Send less.")
        default: return nil
        }
    }

    static let foreignPage = RESTProblem(
        .forbidden,
        "permission_denied",
        "The request comes from a page of another site.",
        "Call the interface from a program, not from another site's page."
    )

    static let nobody = RESTProblem(
        .unauthorized,
        "permission_denied",
        "Nobody is logged in.",
        "Send Basic or Bearer credentials."
    )

    static let readOnlyToken = RESTProblem(
        .forbidden,
        "permission_denied",
        "The token may only read.",
        "Make a token with the scope write."
    )

    static let linkHasBegun = RESTProblem(
        .conflict,
        "conflict",
        "The link has begun: pairs that were to be one event are one, and those that were parted are two.",
        "To part what became one event, undo the run under Activity: each side has its own again, and both are left alone. "
            + "Where two events should be one, leave one of them alone, or delete it."
    )

    static let readOnlyCalendar = RESTProblem(
        .forbidden,
        "permission_denied",
        "The calendar was given to you for reading only.",
        "Ask its owner for leave to write."
    )

    /// Refuses a method that the address does not know (RFC 9110 §15.5.6).
    static func methodNotAllowed(_ method: HTTPRequest.Method, allowed: String) -> RESTProblem {
        var problem = RESTProblem(
            .methodNotAllowed,
            "invalid_request",
            "\(method) is not known here.",
            "See /api/v1/openapi.json."
        )
        problem.headers[.allow] = allowed
        return problem
    }

    /// What could not be foreseen; the log says more under the same id.
    static func unexpected(_ request: String) -> RESTProblem {
        var problem = RESTProblem(
            .internalServerError,
            "internal_error",
            "Something went wrong inside.",
            "Try again; if it stays, look for \(request) in the log."
        )
        problem.request = request
        return problem
    }

    /// What a connection attempt met.
    init(_ error: ConnectError) {
        switch error {
        case .unknownConnection: self = .notFound
        case .unsupported(let provider):
            self = .invalid(
                "\(provider) cannot be connected this way.",
                "Set its client id and secret, or use a token."
            )
        case .refused(let problem): self.init(.unprocessableContent, problem.code, problem.message, problem.remedy)
        case .unreachable(let problem): self.init(.badGateway, problem.code, problem.message, problem.remedy)
        }
    }

    /// What an upstream answered.
    init(_ error: BridgeError) {
        switch error {
        case .cursorExpired, .changedUpstream:
            self.init(.conflict, "conflict", "The upstream changed in the meantime.", "Try again.")
        case .authorizationRevoked(let message):
            self.init(.conflict, "reconnect_required", message, "Connect the account again.")
        case .throttled, .writesPaused:
            self.init(.tooManyRequests, "rate_limited", "The upstream asks us to slow down.", "Try again later.")
        case .unreachable(let message):
            self.init(.badGateway, "upstream_unreachable", message, "Try again later.")
        case .refused(let refusal):
            let remedy = refusal.remedy ?? "Correct what the message names."
            self.init(.unprocessableContent, refusal.code, refusal.message, remedy)
        }
    }
}
