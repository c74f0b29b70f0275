import Foundation
import HTTPTypes

extension OutboundReply {
    /// How many seconds `Retry-After` asks to wait; nil where it is not there, or makes no sense.
    public var retryAfter: Int? {
        headers[.retryAfter].flatMap { Self.seconds(ofRetryAfter: $0, date: headers[.date]) }
    }

    /// Reads `Retry-After`, which is a number of seconds or a date (RFC 9110 §10.2.3).
    ///
    /// A date is counted from `date`, the answer's own, so that a clock that is wrong here does not matter; without one from
    /// now. One that is past means no wait.
    public static func seconds(ofRetryAfter value: String, date: String?) -> Int? {
        if let seconds = Int(value) { return seconds < 0 ? nil : seconds }
        guard let until = moment(value) else { return nil }
        let seconds = until - (date.flatMap(moment) ?? Date().timeIntervalSince1970)
        guard seconds < Double(Int32.max) else { return nil }
        return max(0, Int(seconds.rounded(.up)))
    }

    /// An IMF-fixdate (RFC 9110 §5.6.7) in seconds since 1970.
    private static func moment(_ text: String) -> Double? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)?.timeIntervalSince1970
    }
}
