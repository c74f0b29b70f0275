import ArgumentParser
import Foundation
import HTTPTypes
import ICalendar
import OutboundHTTP
import Store
import Sync

/// `kalends status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show every link: state, last synced, pending, conflicts, last error with its remedy."
    )

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: DataOptions

    /// A link as a program reads it.
    private struct Row: Encodable {
        struct Problem: Encodable {
            var code: String
            var message: String
            var remedy: String
        }

        var id: Int64
        var provider: String
        var upstream: String
        var calendar: Int64
        var state: String
        var lastSyncedAt: String?
        var nextSyncAt: String?
        var writesResumeAt: String?
        var events: Int
        var pending: Int
        var failed: Int
        var conflicts: Int
        var progress: Progress?
        var lastError: Problem?
    }

    /// How far the running pass of a link has come.
    private struct Progress: Codable {
        var done: Int
        var total: Int
        var totalKnown: Bool
    }

    /// What only the running gateway knows of a link.
    private struct Running: Decodable {
        var id: Int64
        var state: String
        var progress: Progress?
    }

    private struct RunningLinks: Decodable { var items: [Running] }

    func run() async throws {
        let settings = try options.settings()
        let statuses = try await LocalDatabase(settings).links.allStatuses()
        let gateway = LocalControl.running(settings)
        var running: [Int64: Running]?
        do {
            if let gateway { running = try await Self.links(of: gateway) }
        } catch {
            let sentence = "kalends: this is what the gateway wrote down last, for it does not answer: \(error)\n"
            FileHandle.standardError.write(Data(sentence.utf8))
        }
        if json {
            return try JSONOutput.print(statuses.map { Self.row($0, running?[$0.link.id.rawValue]) })
        }
        print(gateway.map { "gateway: running at \($0.address)" } ?? "gateway: not running")
        if statuses.isEmpty { print("no links") }
        for status in statuses {
            let link = status.link
            let live = running?[link.id.rawValue]
            let state = live?.state ?? status.state.rawValue
            let progress = live?.progress.map { "  \($0.done) of \($0.total)\($0.totalKnown ? "" : " read so far")" }
            print("\(link.id.rawValue)  \(link.provider)  \(link.upstreamName)  \(state)\(progress ?? "")")
            print(
                "   last synced \(status.lastSyncedAt?.rfc3339 ?? "never")  events \(status.events)  "
                    + "pending \(status.pending)  failed \(status.failed)  conflicts \(status.conflicts)"
            )
            if let problem = status.lastError { print("   \(problem.code): \(problem.message) \(problem.remedy)") }
            if status.state == .waiting, let end = status.writesResumeAt {
                print("   what was changed here is sent at \(end.rfc3339)")
            }
        }
    }

    /// What a running gateway says of its links; passes that run are known to it alone.
    private static func links(of gateway: LocalControl.Entry) async throws -> [Int64: Running] {
        let reply = try await gateway.ask(.get, "/local/status")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let links = try decoder.decode(RunningLinks.self, from: Data(reply.body)).items
        return Dictionary(links.map { ($0.id, $0) }) { first, _ in first }
    }

    private static func row(_ status: LinkStatus, _ running: Running?) -> Row {
        Row(
            id: status.link.id.rawValue,
            provider: status.link.provider,
            upstream: status.link.upstreamName,
            calendar: status.link.calendar.rawValue,
            state: running?.state ?? status.state.rawValue,
            lastSyncedAt: status.lastSyncedAt?.rfc3339,
            nextSyncAt: status.nextSyncAt?.rfc3339,
            writesResumeAt: status.writesResumeAt?.rfc3339,
            events: status.events,
            pending: status.pending,
            failed: status.failed,
            conflicts: status.conflicts,
            progress: running?.progress,
            lastError: status.lastError.map { Row.Problem(code: $0.code, message: $0.message, remedy: $0.remedy) }
        )
    }
}

/// `kalends sync [LINK]`.
struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Wake the links of a running gateway, or run one pass of each here."
    )

    @Argument(help: "The number of one link; all without it.")
    var link: Int64?

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    @OptionGroup var options: DataOptions

    func run() async throws {
        let settings = try options.settings()
        if let running = LocalControl.running(settings) { return try await wake(running) }
        try await runHere(settings)
    }

    private func wake(_ running: LocalControl.Entry) async throws {
        _ = try await running.ask(.post, "/local/sync" + (link.map { "?link=\($0)" } ?? ""))
        if json {
            try JSONOutput.print(["woken": running.address])
        } else {
            print("woken: the gateway at \(running.address)")
        }
    }

    /// How one link stands after its pass.
    private struct Outcome: Encodable {
        var id: Int64
        var upstream: String
        var state: String
        var message: String?
        var remedy: String?
    }

    private func runHere(_ settings: Settings) async throws {
        try settings.makeDataFolder()
        let lock = try DataFolderLock(settings)
        defer { lock.release() }
        let assembly = try await Assembly(
            settings: settings,
            publicURL: settings.value("PUBLIC_URL") ?? "http://127.0.0.1:8008",
            logger: try settings.logger()
        )
        var outcomes: [Outcome] = []
        for one in try await assembly.links.allLinks() where link == nil || one.id.rawValue == link {
            try await pass(over: one, assembly)
            let status = try await assembly.links.status(of: one.id)
            outcomes.append(
                Outcome(
                    id: one.id.rawValue,
                    upstream: one.upstreamName,
                    state: status?.state.rawValue ?? "gone",
                    message: status?.lastError?.message,
                    remedy: status?.lastError?.remedy
                )
            )
        }
        if json {
            try JSONOutput.print(outcomes)
        } else {
            for one in outcomes {
                let problem = one.message.map { "  \($0) \(one.remedy ?? "")" } ?? ""
                print("\(one.id)  \(one.upstream)  \(one.state)\(problem)")
            }
        }
        // A pass of which deletions are held came to its end: it is for a person to go on.
        let isWhole = outcomes.allSatisfy { $0.message == nil || $0.state == LinkState.needsApproval.rawValue }
        await assembly.close()
        if !isWhole { throw ExitCode(1) }
    }

    /// One pass, with a bar on a terminal.
    private func pass(over link: Link, _ assembly: Assembly) async throws {
        let bar = ProgressBar("syncing \(link.upstreamName)", isSilent: json)
        let updates = await assembly.scheduler.updates()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await update in updates where update.link == link.id {
                    guard let progress = try await assembly.scheduler.status(of: link.id)?.progress else { continue }
                    if progress.isTotalKnown {
                        bar.show(progress.done, of: progress.total)
                    } else {
                        bar.show(progress.done)
                    }
                }
            }
            defer { group.cancelAll() }
            _ = try await assembly.scheduler.passOnce(link.id)
        }
        bar.end()
    }
}
