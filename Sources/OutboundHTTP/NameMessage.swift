/// Questions to a name server and its answers, as octets (RFC 1035 §4).
enum NameMessage {
    enum Kind: UInt16, Sendable {
        case text = 16
        case service = 33
    }

    enum Record: Sendable, Hashable {
        case service(ServiceRecord)
        case text(String)
    }

    /// Pointers to pointers: more in one name are a loop.
    private static let maximumJumps = 16
    private static let headerLength = 12

    /// A question for one name; nil where that cannot be one.
    static func question(_ name: String, _ kind: Kind, id: UInt16) -> [UInt8]? {
        var octets: [UInt8] = [UInt8(id >> 8), UInt8(id & 0xFF), 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in name.split(separator: ".") {
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                return nil
            }
            octets.append(UInt8(label.utf8.count))
            octets += Array(label.utf8)
        }
        guard octets.count > headerLength, octets.count < headerLength + 254 else { return nil }
        return octets + [0, 0, UInt8(kind.rawValue), 0, 1]
    }

    /// The records of an answer; none where the name is not there, nil where the octets are no answer to the question.
    static func records(_ octets: [UInt8], answering question: [UInt8], _ kind: Kind) -> [Record]? {
        guard octets.count >= headerLength, octets[0] == question[0], octets[1] == question[1], octets[2] & 0x80 != 0
        else { return nil }
        switch octets[3] & 0x0F {
        case 0: break
        // NXDOMAIN: an answer, and a plain one.
        case 3: return []
        default: return nil
        }
        guard let questions = number(octets, 4), let answers = number(octets, 6) else { return nil }
        var place = headerLength
        for _ in 0..<questions {
            guard let end = name(octets, place)?.end else { return nil }
            place = end + 4
        }
        var records: [Record] = []
        for _ in 0..<answers {
            guard let start = name(octets, place)?.end, let type = number(octets, start),
                let length = number(octets, start + 8), start + 10 + length <= octets.count
            else { return nil }
            place = start + 10 + length
            // Aliases stand in front of what was asked for.
            guard type == Int(kind.rawValue) else { continue }
            guard let record = record(octets, start + 10, length, kind) else { return nil }
            records.append(record)
        }
        return records
    }

    private static func record(_ octets: [UInt8], _ start: Int, _ length: Int, _ kind: Kind) -> Record? {
        switch kind {
        case .service:
            guard length >= 7, let priority = number(octets, start), let weight = number(octets, start + 2),
                let port = number(octets, start + 4), let target = name(octets, start + 6)?.text
            else { return nil }
            return .service(ServiceRecord(target: target, port: port, priority: priority, weight: weight))
        case .text:
            var text: [UInt8] = []
            var place = start
            while place < start + length {
                let end = place + 1 + Int(octets[place])
                guard end <= start + length else { return nil }
                text += octets[(place + 1)..<end]
                place = end
            }
            return .text(String(decoding: text, as: UTF8.self))
        }
    }

    private static func number(_ octets: [UInt8], _ place: Int) -> Int? {
        guard place >= 0, place + 1 < octets.count else { return nil }
        return Int(octets[place]) << 8 | Int(octets[place + 1])
    }

    /// A name, and where what follows it begins; compressed ones jump backwards (§4.1.4).
    private static func name(_ octets: [UInt8], _ start: Int) -> (text: String, end: Int)? {
        var labels: [String] = []
        var place = start
        var end: Int?
        var jumps = 0
        while place < octets.count {
            let length = Int(octets[place])
            if length == 0 { return (labels.joined(separator: "."), end ?? place + 1) }
            if length & 0xC0 == 0xC0 {
                guard let target = number(octets, place), jumps < maximumJumps else { return nil }
                end = end ?? place + 2
                place = target & 0x3FFF
                jumps += 1
            } else {
                guard length < 64, place + 1 + length <= octets.count else { return nil }
                labels.append(String(decoding: octets[(place + 1)..<(place + 1 + length)], as: UTF8.self))
                place += 1 + length
            }
        }
        return nil
    }
}
