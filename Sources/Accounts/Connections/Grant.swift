import Bridging
import Foundation
import ICalendar
import Store

/// The tokens of one connection, as they lie sealed in the store.
struct Grant: Sendable, Hashable, Codable {
    var accessToken: String

    /// Nil for a token made by hand, which nothing can renew.
    var refreshToken: String?

    /// Nil where the provider does not say: then good until it is refused.
    var expiresAt: Instant?

    /// When the person consented; nil for a token made by hand, and for consents from before this was noted.
    var consentedAt: Instant?

    /// When the grant itself ends, renewed or not; nil where the provider sets no end.
    var endsAt: Instant?

    /// What was granted, as the provider wrote it; nil where it did not say.
    var scopes: String?

    /// What the provider calls the grant itself (Notion's `bot_id`): two connections with the same one live by one grant.
    var identity: String?

    /// The workspace it is of (Notion); nil where the provider has none, and for consents from before this was noted.
    var workspace: String?

    /// A token is renewed so many seconds before its end, so that no request begins with a dying one.
    static let renewalMargin: Int64 = 300

    func isFresh(at now: Instant) -> Bool {
        guard let expiresAt else { return true }
        return expiresAt.advanced(by: -Self.renewalMargin) > now
    }

    /// So long Google lets a grant live while the project's consent screen is in "Testing".
    static let testingLife: Int64 = 7 * 86_400

    /// Renewals happen every hour: a grant that ends at its limit is found dead within two.
    private static let testingSlack: Int64 = 2 * 3600

    /// Whether a grant that is dead now lived as long as one of a project in testing: to its limit and not beyond.
    func diedOfTesting(at now: Instant) -> Bool {
        guard let consentedAt, let expiresAt else { return false }
        let limit = consentedAt.advanced(by: Self.testingLife)
        return now.advanced(by: Self.testingSlack) >= limit && expiresAt <= limit.advanced(by: Self.testingSlack)
    }

    var token: AccessToken { AccessToken(accessToken) }

    /// What a sealed grant is bound to: it opens for no other user and no other connection.
    static func binding(of row: ConnectionRow) -> String {
        "connection \(row.id.rawValue) of principal \(row.principal.rawValue)"
    }

    func sealed(by sealer: Sealer, for row: ConnectionRow) throws -> [UInt8] {
        try sealer.seal([UInt8](JSONEncoder().encode(self)), binding: Self.binding(of: row))
    }

    static func open(_ sealed: [UInt8], by sealer: Sealer, for row: ConnectionRow) throws -> Grant {
        try JSONDecoder().decode(Grant.self, from: Data(sealer.open(sealed, binding: binding(of: row))))
    }
}

extension Grant: CustomStringConvertible, CustomDebugStringConvertible {
    var description: String { "•••" }
    var debugDescription: String { "•••" }
}
