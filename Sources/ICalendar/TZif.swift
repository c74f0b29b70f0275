import Glibc

/// Reads compiled time zone files. RFC 8536
enum TZif {
    /// Where Debian and nearly everybody keeps them.
    static let folder = "/usr/share/zoneinfo"

    /// Years for which the yearly rule of a zone is written out: a whole cycle of the calendar, and then some.
    private static let yearsWrittenOut = 401

    /// The zone of a file below `folder`; nil where there is none, or it is no zone.
    static func zone(named name: String) -> Zone? {
        guard isName(name), let octets = contents(of: folder + "/" + name) else { return nil }
        return zone(octets)
    }

    /// Whether a name can be an IANA name, and leaves the folder in no way.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first >= 65, first <= 90, name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy { octet in
            octet >= 97 && octet <= 122 || octet >= 65 && octet <= 90 || octet >= 48 && octet <= 57 || octet == 43
                || octet == 45 || octet == 47 || octet == 95
        }
    }

    /// The release that the list of all rules names in its first line, `# version 2025b`.
    static var release: String? {
        guard let octets = contents(of: folder + "/tzdata.zi") else { return nil }
        let line = String(decoding: octets.prefix { $0 != 10 }, as: UTF8.self)
        return line.hasPrefix("# version ") ? String(line.dropFirst(10)) : nil
    }

    /// The zones that `zone.tab` lists by country; none where there is no such file.
    static var places: [String] {
        guard let octets = contents(of: folder + "/zone.tab") else { return [] }
        return octets.split(separator: 10).compactMap { line in
            guard line.first != UInt8(ascii: "#"), case let columns = line.split(separator: 9), columns.count > 2 else {
                return nil
            }
            let name = String(decoding: columns[2], as: UTF8.self)
            return isName(name) ? name : nil
        }
    }

    /// When the file of a zone was written.
    static func modified(of name: String) -> Instant? {
        var status = stat()
        guard isName(name), stat(folder + "/" + name, &status) == 0 else { return nil }
        return Instant(seconds: Int64(status.st_mtim.tv_sec))
    }

    private static func contents(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        // The largest zone takes 4 kB.
        let octets = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = fread(buffer.baseAddress, 1, buffer.count, file)
        }
        return octets.isEmpty ? nil : octets
    }

    static func zone(_ octets: [UInt8]) -> Zone? {
        var reader = BigEndianReader(octets)
        guard let first = Header(&reader), first.version >= UInt8(ascii: "2"), reader.skip(first.length(timeSize: 4)),
            let header = Header(&reader), header.typeCount > 0,
            let times = reader.numbers(header.timeCount, size: 8),
            let indices = reader.numbers(header.timeCount, size: 1),
            let kinds = kinds(header, &reader),
            reader.skip(header.leapCount * 12 + header.standardCount + header.utcCount)
        else { return nil }
        var builder = ZoneBuilder(first: kinds[0])
        for (time, index) in zip(times, indices) {
            guard index < kinds.count, plausibleTimes.contains(time) else { return nil }
            builder.append(time, kinds[Int(index)])
        }
        let footer = String(decoding: reader.rest.dropFirst().prefix { $0 != 10 }, as: UTF8.self)
        return zone(builder, footer: PosixTimeZone(footer))
    }

    private static func zone(_ builder: ZoneBuilder, footer: PosixTimeZone?) -> Zone? {
        var builder = builder
        guard let rule = footer?.daylight else {
            return Zone(transitions: builder.transitions, kinds: builder.kinds)
        }
        let lastListed = builder.transitions.last ?? 0
        let year = CivilCalendar.date(ofDay: LocalTime(seconds: lastListed).day).year
        for year in year..<year + yearsWrittenOut + 2 {
            for change in rule.changes(in: year) where change.utc > lastListed {
                builder.append(change.utc, change.kind)
            }
        }
        let end = CivilCalendar.days(year: year + yearsWrittenOut + 1, month: 1, day: 1)
        return Zone(
            transitions: builder.transitions,
            kinds: builder.kinds,
            cycleEnd: Int64(end) * CivilCalendar.secondsPerDay,
            tail: (rule, firstYear(of: rule, after: lastListed, builder.transitions))
        )
    }

    /// The first year from which on the changes are those of the rule and no others.
    private static func firstYear(of rule: PosixTimeZone.Daylight, after last: Int64, _ transitions: [Int64]) -> Int {
        var year = CivilCalendar.date(ofDay: LocalTime(seconds: last).day).year + 1
        let january = Int64(CivilCalendar.days(year: year, month: 1, day: 1)) * CivilCalendar.secondsPerDay
        var index = transitions.firstIndex { $0 >= january } ?? transitions.count
        while index >= 2, rule.changes(in: year - 1).map(\.utc) == Array(transitions[index - 2..<index]) {
            index -= 2
            year -= 1
        }
        return year
    }

    /// RFC 8536 §3.2 suggests 25 and 26 hours; no zone ever had 16, and ``Zone/utc(local:)`` relies on a day.
    private static let plausibleOffsets: ClosedRange<Int64> = -86_400...86_400

    /// From the earliest time that RFC 8536 §3.2 suggests to the last that iCalendar can write.
    private static let plausibleTimes = -(Int64(1) << 59)...CalendarLimits.maximumDate.seconds

    private static func kinds(_ header: Header, _ reader: inout BigEndianReader) -> [Zone.Kind]? {
        var raw: [(offset: Int64, isDaylight: Bool, name: Int64)] = []
        for _ in 0..<header.typeCount {
            guard let offset = reader.number(4), let daylight = reader.number(1), let name = reader.number(1),
                plausibleOffsets.contains(offset)
            else { return nil }
            raw.append((offset, daylight != 0, name))
        }
        guard let names = reader.octets(header.nameOctets) else { return nil }
        return raw.map { kind in
            let name = names.dropFirst(Int(kind.name)).prefix { $0 != 0 }
            return Zone.Kind(
                offset: Int(kind.offset),
                isDaylight: kind.isDaylight,
                name: String(decoding: name, as: UTF8.self)
            )
        }
    }

    /// The head of a data block. RFC 8536 §3.1
    private struct Header {
        var version: UInt8
        var utcCount, standardCount, leapCount, timeCount, typeCount, nameOctets: Int

        init?(_ reader: inout BigEndianReader) {
            guard let magic = reader.octets(20), magic.starts(with: "TZif".utf8),
                let counts = reader.numbers(6, size: 4), counts.allSatisfy({ $0 >= 0 && $0 < 65_536 })
            else { return nil }
            version = magic[magic.startIndex + 4]
            utcCount = Int(counts[0])
            standardCount = Int(counts[1])
            leapCount = Int(counts[2])
            timeCount = Int(counts[3])
            typeCount = Int(counts[4])
            nameOctets = Int(counts[5])
        }

        /// The octets of the block that follows.
        func length(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + nameOctets + leapCount * (timeSize + 4) + standardCount
                + utcCount
        }
    }
}

/// Reads signed big-endian numbers.
private struct BigEndianReader {
    private var remaining: ArraySlice<UInt8>

    init(_ octets: [UInt8]) { remaining = octets[...] }

    var rest: ArraySlice<UInt8> { remaining }

    mutating func octets(_ count: Int) -> ArraySlice<UInt8>? {
        guard remaining.count >= count else { return nil }
        defer { remaining = remaining.dropFirst(count) }
        return remaining.prefix(count)
    }

    mutating func skip(_ count: Int) -> Bool { octets(count) != nil }

    mutating func number(_ size: Int) -> Int64? {
        guard let octets = octets(size) else { return nil }
        let bits = octets.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        switch size {
        case 1: return Int64(bits)
        case 4: return Int64(Int32(truncatingIfNeeded: bits))
        default: return Int64(bitPattern: bits)
        }
    }

    mutating func numbers(_ count: Int, size: Int) -> [Int64]? {
        var numbers: [Int64] = []
        for _ in 0..<count {
            guard let number = number(size) else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}
