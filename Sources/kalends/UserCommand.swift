import Accounts
import ArgumentParser
import Foundation
import Store

/// `kalends user …`.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Manage users; also while the gateway runs.",
        subcommands: [Add.self, List.self, Remove.self, Password.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a user.",
            discussion: "Without --password-stdin an app password is made and printed once."
        )

        @Argument(help: "The name to log in with: a-z, 0-9, '.', '_' and '-'.")
        var name: String

        @Option(help: "The user's mail address.")
        var email: String?

        @Option(help: "The name people see.")
        var displayName: String?

        @Flag(help: "The user may administer the gateway.")
        var admin = false

        @Flag(help: "Read the password from the first line of standard input.")
        var passwordStdin = false

        @OptionGroup var options: DataOptions

        func run() async throws {
            let accounts = try await LocalAccounts(options.settings())
            let principal = try await accounts.admin.addUser(
                name: name,
                email: email,
                displayName: displayName,
                isAdmin: admin,
                password: try passwordStdin ? readPassword() : nil
            )
            if !passwordStdin {
                print(try await accounts.admin.makeAppPassword(label: "made with the user", for: principal))
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all users.")

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var options: DataOptions

        private struct Row: Encodable {
            var name: String
            var displayName: String?
            var email: String?
            var isAdmin: Bool
        }

        func run() async throws {
            if json {
                let users = try await LocalAccounts(options.settings()).admin.users()
                return try JSONOutput.print(
                    users.map {
                        Row(name: $0.name, displayName: $0.displayName, email: $0.email, isAdmin: $0.isAdmin)
                    }
                )
            }
            for user in try await LocalAccounts(options.settings()).admin.users() {
                let details = [user.displayName, user.email, user.isAdmin ? "admin" : nil].compactMap { $0 }
                print(([user.name] + details).joined(separator: "\t"))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a user with calendars, links and connections: grants end, nothing is deleted upstream."
        )

        @Argument(help: "The user's name.")
        var name: String

        @OptionGroup var options: DataOptions

        func run() async throws {
            let settings = try options.settings()
            let assembly = try await Assembly(
                settings: settings,
                publicURL: try settings.address("PUBLIC_URL", default: "http://127.0.0.1:8008"),
                logger: try settings.logger()
            )
            do {
                try await remove(from: assembly)
            } catch {
                await assembly.close()
                throw error
            }
            await assembly.close()
        }

        private func remove(from assembly: Assembly) async throws {
            let user = try await assembly.accounts.user(named: name)
            for connection in try await assembly.credentials.connections(of: user.id) {
                let receipt = try await assembly.connect.disconnect(connection.id, for: user)
                let account = connection.account.map { " \($0)" } ?? ""
                print("\(connection.provider)\(account): \(receipt.sentence)")
            }
            try await assembly.accounts.removeUser(user)
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a user's password, or make an app password and print it once."
        )

        @Argument(help: "The user's name.")
        var name: String

        @Flag(help: "Read the new password from the first line of standard input.")
        var passwordStdin = false

        @OptionGroup var options: DataOptions

        func run() async throws {
            let admin = try await LocalAccounts(options.settings()).admin
            let principal = try await admin.user(named: name)
            if passwordStdin {
                try await admin.setPassword(try readPassword(), of: principal)
            } else {
                print(try await admin.makeAppPassword(label: "made by command", for: principal))
            }
        }
    }
}

/// The first line of standard input.
private func readPassword() throws -> String {
    guard let line = readLine(strippingNewline: true), !line.isEmpty else {
        throw Failure("standard input holds no password")
    }
    return line
}
