/// A QR code of a text: byte mode, error correction level M, versions 1 to 10 (ISO/IEC 18004).
struct QRCode {
    /// The width of the code in modules.
    let size: Int
    private var dark: [Bool]
    private var isFixed: [Bool]

    /// Codewords for correction in each block, and the numbers of data codewords of the blocks, by version.
    private static let blocks: [(correction: Int, data: [Int])] = [
        (10, [16]), (16, [28]), (26, [44]), (18, [32, 32]), (24, [43, 43]), (16, [27, 27, 27, 27]),
        (18, [31, 31, 31, 31]), (22, [38, 38, 39, 39]), (22, [36, 36, 36, 37, 37]), (26, [43, 43, 43, 43, 44]),
    ]

    private static let alignment: [[Int]] = [
        [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50],
    ]

    /// Makes the code; nil where the text is too long.
    init?(_ text: String) {
        let octets = Array(text.utf8)
        let fitting = Self.blocks.indices.first { index in
            octets.count + (index < 9 ? 2 : 3) <= Self.blocks[index].data.reduce(0, +)
        }
        guard let index = fitting else { return nil }
        size = 21 + index * 4
        dark = Array(repeating: false, count: size * size)
        isFixed = dark
        placePatterns(Self.alignment[index], version: index + 1)
        place(Self.codewords(octets, index))
        applyBestMask()
    }

    // MARK: Data

    private static func codewords(_ octets: [UInt8], _ index: Int) -> [UInt8] {
        let (correction, sizes) = blocks[index]
        let capacity = sizes.reduce(0, +)
        var bits: [Bool] = []
        func append(_ value: Int, _ count: Int) {
            for bit in (0..<count).reversed() { bits.append(value >> bit & 1 == 1) }
        }
        append(4, 4)
        append(octets.count, index < 9 ? 8 : 16)
        for octet in octets { append(Int(octet), 8) }
        append(0, min(4, capacity * 8 - bits.count))
        while bits.count % 8 != 0 { bits.append(false) }
        var data = stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<start + 8].reduce(0 as UInt8) { $0 << 1 | ($1 ? 1 : 0) }
        }
        for pad in [0xEC, 0x11].cycled(capacity - data.count) { data.append(pad) }
        var start = 0
        let parts = sizes.map { size -> [UInt8] in
            defer { start += size }
            return Array(data[start..<start + size])
        }
        let checks = parts.map { ReedSolomon.check($0, count: correction) }
        var out: [UInt8] = []
        for place in 0..<(sizes.max() ?? 0) { out += parts.filter { place < $0.count }.map { $0[place] } }
        for place in 0..<correction { out += checks.map { $0[place] } }
        return out
    }

    // MARK: Patterns

    private mutating func fix(_ row: Int, _ column: Int, _ isDark: Bool) {
        guard (0..<size).contains(row), (0..<size).contains(column) else { return }
        dark[row * size + column] = isDark
        isFixed[row * size + column] = true
    }

    private mutating func placePatterns(_ centres: [Int], version: Int) {
        for index in 0..<size {
            fix(6, index, index % 2 == 0)
            fix(index, 6, index % 2 == 0)
        }
        for (row, column) in [(3, 3), (3, size - 4), (size - 4, 3)] {
            for down in -4...4 {
                for across in -4...4 {
                    let ring = max(abs(down), abs(across))
                    fix(row + down, column + across, ring != 2 && ring != 4)
                }
            }
        }
        let last = centres.last ?? 0
        for row in centres {
            for column in centres where !([(6, 6), (6, last), (last, 6)].contains { $0 == (row, column) }) {
                for down in -2...2 {
                    for across in -2...2 { fix(row + down, column + across, max(abs(down), abs(across)) != 1) }
                }
            }
        }
        placeFormat(mask: 0)
        placeVersion(version)
    }

    private mutating func placeFormat(mask: Int) {
        // Level M is 00; the remainder is that of the generator 10100110111.
        var rest = mask
        for _ in 0..<10 { rest = rest << 1 ^ (rest >> 9 & 1) * 0x537 }
        let bits = (mask << 10 | rest & 0x3FF) ^ 0x5412
        func bit(_ index: Int) -> Bool { bits >> index & 1 == 1 }
        for index in 0...5 { fix(index, 8, bit(index)) }
        fix(7, 8, bit(6))
        fix(8, 8, bit(7))
        fix(8, 7, bit(8))
        for index in 9..<15 { fix(8, 14 - index, bit(index)) }
        for index in 0..<8 { fix(8, size - 1 - index, bit(index)) }
        for index in 8..<15 { fix(size - 15 + index, 8, bit(index)) }
        fix(size - 8, 8, true)
    }

    private mutating func placeVersion(_ version: Int) {
        guard version >= 7 else { return }
        var rest = version
        for _ in 0..<12 { rest = rest << 1 ^ (rest >> 11 & 1) * 0x1F25 }
        let bits = version << 12 | rest & 0xFFF
        for index in 0..<18 {
            let isDark = bits >> index & 1 == 1
            fix(size - 11 + index % 3, index / 3, isDark)
            fix(index / 3, size - 11 + index % 3, isDark)
        }
    }

    /// Lays the codewords in columns of two, upwards and downwards in turn, from the right.
    private mutating func place(_ codewords: [UInt8]) {
        var bits: [Bool] = []
        for octet in codewords { for place in (0..<8).reversed() { bits.append(octet >> place & 1 == 1) } }
        var next = 0
        var isUpward = true
        for right in stride(from: size - 1, through: 1, by: -2) {
            let column = right <= 6 ? right - 1 : right
            for step in 0..<size {
                let row = isUpward ? size - 1 - step : step
                for place in [column, column - 1] where !isFixed[row * size + place] {
                    dark[row * size + place] = next < bits.count && bits[next]
                    next += 1
                }
            }
            isUpward.toggle()
        }
    }

    // MARK: Masks

    private static func masks(_ mask: Int, _ row: Int, _ column: Int) -> Bool {
        switch mask {
        case 0: (row + column) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) % 2 == 0
        case 5: row * column % 2 + row * column % 3 == 0
        case 6: (row * column % 2 + row * column % 3) % 2 == 0
        default: ((row + column) % 2 + row * column % 3) % 2 == 0
        }
    }

    private func masked(_ mask: Int) -> QRCode {
        var code = self
        for row in 0..<size {
            for column in 0..<size where !isFixed[row * size + column] && Self.masks(mask, row, column) {
                code.dark[row * size + column].toggle()
            }
        }
        code.placeFormat(mask: mask)
        return code
    }

    private mutating func applyBestMask() {
        let best = (0..<8).map { masked($0) }.min { $0.penalty < $1.penalty }
        if let best { self = best }
    }

    /// How hard the code is to read: runs, squares, and an uneven share of dark.
    private var penalty: Int {
        var total = abs(dark.count { $0 } * 20 / dark.count - 10) * 10
        for line in 0..<size {
            for isRow in [true, false] {
                var run = 0
                for place in 0..<size {
                    let here = isDark(line, place, isRow)
                    run = place > 0 && here == isDark(line, place - 1, isRow) ? run + 1 : 1
                    if run == 5 { total += 3 } else if run > 5 { total += 1 }
                }
            }
        }
        for row in 1..<size {
            for column in 1..<size {
                let here = self[row, column]
                if here == self[row - 1, column], here == self[row, column - 1], here == self[row - 1, column - 1] {
                    total += 3
                }
            }
        }
        return total
    }

    private func isDark(_ line: Int, _ place: Int, _ isRow: Bool) -> Bool {
        isRow ? self[line, place] : self[place, line]
    }

    /// Whether a module is dark.
    subscript(row: Int, column: Int) -> Bool { dark[row * size + column] }

    /// The picture, with the quiet zone of four modules around it.
    var svg: String {
        var path = ""
        for row in 0..<size {
            for column in 0..<size where self[row, column] { path += "M\(column + 4) \(row + 4)h1v1h-1z" }
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size + 8) \(size + 8)\">"
            + "<path fill=\"#fff\" d=\"M0 0h\(size + 8)v\(size + 8)H0z\"/><path d=\"\(path)\"/></svg>"
    }
}

extension [UInt8] {
    /// The elements over and over, so many in all.
    fileprivate func cycled(_ count: Int) -> [UInt8] { (0..<Swift.max(0, count)).map { self[$0 % self.count] } }
}

/// The check codewords of a block, over GF(256) with the polynomial 0x11D.
private enum ReedSolomon {
    static func check(_ data: [UInt8], count: Int) -> [UInt8] {
        var generator: [UInt8] = Array(repeating: 0, count: count - 1) + [1]
        var root: UInt8 = 1
        for _ in 0..<count {
            for index in 0..<count {
                generator[index] = product(generator[index], root)
                if index + 1 < count { generator[index] ^= generator[index + 1] }
            }
            root = product(root, 2)
        }
        var rest = [UInt8](repeating: 0, count: count)
        for octet in data {
            let factor = octet ^ rest.removeFirst()
            rest.append(0)
            for index in 0..<count { rest[index] ^= product(generator[index], factor) }
        }
        return rest
    }

    static func product(_ one: UInt8, _ other: UInt8) -> UInt8 {
        var sum: UInt8 = 0
        for bit in (0..<8).reversed() {
            let carry = sum & 0x80 != 0
            sum = sum << 1 ^ (carry ? 0x1D : 0)
            if other >> bit & 1 == 1 { sum ^= one }
        }
        return sum
    }
}
