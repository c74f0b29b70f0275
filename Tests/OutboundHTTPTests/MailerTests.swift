import Foundation
import Testing

@testable import OutboundHTTP

@Suite("Mail, handed in over SMTP (RFC 5321)")
struct MailerTests {
    private static let mail = Mail(
        from: "kalends@example.org",
        to: ["root@example.org", "ana@example.org"],
        subject: "Kalends: grün",
        text: "one\n.\ntwo\n"
    )

    private static func send(_ mail: Mail, to server: MailServer, user: String? = nil) async throws(Mailer.Failure) {
        let address = "smtp://127.0.0.1:\(server.port)"
        let mailer = Mailer(.init(url: address, user: user, password: user == nil ? nil : "secret"))
        try await mailer.send(mail, date: "Sat, 21 Nov 2026 15:04:05 +0000", id: "one")
    }

    @Test func `a mail arrives whole, lone dots and all, at everybody it is for`() async throws {
        let server = try MailServer()
        defer { server.stop() }
        try await Self.send(Self.mail, to: server)
        #expect(server.lines.contains("MAIL FROM:<kalends@example.org>"))
        #expect(
            server.lines.filter { $0.hasPrefix("RCPT TO:") } == [
                "RCPT TO:<root@example.org>", "RCPT TO:<ana@example.org>",
            ]
        )
        let message = try #require(server.messages.first)
        #expect(message.contains("Subject: =?utf-8?Q?"))
        #expect(message.contains("Date: Sat, 21 Nov 2026 15:04:05 +0000\r\n"))
        // The lone dot is doubled on its way (RFC 5321 §4.5.2): else the mail would end there.
        #expect(message.hasSuffix("\r\n\r\none\r\n..\r\ntwo\r\n\r\n"))
    }

    @Test func `a name and a password are shown where the server asks for them`() async throws {
        let server = try MailServer(offers: "AUTH PLAIN")
        defer { server.stop() }
        try await Self.send(Self.mail, to: server, user: "ana")
        let shown = Data("\0ana\0secret".utf8).base64EncodedString()
        #expect(server.lines.contains { $0.hasPrefix("AUTH PLAIN") })
        #expect(server.lines.contains { $0.hasSuffix(shown) })
    }

    @Test(arguments: ["MAIL", "RCPT", "DATA"])
    func `a refusal is told, at whichever step it comes`(_ step: String) async throws {
        let server = try MailServer(refusing: step)
        defer { server.stop() }
        await #expect(throws: Mailer.Failure.self) { try await Self.send(Self.mail, to: server) }
        #expect(server.messages.isEmpty)
    }

    @Test func `a server that is not there is told`() async throws {
        let server = try MailServer()
        server.stop()
        await #expect(throws: Mailer.Failure.self) { try await Self.send(Self.mail, to: server) }
    }

    @Test func `a line end in a subject or an address begins no field`() {
        let mail = Mail(
            from: "a@example.org\r\nBcc: evil@example.org",
            to: ["b@example.org\nBcc: evil@example.org"],
            subject: "x\r\nBcc: evil@example.org",
            text: "hello"
        )
        let head = mail.message(date: "now", id: "one").components(separatedBy: "\r\n\r\n")[0]
        #expect(!head.components(separatedBy: "\r\n").contains { $0.hasPrefix("Bcc") })
    }

    @Test func `no encoded word is longer than it may be`() {
        let mail = Mail(from: "a", to: ["b"], subject: String(repeating: "größer ", count: 40), text: "")
        let lines = mail.message(date: "now", id: "one").components(separatedBy: "\r\n")
        #expect(lines.filter { $0.contains("=?utf-8?Q?") }.count > 3)
        #expect(lines.allSatisfy { $0.utf8.count <= 90 })
    }
}

@Suite("Counting what servers answer")
struct CountedTransportTests {
    private struct Script: HTTPTransport {
        func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
            guard !request.url.hasSuffix("/dead") else { throw .unreachable("nobody there") }
            return OutboundReply(status: request.url.hasSuffix("/busy") ? 429 : 200)
        }
    }

    @Test func `answers are counted by host and status, and silence as failed`() async throws {
        let counted = CountedTransport(Script())
        for url in [
            "https://a.example/x?token=1", "https://a.example/y", "https://a.example/busy", "https://b.example:8443#z",
        ] {
            _ = try await counted.send(OutboundRequest(url: url))
        }
        await #expect(throws: OutboundError.self) {
            try await counted.send(OutboundRequest(url: "https://b.example/dead"))
        }
        let shown = counted.counts.map { "\($0.host) \($0.outcome) \($0.requests)" }
        #expect(shown == ["a.example 200 2", "a.example 429 1", "b.example failed 1", "b.example:8443 200 1"])
    }
}
