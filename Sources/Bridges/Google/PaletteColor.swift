/// A colour of Google's event palette.
enum PaletteColor: String, Sendable, Hashable, CaseIterable {
    case lavender = "1"
    case sage = "2"
    case grape = "3"
    case flamingo = "4"
    case banana = "5"
    case tangerine = "6"
    case peacock = "7"
    case graphite = "8"
    case blueberry = "9"
    case basil = "10"
    case tomato = "11"

    /// The CSS name to serve as COLOR (RFC 7986 §5.9): the nearest to what Google's own pages show.
    var cssName: String {
        switch self {
        case .lavender: "lavender"
        case .sage: "darkseagreen"
        case .grape: "darkorchid"
        case .flamingo: "lightcoral"
        case .banana: "gold"
        case .tangerine: "darkorange"
        case .peacock: "deepskyblue"
        case .graphite: "dimgray"
        case .blueberry: "royalblue"
        case .basil: "seagreen"
        case .tomato: "red"
        }
    }

    /// The palette's colour nearest to a CSS name or `#RRGGBB`; nil for what is neither.
    init?(nearestTo text: String) {
        guard let wanted = RGB(text) else { return nil }
        let nearest = Self.allCases.min { left, right in
            (RGB(left.cssName)?.distance(to: wanted) ?? .max)
                < (RGB(right.cssName)?.distance(to: wanted) ?? .max)
        }
        guard let nearest else { return nil }
        self = nearest
    }
}

/// A colour as red, green and blue.
struct RGB: Hashable {
    private var value: Int

    /// Reads a CSS name or `#RRGGBB`, with or without an alpha behind it.
    init?(_ text: String) {
        let text = text.lowercased()
        if text.hasPrefix("#") {
            guard text.utf8.count >= 7, let value = Int(text.dropFirst().prefix(6), radix: 16) else {
                return nil
            }
            self.value = value
        } else {
            guard let value = Self.names[text] else { return nil }
            self.value = value
        }
    }

    /// The squared distance, weighted the way eyes see.
    func distance(to other: RGB) -> Int {
        let (red, green, blue) = (
            part(16) - other.part(16), part(8) - other.part(8), part(0) - other.part(0)
        )
        return 3 * red * red + 6 * green * green + blue * blue
    }

    private func part(_ shift: Int) -> Int { value >> shift & 0xFF }
}
