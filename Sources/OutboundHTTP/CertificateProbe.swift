import CCurl
import Dispatch

/// A certificate as a server sends it.
public struct ServedCertificate: Sendable, Hashable {
    public var subject: String
    public var issuer: String
    /// `Nov 21 12:00:00 2027 GMT`.
    public var expires: String

    /// Whether it vouches for itself.
    public var isSelfSigned: Bool { subject == issuer }
}

/// Looks at the certificates that a server sends, and whether they are to be trusted.
public struct CertificateProbe: Sendable {
    /// What a server sent.
    public struct Finding: Sendable, Hashable {
        /// The server's own first, then those that vouch for it.
        public var chain: [ServedCertificate]
        /// Why clients refuse them; nil where they do not.
        public var problem: String?
    }

    private static let timeoutMilliseconds = 10_000

    /// Looks from this machine.
    public init() {}

    /// The certificates at an https address; an empty chain where there was no TLS at all.
    public func look(at url: String) async -> Finding {
        await withCheckedContinuation { continuation in
            // libcurl blocks; it gets a thread that may.
            DispatchQueue.global().async {
                let (code, _) = Self.connect(to: url, verifying: true)
                // What is refused is looked at all the same: nothing is sent there but the greeting.
                let (_, chain) = Self.connect(to: url, verifying: false)
                let problem = code == CURLE_OK ? nil : String(cString: curl_easy_strerror(code))
                continuation.resume(returning: Finding(chain: chain, problem: problem))
            }
        }
    }

    private static func connect(to url: String, verifying: Bool) -> (CURLcode, [ServedCertificate]) {
        guard let easy = curl_easy_init() else { return (CURLE_FAILED_INIT, []) }
        defer { curl_easy_cleanup(easy) }
        var options = Options(easy)
        options.set(CURLOPT_URL, url)
        options.set(CURLOPT_PROTOCOLS_STR, "https")
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_TIMEOUT_MS, timeoutMilliseconds)
        options.set(CURLOPT_CONNECT_ONLY, 1)
        options.set(CURLOPT_CERTINFO, 1)
        options.set(CURLOPT_SSL_VERIFYPEER, verifying ? 1 : 0)
        options.set(CURLOPT_SSL_VERIFYHOST, verifying ? 2 : 0)
        guard options.firstFailure == CURLE_OK else { return (options.firstFailure, []) }
        let code = curl_easy_perform(easy)
        return (code, certificates(of: easy))
    }

    private static func certificates(of easy: UnsafeMutableRawPointer) -> [ServedCertificate] {
        guard let found = kalends_curl_certificates(easy) else { return [] }
        return (0..<Int(found.pointee.num_of_certs)).compactMap { index in
            var fields: [Substring: String] = [:]
            var entry = found.pointee.certinfo[index]
            while let line = entry {
                let text = String(cString: line.pointee.data)
                let parts = text.split(separator: ":", maxSplits: 1)
                if parts.count == 2 { fields[parts[0]] = String(parts[1]) }
                entry = line.pointee.next
            }
            guard let subject = fields["Subject"], let issuer = fields["Issuer"], let end = fields["Expire date"] else {
                return nil
            }
            return ServedCertificate(subject: subject, issuer: issuer, expires: end)
        }
    }
}
