public import Foundation
public import Testing

/// One file below `Fixtures/`: its name is the claim, its text the case.
public struct Fixture: Sendable, CustomTestStringConvertible {
    /// Where the file stands.
    public let url: URL

    /// The sentence: the file's name without its extension.
    public var name: String { url.deletingPathExtension().lastPathComponent }

    /// What a test report prints for the case.
    public var testDescription: String { name }

    /// The file's octets.
    public var octets: [UInt8] {
        guard let data = FileManager.default.contents(atPath: url.path) else {
            preconditionFailure("unreadable fixture \(url.path)")
        }
        return [UInt8](data)
    }

    /// The file as UTF-8 text.
    public var text: String { String(decoding: octets, as: UTF8.self) }

    /// The fixture of the same name with another extension, or nil where there is none.
    public func sibling(_ fileExtension: String) -> Fixture? {
        let other = url.deletingPathExtension().appendingPathExtension(fileExtension)
        return FileManager.default.fileExists(atPath: other.path) ? Fixture(url: other) : nil
    }

    /// Every file with the given extension in `Fixtures/<folder>`, in name order; an empty folder traps.
    public static func all(in folder: String, extension fileExtension: String) -> [Fixture] {
        let directory = root.appendingPathComponent(folder, isDirectory: true)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        let found = names.filter { $0.hasSuffix("." + fileExtension) }.sorted()
        precondition(!found.isEmpty, "no .\(fileExtension) fixture in \(directory.path)")
        return found.map { Fixture(url: directory.appendingPathComponent($0)) }
    }

    /// The one file at `Fixtures/<path>`.
    public static func named(_ path: String) -> Fixture { Fixture(url: root.appendingPathComponent(path)) }

    /// `Fixtures/` of this package, found by walking up from this source file.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures", isDirectory: true)
}
