extension GoogleCalendarState {
    /// Adds an account with its primary calendar, whose identifier is the address.
    mutating func addAccount(email: String, displayName: String, timeZone: String) {
        guard accounts[email] == nil else { return }
        accounts[email] = SimulatedAccount(email: email, displayName: displayName, timeZone: timeZone)
        addCalendar(id: email, summary: email, timeZone: timeZone, owner: email, isPrimary: true)
    }

    /// Adds a calendar that `owner` owns; others come to it by ``share(_:with:as:)``.
    mutating func addCalendar(id: String, summary: String, timeZone: String, owner: String, isPrimary: Bool = false) {
        let tick = tick()
        calendars[id] = SimulatedCalendar(
            id: id,
            summary: summary,
            timeZone: timeZone,
            owner: owner,
            isPrimary: isPrimary,
            revision: tick
        )
        calendarOrder.append(id)
        share(id, with: owner, as: .owner)
    }

    /// Gives `email` a role in a calendar, and an entry in the list of calendars.
    mutating func share(_ calendar: String, with email: String, as role: AccessRole) {
        let tick = tick()
        let change = listChanged(of: email)
        var entry =
            calendars[calendar]?.entries[email]
            ?? SimulatedCalendar.ListEntry(role: role, revision: tick, change: change)
        entry.role = role
        entry.isDeleted = false
        entry.revision = tick
        entry.change = change
        calendars[calendar]?.entries[email] = entry
    }

    /// Takes a calendar out of the list of `email`; its tokens for the calendar die with the access.
    mutating func unshare(_ calendar: String, from email: String) {
        let tick = tick()
        let change = listChanged(of: email)
        calendars[calendar]?.entries[email]?.isDeleted = true
        calendars[calendar]?.entries[email]?.revision = tick
        calendars[calendar]?.entries[email]?.change = change
    }

    private mutating func listChanged(of email: String) -> Int {
        accounts[email]?.listChange += 1
        return accounts[email]?.listChange ?? 0
    }

    /// Resolves `primary` and checks that the account may do this much in the calendar.
    ///
    /// A calendar that the account cannot see does not exist for it.
    func access(_ name: String, by email: String, atLeast role: AccessRole) throws(APIError) -> SimulatedCalendar {
        let id = name == "primary" ? email : name
        guard let calendar = calendars[id], let entry = calendar.entries[email], !entry.isDeleted else {
            throw .notFound
        }
        guard entry.role >= role else { throw role == .owner ? .ownerRequired : .writerRequired }
        return calendar
    }

    /// Refuses every sync token given out so far, of one calendar; or of all, and of the lists of calendars.
    mutating func expireSyncTokens(of calendar: String?) {
        for id in calendars.keys where calendar == nil || id == calendar { withBook(of: id) { $0.expireTokens() } }
        guard calendar == nil else { return }
        for (email, account) in accounts {
            accounts[email]?.listChange = account.listChange + 1
            accounts[email]?.oldestAcceptedListChange = account.listChange + 1
        }
    }
}
