import ArgumentParser
import CalDAV
import Foundation
import ICalendar
import SQLite
import Store

/// `kalends export FILE`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all calendars of all users into one iCalendar file."
    )

    @Argument(help: "The file to write.")
    var file: String

    @Option(help: "Only the calendars of this user.")
    var user: String?

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    @OptionGroup var options: DataOptions

    func run() async throws {
        let local = try await LocalDatabase(options.settings())
        let frame = Component("VCALENDAR", properties: CalendarFile.header).serialized()
        var text = String(frame.dropLast(CalendarFeed.tail.count))
        var lines = CalendarFeed()
        var count = 0
        let calendars = try await calendars(local)
        var total = 0
        for calendar in calendars { total += try await local.calendars.count(in: calendar.id) }
        let bar = ProgressBar("exporting", isSilent: json)
        for calendar in calendars {
            for stored in try await local.calendars.all(in: calendar.id) {
                text += lines.lines(of: stored)
                count += 1
                bar.show(count, of: total)
            }
        }
        bar.end()
        guard FileManager.default.createFile(atPath: file, contents: Data((text + CalendarFeed.tail).utf8)) else {
            throw Failure("\(file) cannot be written")
        }
        if json {
            try JSONOutput.print(Outcome(file: file, objects: count))
        } else {
            print("\(count) objects written to \(file)")
        }
    }

    private struct Outcome: Encodable {
        var file: String
        var objects: Int
    }

    private func calendars(_ local: LocalDatabase) async throws -> [CalendarCollection] {
        let principals = try await local.calendars.principals().filter { user == nil || user == $0.name }
        guard user == nil || !principals.isEmpty else { throw Failure("there is no user \(user ?? "")") }
        var calendars: [CalendarCollection] = []
        for principal in principals { calendars += try await local.calendars.calendars(of: principal.id) }
        return calendars
    }
}

/// `kalends import FILE.ics --user U --calendar C`.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Read an iCalendar file into a calendar; what is there already under the same UID is replaced."
    )

    @Argument(help: "The file to read.")
    var file: String

    @Option(help: "The user whose calendar it is.")
    var user: String

    @Option(help: "The calendar's name: the last segment of its address.")
    var calendar: String

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    @OptionGroup var options: DataOptions

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: file) else { throw Failure("\(file) cannot be read") }
        let local = try await LocalDatabase(options.settings())
        guard let principal = try await local.calendars.principal(named: user) else {
            throw Failure("there is no user \(user)")
        }
        guard let target = try await local.calendars.calendar(named: calendar, of: principal.id) else {
            throw Failure("\(user) has no calendar \(calendar)")
        }
        guard !target.isWriteProtected else {
            throw Failure("\(calendar) follows a calendar upstream that may only be read: nothing is imported into it")
        }
        let author = Author(.command, name: "import")
        var taken = 0
        var refusals: [Refusal] = []
        let objects = try CalendarFile.objects(String(decoding: data, as: UTF8.self))
        let bar = ProgressBar("importing", isSilent: json)
        for (index, (uid, text)) in objects.enumerated() {
            bar.show(index, of: objects.count)
            do {
                let object = try CalendarObject(parsing: text)
                let known = try await local.calendars.object(uid: object.uid, in: target.id)
                let name = known?.name ?? CalendarFile.name(for: uid)
                switch try await local.calendars.put(object, named: name, in: target.id, if: .always, by: author) {
                case .created, .replaced, .unchanged: taken += 1
                case .conditionFailed, .uidInUse, .calendarMissing:
                    refusals.append(Refusal(uid: uid, message: "another object stands in its place"))
                }
            } catch let error as CalendarDataError {
                refusals.append(Refusal(uid: uid, message: error.message))
            } catch let error as ReadOnlyObject {
                refusals.append(Refusal(uid: uid, message: error.reason))
            } catch is ReadOnlyCalendar {
                throw Failure("\(calendar) is fetched from its source: nothing is imported into it")
            }
        }
        bar.end()
        try tell(taken, refusals)
    }

    private struct Refusal: Encodable {
        var uid: String
        var message: String
    }

    private struct Outcome: Encodable {
        var taken: Int
        var refused: [Refusal]
    }

    private func tell(_ taken: Int, _ refusals: [Refusal]) throws {
        if json {
            try JSONOutput.print(Outcome(taken: taken, refused: refusals))
        } else {
            for refusal in refusals {
                FileHandle.standardError.write(Data("\(refusal.uid): \(refusal.message)\n".utf8))
            }
            print("\(taken) objects taken, \(refusals.count) refused")
        }
        if !refusals.isEmpty { throw ExitCode(1) }
    }
}

/// Files that hold many objects.
enum CalendarFile {
    static let header = [Property("VERSION", value: "2.0"), Property("PRODID", text: "-//Kalends//Kalends//EN")]

    /// The objects of a file: components of one UID together, each with the zones it names.
    static func objects(_ text: String) throws -> [(uid: String, text: String)] {
        let root = try Component(parsing: text)
        let zones = root.components("VTIMEZONE")
        var order: [String] = []
        var parts: [String: [Component]] = [:]
        for component in root.components where component.name != "VTIMEZONE" {
            let uid = component.first("UID")?.value ?? ""
            if parts[uid] == nil { order.append(uid) }
            parts[uid, default: []].append(component)
        }
        return order.map { uid in
            let components = parts[uid] ?? []
            let named = Set(components.flatMap(Self.zoneNames))
            let wanted = zones.filter { !named.isDisjoint(with: $0.definedZones) }
            let object = Component("VCALENDAR", properties: header, components: wanted + components)
            return (uid, object.serialized())
        }
    }

    private static func zoneNames(_ component: Component) -> [String] {
        component.properties.compactMap { $0.parameter("TZID") } + component.components.flatMap(zoneNames)
    }

    /// A file name for a UID: what is not plain becomes an underscore.
    static func name(for uid: String) -> String {
        let plain = uid.utf8.map { byte -> Character in
            let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            return isPlain || byte == 45 || byte == 46 || byte == 64 ? Character(UnicodeScalar(byte)) : "_"
        }
        return String(plain.prefix(200)) + ".ics"
    }
}

/// `kalends backup FILE`.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a consistent copy of the database, also while the gateway runs. Keep the master key with it."
    )

    @Argument(help: "The file to write; it must not exist.")
    var file: String

    @OptionGroup var options: DataOptions

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: file) else { throw Failure("\(file) exists already") }
        let settings = try options.settings()
        let database = try await LocalDatabase(settings).database
        let size = FileSize.of(settings.databaseFile)
        let target = file
        try await ProgressBar.growing(target + SQLiteDatabase.unfinishedSuffix, to: size, "copying", isSilent: false) {
            try await database.backup(to: target)
        }
        print("database written to \(file); the tokens in it open only with \(settings.masterKeyFile)")
    }
}

/// `kalends restore FILE`.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Replace the database by a backup; the gateway must be stopped. The old one is kept beside it."
    )

    @Argument(help: "A file made by kalends backup.")
    var file: String

    @OptionGroup var options: DataOptions

    func run() async throws {
        let settings = try options.settings()
        try settings.makeDataFolder()
        let lock = try DataFolderLock(settings)
        defer { lock.release() }
        guard FileManager.default.fileExists(atPath: file) else { throw Failure("\(file) does not exist") }
        let manager = FileManager.default
        let stamp = String(Assembly.now().seconds)
        for ending in ["", "-wal", "-shm"] where manager.fileExists(atPath: settings.databaseFile + ending) {
            try manager.moveItem(
                atPath: settings.databaseFile + ending,
                toPath: settings.databaseFile + ".before-\(stamp)" + ending
            )
        }
        let (source, target) = (file, settings.databaseFile)
        try await ProgressBar.growing(target, to: FileSize.of(source), "restoring", isSilent: false) {
            try FileManager.default.copyItem(atPath: source, toPath: target)
        }
        _ = try await LocalDatabase(settings)
        print("database restored from \(file)")
    }
}
