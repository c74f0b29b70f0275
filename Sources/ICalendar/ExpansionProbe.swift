/// Expands calendar objects for other programs, one question and one answer a line.
///
/// A question is three fields separated by one blank: the calendar object in base64, and the start and end of the window as
/// RFC 3339 times. The answer is a JSON array of the starts in UTC (`["2026-11-21T08:00:00Z"]`), or
/// `{"error":"…"}`.
public enum ExpansionProbe {
    /// Answers one question; dates and floating times are taken in UTC.
    public static func answer(line: String) -> String {
        let fields = line.utf8.split(separator: 32).map { String(Substring($0)) }
        guard fields.count == 3, let octets = decode(base64: fields[0]), let start = Instant(rfc3339: fields[1]),
            let end = Instant(rfc3339: fields[2])
        else { return error("A question is base64, start and end.") }
        do {
            let occurrences = try CalendarObject(octets: octets).recurrenceSet().occurrences(
                in: TimeRange(start: start, end: end),
                limit: CalendarLimits.maximumInstances
            )
            return "[" + occurrences.map { "\"\($0.start.rfc3339)\"" }.joined(separator: ",") + "]"
        } catch {
            return self.error(error.message)
        }
    }

    private static func error(_ message: String) -> String {
        let safe = message.unicodeScalars.map { $0 == "\"" || $0 == "\\" || $0.value < 32 ? "?" : String($0) }.joined()
        return "{\"error\":\"\(safe)\"}"
    }

    private static func decode(base64 text: String) -> [UInt8]? {
        var octets: [UInt8] = []
        var bits = 0
        var count = 0
        for letter in text.utf8 where letter != UInt8(ascii: "=") {
            guard let value = alphabet.firstIndex(of: letter) else { return nil }
            bits = bits << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> count))
            bits &= 1 << count - 1
        }
        return octets
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
