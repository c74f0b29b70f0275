import ICalendar
import Testing

@testable import Accounts

@Suite("What is told of a grant")
struct GrantReportTests {
    private static let now = Instant(seconds: 1_800_000_000)

    private static func reply(refreshEndsIn seconds: Double?) -> TokenReply {
        TokenReply(
            accessToken: "a",
            refreshToken: "r",
            expiresIn: 3600,
            refreshTokenExpiresIn: seconds,
            scope: "one two",
            workspaceName: nil
        )
    }

    @Test func `the end that the provider sets is remembered through every renewal`() {
        let first = Self.reply(refreshEndsIn: 7 * 86_400).grant(requestedAt: Self.now, renewing: nil)
        var renewal = Self.reply(refreshEndsIn: nil)
        renewal.scope = nil
        let second = renewal.grant(requestedAt: Self.now.advanced(by: 3600), renewing: first)
        #expect(first.endsAt == Self.now.advanced(by: 7 * 86_400))
        #expect(second.endsAt == first.endsAt)
        #expect(second.scopes == "one two")
        #expect(second.consentedAt == Self.now)
        #expect(second.expiresAt == Self.now.advanced(by: 7200))
    }

    @Test(arguments: [(nil, false), (3 * 86_400, false), (86_400, true), (-1, true)] as [(Int64?, Bool)])
    func `a person is warned two days before`(_ left: Int64?, _ isWarned: Bool) {
        let report = GrantReport(
            consentedAt: Self.now,
            expiresAt: nil,
            endsAt: left.map { Self.now.advanced(by: $0) },
            isRenewable: true,
            scopes: nil
        )
        #expect(report.isAboutToEnd(at: Self.now) == isWarned)
    }

    @Test(arguments: [1e300, -1e300, .infinity] as [Double])
    func `a nonsensical life does not overflow`(_ seconds: Double) {
        let grant = Self.reply(refreshEndsIn: seconds).grant(requestedAt: Self.now, renewing: nil)
        #expect(grant.endsAt.map { $0 >= Self.now } == true)
    }
}
