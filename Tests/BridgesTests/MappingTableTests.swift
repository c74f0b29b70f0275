import Foundation
import TestSupport
import Testing

@testable import BridgeNotion

/// `mapping.md` beside the fixtures of a bridge: each row of the mapping names what shows it, in each direction.
@Suite("Every row of a mapping is shown by a fixture")
struct MappingTableTests {
    /// One row, and where its cells stand.
    struct Row: Sendable, CustomTestStringConvertible {
        let table: String
        let subject: String
        /// From upstream to event, and from event to upstream.
        let cells: [String]

        var testDescription: String { "\(table): \(subject)" }

        static func all(of table: String) -> [Row] {
            let lines = Fixture.named("bridges/\(table)/mapping.md").text.split(separator: "\n")
            return lines.filter { $0.hasPrefix("|") }.dropFirst(2).map { line in
                let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                precondition(cells.count == 4, "a row has four cells: \(line)")
                return Row(table: table, subject: cells[0] + " ↔ " + cells[1], cells: [cells[2], cells[3]])
            }
        }
    }

    /// The names of the test functions of this folder.
    private static let functions: Set<String> = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        let texts = files.compactMap { FileManager.default.contents(atPath: $0.path) }
            .map { String(decoding: $0, as: UTF8.self) }
        return Set(texts.flatMap { $0.matches(of: /func `([^`\n]+)`/).map { String($0.output.1) } })
    }()

    /// Whether a fixture of that name goes that way.
    private static func isShown(_ name: String, in table: String, up: Bool) throws -> Bool {
        if functions.contains(name) { return true }
        if table == "google" {
            let path = up ? "writing/\(name).writes.json" : "reading/\(name).json"
            return FileManager.default.fileExists(atPath: Fixture.named("bridges/google/\(path)").url.path)
        }
        for folder in ["notion", "notion/columns"] {
            let fixture = Fixture.named("bridges/\(folder)/\(name).json")
            guard FileManager.default.fileExists(atPath: fixture.url.path) else { continue }
            let direction = try JSONReader.value(of: fixture.octets)["direction"]?.string
            return direction == nil || direction == (up ? "up" : "down")
        }
        return false
    }

    @Test(arguments: Row.all(of: "google") + Row.all(of: "notion"))
    func `a row of the mapping names fixtures for both ways, or says why it has none`(_ row: Row) throws {
        for (up, cell) in zip([false, true], row.cells) where !cell.hasPrefix("none: ") {
            let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
            let names = parts.indices.filter { $0 % 2 == 1 }.map { String(parts[$0]) }
            #expect(!names.isEmpty, "nothing shows it \(up ? "up" : "down")")
            for name in names {
                #expect(try Self.isShown(name, in: row.table, up: up), "no fixture goes that way: \(name)")
            }
        }
    }

    @Test func `both mappings have their rows`() {
        #expect(Row.all(of: "google").count >= 37)
        #expect(Row.all(of: "notion").count >= 26)
    }
}
