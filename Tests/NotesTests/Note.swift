import Foundation
import Testing
import TestSupport

/// One page of `rfc-notes/`.
struct Note: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String

    var testDescription: String { name }

    /// Every page, in name order.
    static let all: [Note] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".md") }.sorted().map { name in
            let octets = FileManager.default.contents(atPath: folder.appendingPathComponent(name).path) ?? Data()
            return Note(name: name, text: String(decoding: octets, as: UTF8.self))
        }
    }()

    private static let folder = Package.root.appendingPathComponent("rfc-notes", isDirectory: true)

    /// The line that says how much of the standard is there, or nil.
    var status: Substring? { text.split(separator: "\n").first { $0.hasPrefix("Status: ") } }

    /// Everything between backticks on the page, fenced blocks aside.
    var quotations: [Quotation] {
        var quotations: [Quotation] = []
        var isFenced = false
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") { isFenced.toggle() }
            guard !isFenced else { continue }
            quotations += Self.backticked(line).map { Quotation(text: $0, line: index + 1) }
        }
        return quotations
    }

    /// The targets of the links on the page that lead to another file.
    var links: [Quotation] {
        lines.enumerated().flatMap { index, line in
            line.matches(of: /\]\(([^)#]+)/).map { Quotation(text: String($0.output.1), line: index + 1) }
        }
    }

    /// The cells of the table columns with one of these heads.
    func cells(under heads: Set<String>) -> [Quotation] {
        var cells: [Quotation] = []
        var columns: [Int]?
        for (index, line) in lines.enumerated() {
            guard line.hasPrefix("|") else {
                columns = nil
                continue
            }
            let row = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard let chosen = columns else {
                columns = row.indices.filter { heads.contains(row[$0].lowercased()) }
                continue
            }
            for column in chosen where column < row.count && !row[column].hasPrefix("---") {
                cells.append(Quotation(text: row[column], line: index + 1))
            }
        }
        return cells
    }

    private var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// What stands between pairs of backticks.
    static func backticked(_ text: some StringProtocol) -> [String] {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        return parts.indices.dropLast().filter { $0 % 2 == 1 }.map { String(parts[$0]) }
    }
}

/// A piece of a page, and the line it is on.
struct Quotation {
    let text: String
    let line: Int
}

/// The names that notes may point at.
enum Package {
    static let root = Fixture.root.deletingLastPathComponent()

    /// The file names below `Sources/`.
    static let sources = Set(files(below: "Sources").map(\.lastPathComponent))

    /// The names of test functions, and of fixtures without their extension.
    static let claims: Set<String> = {
        var claims = Set(files(below: "Fixtures").map { $0.deletingPathExtension().lastPathComponent })
        for file in files(below: "Tests") where file.pathExtension == "swift" {
            guard let octets = FileManager.default.contents(atPath: file.path) else { continue }
            let text = String(decoding: octets, as: UTF8.self)
            claims.formUnion(text.matches(of: /func `([^`\n]+)`/).map { String($0.output.1) })
        }
        return claims
    }()

    private static func files(below folder: String) -> [URL] {
        let start = root.appendingPathComponent(folder, isDirectory: true).resolvingSymlinksInPath()
        let found = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil)
        return found?.compactMap { $0 as? URL }.filter { !$0.hasDirectoryPath } ?? []
    }
}
