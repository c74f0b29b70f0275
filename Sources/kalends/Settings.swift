import ArgumentParser
import Foundation
import Logging

/// What the environment, or `kalends.json` in the data folder, says; the environment wins.
struct Settings: Sendable {
    /// Why a setting cannot be used; one sentence.
    struct Invalid: Error, CustomStringConvertible {
        var description: String
    }

    /// The folder of the database and the master key.
    let dataFolder: String
    private let environment: [String: String]
    private let file: [String: String]

    /// Reads the settings that hold for a data folder.
    ///
    /// - Parameters:
    ///   - dataFolder: the folder named on the command line, if any.
    ///   - environment: the variables of the process.
    /// - Throws: ``Invalid`` when `kalends.json` cannot be read.
    init(dataFolder: String?, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        self.environment = environment
        self.dataFolder = dataFolder ?? Self.defaultFolder(environment)
        file = try Self.read(self.dataFolder + "/kalends.json")
    }

    private static func defaultFolder(_ environment: [String: String]) -> String {
        if let folder = environment["KALENDS_DATA"], !folder.isEmpty { return folder }
        if let base = environment["XDG_DATA_HOME"], base.hasPrefix("/") { return base + "/kalends" }
        return (environment["HOME"] ?? "/") + "/.local/share/kalends"
    }

    private static func read(_ path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [:] }
        guard let members = try? JSONDecoder().decode([String: Scalar].self, from: data) else {
            throw Invalid(description: "\(path) is not a JSON object of texts and numbers")
        }
        return members.mapValues(\.text)
    }

    /// A JSON text, number or truth, as text.
    private struct Scalar: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let truth = try? container.decode(Bool.self) {
                text = String(truth)
            } else if let number = try? container.decode(Int.self) {
                text = String(number)
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    /// The value of `KALENDS_<name>`, or nil where it is unset or empty.
    func value(_ name: String) -> String? {
        let key = "KALENDS_" + name
        guard let value = environment[key] ?? file[key], !value.isEmpty else { return nil }
        return value
    }

    /// The address of a provider: https, unless it was set explicitly.
    func address(_ name: String, default standard: String) throws -> String {
        guard let value = value(name) else { return standard }
        guard let url = URL(string: value), let scheme = url.scheme, scheme == "https" || scheme == "http",
            url.host != nil
        else { throw Invalid(description: "KALENDS_\(name) is not an http or https address: \(value)") }
        return value.hasSuffix("/") ? String(value.dropLast()) : value
    }

    /// A number of days, at least 1.
    func days(_ name: String, default standard: Int) throws -> Int {
        guard let value = value(name) else { return standard }
        guard let days = Int(value), (1...36_500).contains(days) else {
            throw Invalid(description: "KALENDS_\(name) must be a number of days, at least 1: \(value)")
        }
        return days
    }

    /// A number of seconds, at least 1.
    func seconds(_ name: String, default standard: Int) throws -> Int {
        guard let value = value(name) else { return standard }
        guard let seconds = Int(value), seconds >= 1 else {
            throw Invalid(description: "KALENDS_\(name) must be a number of seconds, at least 1: \(value)")
        }
        return seconds
    }

    /// A whole number, at least 1.
    func count(_ name: String, default standard: Int) throws -> Int {
        guard let value = value(name) else { return standard }
        guard let count = Int(value), count >= 1 else {
            throw Invalid(description: "KALENDS_\(name) must be a number, at least 1: \(value)")
        }
        return count
    }

    /// Where the key that seals tokens is kept.
    var masterKeyFile: String { value("MASTER_KEY_FILE") ?? dataFolder + "/master.key" }

    /// Where the database is.
    var databaseFile: String { dataFolder + "/kalends.sqlite" }

    /// A logger as the settings ask for it.
    func logger() throws -> Logger {
        let level = try logLevel()
        let writesJSON = try logsAsJSON()
        return Logger(label: "kalends") { label in
            StandardErrorLog(logLevel: level, label: label, writesJSON: writesJSON)
        }
    }

    /// The least severe level that is logged.
    private func logLevel() throws -> Logger.Level {
        guard let value = value("LOG") else { return .info }
        guard let level = Logger.Level(rawValue: value.lowercased()) else {
            throw Invalid(
                description: "KALENDS_LOG must be one of trace, debug, info, notice, warning, error: \(value)"
            )
        }
        return level
    }

    /// Whether log lines are JSON objects.
    private func logsAsJSON() throws -> Bool {
        switch value("LOG_FORMAT") {
        case nil, "text": return false
        case "json": return true
        case let other?: throw Invalid(description: "KALENDS_LOG_FORMAT must be text or json: \(other)")
        }
    }

    /// Makes the data folder, for its owner only, where it does not exist.
    func makeDataFolder() throws {
        try FileManager.default.createDirectory(
            atPath: dataFolder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }
}

/// Where the gateway listens.
struct ListenAddress: Sendable {
    var host: String
    var port: Int

    /// Parses `HOST:PORT`, the host of IPv6 in brackets.
    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port), colon != text.startIndex
        else { throw Settings.Invalid(description: "the address to listen on must be HOST:PORT: \(text)") }
        host = String(text[..<colon]).trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        self.port = port
    }

    /// The address of a command's option; a wrong one is wrong usage.
    static func option(_ text: String) throws(ValidationError) -> ListenAddress {
        do { return try ListenAddress(text) } catch { throw ValidationError("\(error)") }
    }

    /// The address as part of a URL.
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}
