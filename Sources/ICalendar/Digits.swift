/// Reads fixed-width numbers and punctuation from ASCII text.
struct DigitReader<Text: Collection> where Text.Element == UInt8 {
    private let text: Text
    private var position: Text.Index

    init(_ text: Text) {
        self.text = text
        position = text.startIndex
    }

    var isAtEnd: Bool { position == text.endIndex }

    var next: UInt8? { isAtEnd ? nil : text[position] }

    /// Takes exactly `count` digits.
    mutating func number(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard position != text.endIndex, case let digit = text[position] &- 48, digit < 10 else { return nil }
            value = value * 10 + Int(digit)
            text.formIndex(after: &position)
        }
        return value
    }

    /// Takes as many digits as there are, at least one and at most nine.
    mutating func number() -> Int? {
        var value = 0
        var count = 0
        while position != text.endIndex, case let digit = text[position] &- 48, digit < 10 {
            value = value * 10 + Int(digit)
            count += 1
            guard count <= 9 else { return nil }
            text.formIndex(after: &position)
        }
        return count == 0 ? nil : value
    }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard position != text.endIndex, text[position] == UInt8(ascii: scalar) else { return false }
        text.formIndex(after: &position)
        return true
    }

    /// Takes digits and answers how many there were.
    mutating func skipDigits() -> Int {
        var count = 0
        while position != text.endIndex, text[position] &- 48 < 10 {
            text.formIndex(after: &position)
            count += 1
        }
        return count
    }

    /// Takes a sign; nil when there is none.
    mutating func sign() -> Int? {
        if skip("-") { return -1 }
        return skip("+") ? 1 : nil
    }

    /// Takes `Z` or `+hh:mm` and answers the seconds east of UTC.
    mutating func rfc3339Offset() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        guard let sign = sign(), let hours = number(2) else { return nil }
        _ = skip(":")
        guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}

/// Writes fixed-width numbers and punctuation as ASCII text.
struct DigitWriter {
    private let octets: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    private init(_ octets: UnsafeMutableBufferPointer<UInt8>) { self.octets = octets }

    /// The text of at most `capacity` octets that `write` writes; there must be room for all of it.
    static func text(capacity: Int, _ write: (inout DigitWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: capacity) { octets in
            var writer = DigitWriter(octets)
            write(&writer)
            return writer.count
        }
    }

    mutating func append(_ number: Int, digits: Int) {
        var rest = number
        for place in stride(from: digits - 1, through: 0, by: -1) {
            octets[count + place] = UInt8(48 + rest % 10)
            rest /= 10
        }
        count += digits
    }

    mutating func append(_ scalar: Unicode.Scalar) {
        octets[count] = UInt8(ascii: scalar)
        count += 1
    }
}
