import HTTPTypes
import OutboundHTTP
import Testing

@Suite("RFC 9110 §10.2.3 Retry-After")
struct RetryAfterTests {
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

    @Test(
        arguments: [
            ("120", 120), ("Sun, 06 Nov 1994 08:51:37 GMT", 120), ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("soon", nil),
            ("-1", nil), ("Sun, 06 Nov 9999 08:00:00 GMT", nil),
        ] as [(String, Int?)]
    )
    func `Retry-After is a number of seconds or a date`(_ value: String, _ seconds: Int?) {
        let reply = OutboundReply(status: 429, headers: [.retryAfter: value, .date: Self.date])
        #expect(reply.retryAfter == seconds)
    }

    @Test func `an answer without one asks for no wait`() {
        #expect(OutboundReply(status: 429).retryAfter == nil)
    }
}
