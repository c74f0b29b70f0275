/// A table as RFC 4180 writes it.
struct CSV {
    private(set) var text = ""

    /// Begins with the names of the columns.
    init(_ heads: [String]) { add(heads) }

    mutating func add(_ cells: [String?]) {
        text += cells.map { Self.cell($0 ?? "") }.joined(separator: ",") + "\r\n"
    }

    /// What a spreadsheet would take for a formula gets an apostrophe in front: what somebody else wrote into a title
    /// must not be carried out.
    private static func cell(_ value: String) -> String {
        let dangerous: Set<UInt8> = [0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D]
        let isFormula = value.utf8.first.map(dangerous.contains) ?? false
        let shown = isFormula ? "'" + value : value
        guard shown.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else { return shown }
        return "\"" + shown.replacing("\"", with: "\"\"") + "\""
    }
}
