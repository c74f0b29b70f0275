import Accounts
import Foundation
import SQL
import SQLite
import Store
import Sync

/// The database of a data folder, opened and brought up to date; for commands that need no network.
struct LocalDatabase: Sendable {
    let database: SQLiteDatabase
    let calendars: CalendarStore
    let credentials: CredentialStore
    let links: LinkStore

    init(_ settings: Settings) async throws {
        try settings.makeDataFolder()
        database = try SQLiteDatabase(path: settings.databaseFile)
        try await migrate(database, CalendarStore.migrations + LinkStore.migrations)
        calendars = CalendarStore(database: database, now: Assembly.now)
        credentials = CredentialStore(database: database, now: Assembly.now)
        links = LinkStore(calendars: calendars, now: Assembly.now)
    }
}

/// Users and their passwords, for the `user` commands.
struct LocalAccounts: Sendable {
    let admin: AccountAdmin

    init(_ settings: Settings) async throws {
        let local = try await LocalDatabase(settings)
        admin = AccountAdmin(
            store: local.calendars,
            credentials: local.credentials,
            hasher: PasswordHasher(),
            verified: VerifiedCredentials()
        )
    }
}
