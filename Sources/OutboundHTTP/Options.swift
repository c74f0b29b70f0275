import CCurl

/// Sets options of an easy handle and remembers the first that was refused.
struct Options {
    private(set) var firstFailure = CURLE_OK
    private let easy: UnsafeMutableRawPointer

    init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

    mutating func fail(_ code: CURLcode) {
        if firstFailure == CURLE_OK { firstFailure = code }
    }

    mutating func set(_ option: CURLoption, _ value: Int) { fail(kalends_curl_set_long(easy, option, value)) }

    mutating func set(_ option: CURLoption, _ value: String) { fail(kalends_curl_set_text(easy, option, value)) }

    mutating func set(_ option: CURLoption, _ value: UnsafeMutablePointer<curl_slist>?) {
        fail(kalends_curl_set_list(easy, option, value))
    }

    mutating func set(
        _ function: CURLoption,
        _ data: CURLoption,
        _ context: UnsafeMutableRawPointer,
        _ receiver: @escaping kalends_curl_receiver
    ) {
        fail(kalends_curl_set_receiver(easy, function, receiver, data, context))
    }

    /// Who is asked, each time, whether the request may be written to its connection.
    mutating func setPermission(_ context: UnsafeMutableRawPointer, _ asked: @escaping curl_prereq_callback) {
        fail(kalends_curl_set_permission(easy, asked, context))
    }

    /// The content of the request, which libcurl copies; its size first, or it would be measured as a C string.
    mutating func setContent(_ octets: [UInt8]) {
        fail(kalends_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(octets.count)))
        octets.withUnsafeBytes { buffer in
            if let start = buffer.baseAddress, !octets.isEmpty {
                fail(kalends_curl_set_octets(easy, CURLOPT_COPYPOSTFIELDS, start))
            } else {
                fail(kalends_curl_set_text(easy, CURLOPT_COPYPOSTFIELDS, ""))
            }
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least one: to libcurl 0 means "for ever".
    var curlMilliseconds: Int {
        let (seconds, attoseconds) = components
        // A month, which no request lasts, keeps the arithmetic and libcurl's from overflowing.
        let bounded = min(max(seconds, 0), 30 * 86_400)
        return max(1, Int(bounded) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Without blanks and line ends on either side.
    var trimmed: Slice<UnsafeRawBufferPointer> {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}

/// Whether an address names this machine by `localhost`, `127.…` or `[::1]`.
func isLoopback(_ url: String) -> Bool {
    let authority = url.split(separator: "/").dropFirst().first?.prefix { $0 != "?" && $0 != "#" } ?? ""
    let host = authority.split(separator: "@").last ?? ""
    return host == "localhost" || host.hasPrefix("localhost:") || host.hasPrefix("127.") || host.hasPrefix("[::1]")
}
