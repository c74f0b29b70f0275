import CCurl
import Dispatch

/// A mail of plain text.
public struct Mail: Sendable, Hashable {
    public var from: String
    public var to: [String]
    public var subject: String
    public var text: String

    /// Describes a mail.
    public init(from: String, to: [String], subject: String, text: String) {
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
    }

    /// The message (RFC 5322); a line end in an address or the subject would begin another field, so none gets in.
    func message(date: String, id: String) -> String {
        func line(_ text: String) -> String { text.filter { !$0.isNewline } }
        let fields = [
            "Date: \(date)", "From: \(line(from))", "To: \(to.map(line).joined(separator: ", "))",
            "Message-ID: <\(id)@kalends>", "Subject: \(Self.encoded(line(subject)))", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
        ]
        let body = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).joined(separator: "\r\n")
        return fields.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n"
    }

    /// A subject beyond ASCII as encoded words (RFC 2047 §4.2), none longer than 75 characters.
    private static func encoded(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return text }
        var words: [String] = []
        var word = ""
        for character in text {
            let octets = String(character).utf8.map {
                "=" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true)
            }
            let piece = octets.joined()
            if word.utf8.count + piece.utf8.count > 60 {
                words.append(word)
                word = ""
            }
            word += piece
        }
        return (words + [word]).map { "=?utf-8?Q?\($0)?=" }.joined(separator: "\r\n ")
    }
}

/// Sends mail through one server, by libcurl.
public struct Mailer: Sendable {
    /// Where mail is handed in.
    public struct Server: Sendable, Hashable {
        /// `smtp://host:587` (which must offer TLS, unless it is this machine) or `smtps://host`.
        public var url: String
        public var user: String?
        public var password: String?

        /// Names a server.
        public init(url: String, user: String?, password: String?) {
            self.url = url
            self.user = user
            self.password = password
        }
    }

    /// Why a mail was not taken; one sentence.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        public var description: String
    }

    private static let timeout = Duration.seconds(60)
    private static let queue = DispatchQueue(label: "kalends-mail")

    private let server: Server

    /// Makes a mailer.
    public init(_ server: Server) { self.server = server }

    /// Hands a mail in.
    ///
    /// - Parameters:
    ///   - mail: what is sent.
    ///   - date: now, as RFC 5322 writes it.
    ///   - id: what no other mail is called.
    /// - Throws: ``Failure``.
    public func send(_ mail: Mail, date: String, id: String) async throws(Failure) {
        let message = Array(mail.message(date: date, id: id).utf8)
        let server = server
        // libcurl blocks; it gets a thread that may.
        let code = await withCheckedContinuation { continuation in
            Self.queue.async { continuation.resume(returning: Self.perform(server, mail, message)) }
        }
        guard code == CURLE_OK else {
            throw Failure(description: "\(server.url): \(String(cString: curl_easy_strerror(code)))")
        }
    }

    private static func perform(_ server: Server, _ mail: Mail, _ message: [UInt8]) -> CURLcode {
        guard let easy = curl_easy_init() else { return CURLE_FAILED_INIT }
        defer { curl_easy_cleanup(easy) }
        var recipients: UnsafeMutablePointer<curl_slist>?
        for address in mail.to { recipients = curl_slist_append(recipients, address) ?? recipients }
        defer { curl_slist_free_all(recipients) }
        let upload = Upload(message)
        return withExtendedLifetime(upload) {
            var options = Options(easy)
            options.set(CURLOPT_URL, server.url)
            options.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
            options.set(CURLOPT_NOSIGNAL, 1)
            options.set(CURLOPT_TIMEOUT_MS, timeout.curlMilliseconds)
            let demand = isLoopback(server.url) ? CURLUSESSL_TRY : CURLUSESSL_ALL
            options.set(CURLOPT_USE_SSL, Int(demand.rawValue))
            if let user = server.user { options.set(CURLOPT_USERNAME, user) }
            if let password = server.password { options.set(CURLOPT_PASSWORD, password) }
            options.set(CURLOPT_MAIL_FROM, mail.from)
            options.set(CURLOPT_MAIL_RCPT, recipients)
            options.set(CURLOPT_UPLOAD, 1)
            options.set(
                CURLOPT_READFUNCTION,
                CURLOPT_READDATA,
                Unmanaged.passUnretained(upload).toOpaque(),
                { octets, size, count, context in
                    guard let octets, let context else { return 0 }
                    return Unmanaged<Upload>.fromOpaque(context).takeUnretainedValue().read(octets, size * count)
                }
            )
            return options.firstFailure == CURLE_OK ? curl_easy_perform(easy) : options.firstFailure
        }
    }

    /// What is still to be sent; a class because libcurl's callback needs its address.
    private final class Upload {
        private var rest: ArraySlice<UInt8>

        init(_ octets: [UInt8]) { rest = octets[...] }

        func read(_ target: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Int {
            let part = rest.prefix(capacity)
            for (index, octet) in part.enumerated() { target[index] = CChar(bitPattern: octet) }
            rest = rest.dropFirst(part.count)
            return part.count
        }
    }
}
