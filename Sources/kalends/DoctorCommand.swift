import Accounts
import ArgumentParser
import Foundation
import ICalendar
import Store
import Sync

/// `kalends doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check settings, data folder, key, public URL, tokens, clock and zone data; say the fix."
    )

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: DataOptions

    func run() async throws {
        let findings = try await Examination(options.settings()).findings()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(findings), as: UTF8.self))
        } else {
            for finding in findings {
                print("\(finding.isGood ? "ok  " : "FIX ") \(finding.what): \(finding.message)")
                if let fix = finding.fix { print("     \(fix)") }
            }
        }
        if findings.contains(where: { !$0.isGood }) { throw ExitCode(1) }
    }
}

/// One thing that was looked at.
struct Finding: Encodable, Sendable {
    var what: String
    var isGood: Bool
    var message: String
    /// What to do about it; nil where nothing is wrong.
    var fix: String?

    static func good(_ what: String, _ message: String) -> Finding {
        Finding(what: what, isGood: true, message: message, fix: nil)
    }

    static func bad(_ what: String, _ message: String, fix: String) -> Finding {
        Finding(what: what, isGood: false, message: message, fix: fix)
    }
}

/// Looks at an installation from its settings to its tokens.
struct Examination: Sendable {
    let settings: Settings

    /// A database that cannot grow by this much will fail soon.
    private static let neededOctets: Int64 = 256 * 1024 * 1024

    /// A clock before this program was written is wrong: 2026-01-01.
    private static let earliest = Instant(seconds: 1_767_225_600)

    init(_ settings: Settings) { self.settings = settings }

    func findings() async throws -> [Finding] {
        var findings = [dataFolder(), permissions(), masterKey(), diskSpace(), zones(), try await providers()]
        findings += try await database()
        findings += await network()
        return findings
    }

    private func dataFolder() -> Finding {
        let path = settings.dataFolder
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else {
            return .bad("data folder", "\(path) does not exist", fix: "Run kalends serve once, or set KALENDS_DATA.")
        }
        guard manager.isWritableFile(atPath: path) else {
            return .bad("data folder", "\(path) cannot be written", fix: "Give it to the user that runs kalends.")
        }
        return .good("data folder", path)
    }

    /// Whether others on this machine can read what is here.
    private func permissions() -> Finding {
        for path in [settings.dataFolder, settings.masterKeyFile] where FileManager.default.fileExists(atPath: path) {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0
            let isKey = path == settings.masterKeyFile
            // Inside a folder that nobody else enters, the modes of the other files do not matter.
            guard mode & 0o077 != 0 else { continue }
            let wanted = isKey ? "600" : "700"
            return .bad(
                "permissions",
                "others can get at \(path) (mode \(String(mode, radix: 8)))",
                fix: "chmod \(wanted) \(path)"
            )
        }
        return .good("permissions", "nobody else can read the data")
    }

    private func masterKey() -> Finding {
        let path = settings.masterKeyFile
        guard FileManager.default.fileExists(atPath: path) else {
            return .good("master key", "\(path) will be made at the first start")
        }
        do {
            _ = try MasterKey(path: path)
            return .good("master key", path)
        } catch {
            return .bad("master key", "\(error)", fix: "Restore \(path) from your backup, with mode 0600.")
        }
    }

    private func diskSpace() -> Finding {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: settings.dataFolder)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else {
            return .good("disk", "not known before the data folder exists")
        }
        let megabytes = free / 1_048_576
        guard free >= Self.neededOctets else {
            return .bad("disk", "\(megabytes) MB are free", fix: "Make room on the disk of the data folder.")
        }
        return .good("disk", "\(megabytes) MB are free")
    }

    /// Whether the clock is plausible, where nobody else's is to be had.
    func clockAlone() -> Finding {
        let now = Assembly.now()
        guard now > Self.earliest else {
            return .bad("clock", "it is \(now.rfc3339) here", fix: "Set the machine's clock; tokens depend on it.")
        }
        return .good("clock", now.rfc3339)
    }

    private func zones() -> Finding {
        guard TimeZoneData.vtimezone(for: "Europe/Berlin", from: nil) != nil else {
            return .bad("zone data", "the system has no time zones", fix: "Install tzdata.")
        }
        return .good("zone data", "\(TimeZoneData.identifiers.count) zones")
    }

    private func providers() async throws -> Finding {
        do {
            let upstreams = try Upstreams(settings)
            var known = ["google", "notion"].filter { upstreams.client(of: $0) != nil }
            // Reading a key that is not there would make one.
            if FileManager.default.fileExists(atPath: settings.databaseFile),
                FileManager.default.fileExists(atPath: settings.masterKeyFile),
                let key = try? MasterKey(path: settings.masterKeyFile)
            {
                let credentials = try await LocalDatabase(settings).credentials
                let entered = ClientRegistrations(credentials: credentials, masterKey: key)
                for name in ["google", "notion"] where !known.contains(name) {
                    if try await entered.registration(at: name) != nil { known.append(name) }
                }
            }
            return .good(
                "providers",
                known.isEmpty ? "none has a client id; Notion also takes a token" : known.joined(separator: ", ")
            )
        } catch {
            return .bad("providers", "\(error)", fix: "Correct the setting that the sentence names.")
        }
    }

    private func database() async throws -> [Finding] {
        guard FileManager.default.fileExists(atPath: settings.databaseFile) else {
            return [.good("database", "will be made at the first start")]
        }
        let local: LocalDatabase
        do { local = try await LocalDatabase(settings) } catch {
            return [.bad("database", "\(error)", fix: "Run the newest kalends, or kalends restore a backup.")]
        }
        var findings: [Finding] = []
        let users = try await local.calendars.principals()
        findings.append(
            users.isEmpty
                ? .bad("users", "there is none", fix: "Run kalends user add NAME --admin.")
                : .good("users", "\(users.count)")
        )
        findings += try await connections(local)
        for status in try await local.links.allStatuses() {
            let what = "link \(status.link.id.rawValue) (\(status.link.upstreamName))"
            if let problem = status.lastError {
                findings.append(.bad(what, problem.message, fix: problem.remedy))
            } else {
                findings.append(.good(what, status.state.rawValue))
            }
        }
        return findings
    }
}
