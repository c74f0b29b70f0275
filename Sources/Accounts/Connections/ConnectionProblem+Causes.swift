import Store

extension ConnectionProblem {
    static let reconnectCode = "reconnect_required"

    static let anotherAccountCode = "another_account"

    /// The grant is dead; only the person can mend it.
    static func reconnect(_ provider: String, because reason: String? = nil) -> ConnectionProblem {
        let cause = reason.map { " (\($0))" } ?? ""
        return ConnectionProblem(
            code: reconnectCode,
            message: "\(displayName(provider)) no longer lets Kalends in\(cause).",
            remedy: "Open the connection and choose Reconnect; until then your calendars stay here as they are."
        )
    }

    /// Google ended the grant because the project's consent screen is in testing.
    static func testingEnded() -> ConnectionProblem {
        ConnectionProblem(
            code: reconnectCode,
            message: "Google ended the access after 7 days, as it does while the consent screen is in Testing.",
            remedy: "Publish the app at console.cloud.google.com (Audience), then choose Reconnect."
        )
    }

    /// The person said no.
    static func denied(_ provider: String) -> ConnectionProblem {
        ConnectionProblem(
            code: "permission_denied",
            message: "Access to \(displayName(provider)) was not granted.",
            remedy: "Connect again and allow access."
        )
    }

    /// The person unticked something that is needed.
    static func missing(_ scopes: [String], at provider: String) -> ConnectionProblem {
        let names = scopes.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: ", ")
        return ConnectionProblem(
            code: "permission_denied",
            message: "\(displayName(provider)) did not grant everything that is needed; missing: \(names).",
            remedy: "Connect again and leave every box ticked."
        )
    }

    /// The code could not be exchanged.
    static func failed(_ failure: OAuthFailure, at provider: String) -> ConnectionProblem {
        switch failure {
        case .invalidGrant(let reason):
            ConnectionProblem(
                code: "permission_denied",
                message: "\(displayName(provider)) did not accept the authorisation (\(reason)).",
                remedy: "Connect again, and finish within a few minutes."
            )
        case .invalidClient: misconfigured(provider)
        case .refused(let code, let message):
            ConnectionProblem(
                code: code,
                message: "\(displayName(provider)) refused the connection: \(message)",
                remedy: "Check the client id and the redirect address at \(displayName(provider)), then connect again."
            )
        case .throttled:
            ConnectionProblem(
                code: "rate_limited",
                message: "\(displayName(provider)) has had too many requests.",
                remedy: "Connect again in a few minutes."
            )
        case .unreachable(let reason):
            ConnectionProblem(
                code: "upstream_unreachable",
                message: "\(displayName(provider)) could not be asked for the tokens: \(reason)",
                remedy: "Connect again in a few minutes."
            )
        }
    }

    /// A consent without lasting access.
    static func notLasting(_ provider: String) -> ConnectionProblem {
        ConnectionProblem(
            code: "permission_denied",
            message: "\(displayName(provider)) gave no lasting access.",
            remedy: "Remove Kalends from the apps of your \(displayName(provider)) account, then connect again."
        )
    }

    /// The consent came from another account than the one the connection is of.
    static func anotherAccount(_ name: String, than known: String, _ provider: String) -> ConnectionProblem {
        ConnectionProblem(
            code: anotherAccountCode,
            message: "This connection is of \(known), and access was given to \(name): nothing was changed.",
            remedy: "Choose Connect again, and \(known) at \(displayName(provider));"
                + " to use \(name) as well, connect it as an account of its own."
        )
    }

    /// Nobody says whose consent it is, of a connection whose account is known.
    static func accountUntold(_ provider: String) -> ConnectionProblem {
        ConnectionProblem(
            code: "upstream_unreachable",
            message: "\(displayName(provider)) did not say whose account access was given to: nothing was changed.",
            remedy: "Connect again in a few minutes."
        )
    }

    /// A token made by hand is wrong.
    static func tokenRefused(_ provider: String) -> ConnectionProblem {
        ConnectionProblem(
            code: "permission_denied",
            message: "\(displayName(provider)) does not accept this token.",
            remedy: "Copy the token once more from the settings of the integration at \(displayName(provider))."
        )
    }

    /// A refresh token was given in place of the token itself.
    static func refreshToken(_ provider: String) -> ConnectionProblem {
        ConnectionProblem(
            code: "permission_denied",
            message: "This is a refresh token, which lets nobody in by itself.",
            remedy: "Copy the internal integration secret, or a personal access token, at \(displayName(provider))."
        )
    }

    /// The installation's own id or secret is wrong.
    static func misconfigured(_ provider: String) -> ConnectionProblem {
        ConnectionProblem(
            code: "invalid_client",
            message: "\(displayName(provider)) does not know this installation by its client id and secret.",
            remedy: "Enter both once more under Connect on the dashboard, or correct \(settings(provider)); "
                + "connections go on by themselves once they are right."
        )
    }

    /// The installation has no id or secret for the provider.
    static func notConfigured(_ provider: String) -> ConnectionProblem {
        ConnectionProblem(
            code: "not_configured",
            message: "This installation has no client id and secret for \(displayName(provider)).",
            remedy: "Set \(settings(provider)), or enter both on the dashboard."
        )
    }

    private static func settings(_ provider: String) -> String {
        let name = provider.uppercased()
        return "KALENDS_\(name)_CLIENT_ID and KALENDS_\(name)_CLIENT_SECRET"
    }

    private static func displayName(_ provider: String) -> String {
        provider.prefix(1).uppercased() + provider.dropFirst()
    }
}
