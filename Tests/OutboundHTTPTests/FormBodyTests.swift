import HTTPTypes
import OutboundHTTP
import Testing

@Suite("RFC 3986 §2.1, RFC 6749 appendix B: encoding")
struct FormBodyTests {
    @Test
    func `everything but unreserved characters is encoded`() {
        #expect(percentEncodeSegment("aZ09-._~") == "aZ09-._~")
        #expect(percentEncodeSegment("a b/ü?&=+%@") == "a%20b%2F%C3%BC%3F%26%3D%2B%25%40")
    }

    @Test
    func `a form keeps its order and encodes names and values`() {
        #expect(FormBody.encode([("b", "1&2"), ("a", "x=y")]) == [UInt8]("b=1%262&a=x%3Dy".utf8))
    }

    @Test
    func `requests and replies do not print what they carry`() {
        let request = OutboundRequest(
            method: .post,
            url: "https://example.com/token?code=secret",
            headers: [.authorization: "Bearer secret"],
            body: [UInt8]("secret".utf8)
        )
        #expect("\(request)" == "POST https://example.com/token")
        #expect(String(reflecting: OutboundReply(status: 200, body: [1])) == "200, 1 octets")
    }
}
