/// The palettes of `colors.get`: identifier to background and foreground.
enum Palette {
    /// A pair of colours.
    struct Shade: Sendable, Hashable {
        var background: String
        var foreground = "#1d1d1d"
    }

    static let fallback = Shade(background: "#9fe1e7")

    static let calendar = shades([
        "#ac725e", "#d06b64", "#f83a22", "#fa573c", "#ff7537", "#ffad46", "#42d692", "#16a765", "#7bd148", "#b3dc6c",
        "#fbe983", "#fad165", "#92e1c0", "#9fe1e7", "#9fc6e7", "#4986e7", "#9a9cff", "#b99aff", "#c2c2c2", "#cabdbf",
        "#cca6ac", "#f691b2", "#cd74e6", "#a47ae2",
    ])

    static let event = shades([
        "#a4bdfc", "#7ae7bf", "#dbadff", "#ff887c", "#fbd75b", "#ffb878", "#46d6db", "#e1e1e1", "#5484ed", "#51b749",
        "#dc2127",
    ])

    /// The answer of `colors.get`.
    static let resource: JSON = [
        "kind": "calendar#colors", "updated": "2012-02-14T00:00:00.000Z",
        "calendar": .object(calendar.mapValues(\.resource)), "event": .object(event.mapValues(\.resource)),
    ]

    private static func shades(_ backgrounds: [String]) -> [String: Shade] {
        Dictionary(
            uniqueKeysWithValues: backgrounds.enumerated().map {
                (String($0.offset + 1), Shade(background: $0.element))
            }
        )
    }
}

extension Palette.Shade {
    fileprivate var resource: JSON { ["background": .string(background), "foreground": .string(foreground)] }
}
