import ICalendar
import Store
import WebDAV

/// The collection whose objects an answer tells of.
struct MemberPlace: Sendable {
    let calendar: CalendarCollection
    let requester: Principal
    let href: Href

    /// What clients left with the objects; nothing where nobody asks.
    var deadProperties: [ObjectID: [DeadProperty]] = [:]

    /// The locks in the calendar; nil where nobody asks.
    var locks: Locks?

    /// Locks by what they hold of.
    struct Locks: Sendable {
        /// Those on the calendar with all that is in it.
        var ofAll: [ShownLock] = []
        var byName: [String: [ShownLock]] = [:]

        func of(_ name: String) -> [ShownLock] { ofAll + (byName[name] ?? []) }
    }

    init(calendar: CalendarCollection, requester: Principal, href: Href) {
        self.calendar = calendar
        self.requester = requester
        self.href = href
    }

    /// An object as any other resource.
    func resource(_ object: ListedObject, at href: Href? = nil) -> Resource {
        let entry = object.entry
        return Resource(
            kind: .object(entry, in: calendar),
            requester: requester,
            href: href ?? self.href.appending(entry.name),
            deadProperties: deadProperties[entry.id] ?? [],
            locks: locks?.of(entry.name)
        )
    }
}

extension CalDAVServer {
    /// Where objects are told of, with what is to be known of all of them.
    func place(
        _ calendar: CalendarCollection,
        _ href: Href,
        for requester: Principal,
        knowingProperties: Bool,
        locks knowingLocks: Bool
    ) async throws -> MemberPlace {
        var place = MemberPlace(calendar: calendar, requester: requester, href: href)
        if knowingProperties { place.deadProperties = try await calendars.objectProperties(in: calendar.id) }
        if knowingLocks {
            var locks = MemberPlace.Locks()
            for lock in try await calendars.locks(in: calendar.id) {
                let shown = ShownLock(lock: lock, root: lock.place.href(in: href), now: now())
                switch lock.place {
                case .calendar: if lock.isDeep { locks.ofAll.append(shown) }
                case .object(let object): locks.byName[object.name, default: []].append(shown)
                }
            }
            place.locks = locks
        }
        return place
    }

    /// The same for a report.
    func place(
        _ calendar: CalendarCollection,
        _ href: Href,
        for requester: Principal,
        _ answer: ObjectAnswer
    ) async throws -> MemberPlace {
        try await place(
            calendar,
            href,
            for: requester,
            knowingProperties: answer.needsDeadProperties,
            locks: answer.needsLocks
        )
    }
}
