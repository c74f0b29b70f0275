import ArgumentParser
import Foundation

/// The program: one command each for what a person or a script does.
@main
struct Kalends: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kalends",
        abstract:
            "A CalDAV gateway that keeps Google calendars and Notion databases in step with your calendar program.",
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, DemoCommand.self, UserCommand.self, StatusCommand.self, SyncCommand.self,
            DoctorCommand.self,
            ExportCommand.self, ImportCommand.self, BackupCommand.self, RestoreCommand.self, HealthCommand.self,
            SimulateCommand.self, ExpandCommand.self,
        ]
    )

    /// Wrong usage ends with this code (sysexits EX_USAGE); anything else that fails with 1.
    private static let wrongUsage: Int32 = 64

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Help and version end well; wrong usage says how it is meant; a failure is one sentence, never a stack trace.
    private static func end(with error: any Error) -> Never {
        // The command has said already what is wrong.
        if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
        let code = exitCode(for: error)
        if code == .success || code == .validationFailure {
            let text = fullMessage(for: error)
            FileHandle(fileDescriptor: code == .success ? 1 : 2).write(Data((text + "\n").utf8))
            Foundation.exit(code == .success ? 0 : wrongUsage)
        }
        FileHandle.standardError.write(Data("kalends: \(sentence(error))\n".utf8))
        Foundation.exit(1)
    }

    private static func sentence(_ error: any Error) -> String {
        message(for: error).split(separator: "\n").joined(separator: " ")
    }
}

/// Why a command could not do what was asked; one sentence.
struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Options of every command that works on a data folder.
struct DataOptions: ParsableArguments {
    @Option(help: "The data folder.")
    var data: String?

    func settings() throws -> Settings { try Settings(dataFolder: data) }
}
