import ICalendar
import Store
import WebDAV
import XML

extension LiveProperty {
    /// RFC 4918 §15.8, §15.10: only what can be locked has them.
    static let locking: [LiveProperty] = [
        LiveProperty(.dav("lockdiscovery"), isInAllProp: true) { resource in
            guard resource.isLockable, let locks = resource.locks else { return nil }
            return .elements(locks.map { $0.lock.element(root: $0.root, at: $0.now) })
        },
        LiveProperty(.dav("supportedlock"), isInAllProp: true) { resource in
            resource.isLockable ? .elements(entries) : nil
        },
    ]

    private static let entries = ["exclusive", "shared"].map { scope in
        Element(
            .dav("lockentry"),
            children: [
                .element(Element(.dav("lockscope"), children: [.element(Element(.dav(scope)))])),
                .element(Element(.dav("locktype"), children: [.element(Element(.dav("write")))])),
            ]
        )
    }
}

/// A lock as a resource tells it.
struct ShownLock: Sendable {
    var lock: DAVLock
    var root: Href
    var now: Instant
}

extension Resource {
    fileprivate var isLockable: Bool {
        switch kind {
        case .calendar, .object: true
        case .root, .principals, .principal, .notifications, .homes, .home: false
        }
    }
}

extension DAVLock {
    /// The `DAV:activelock` (RFC 4918 §14.1).
    func element(root: Href, at now: Instant) -> Element {
        func part(_ name: String, _ child: Element) -> Element.Node {
            .element(Element(.dav(name), children: [.element(child)]))
        }
        var children: [Element.Node] = [
            part("locktype", Element(.dav("write"))),
            part("lockscope", Element(.dav(isExclusive ? "exclusive" : "shared"))),
            .element(Element(.dav("depth"), text: isDeep ? "infinity" : "0")),
        ]
        // What is kept was written by ourselves, and can be read again.
        if let owner, let element = try? Document(parsing: Array(owner.utf8)).root {
            children.append(.element(element))
        }
        children += [
            .element(Element(.dav("timeout"), text: "Second-\(max(0, expiresAt - now))")),
            part("locktoken", Element(.dav("href"), text: token)),
            part("lockroot", Element(.dav("href"), text: root.path)),
        ]
        return Element(.dav("activelock"), children: children)
    }
}

extension CalDAVServer {
    /// The same resources with the locks that hold of them: one question for each calendar among them.
    func withLocks(_ resources: [Resource]) async throws -> [Resource] {
        var completed = resources
        var known: [CalendarID: [DAVLock]] = [:]
        for (index, resource) in resources.enumerated() {
            let (calendar, name, calendarHref): (CalendarCollection, String?, Href)
            switch resource.kind {
            case .calendar(let found): (calendar, name, calendarHref) = (found, nil, resource.href)
            case .object(let entry, in: let found):
                (calendar, name, calendarHref) = (found, entry.name, resource.href.parent)
            case .root, .principals, .principal, .notifications, .homes, .home: continue
            }
            let locks = if let locks = known[calendar.id] { locks } else { try await calendars.locks(in: calendar.id) }
            known[calendar.id] = locks
            let place: LockPlace =
                name.map { .object(ObjectPlace(calendar: calendar.id, name: $0)) } ?? .calendar(calendar.id)
            completed[index].locks = locks.filter { $0.holds(of: place) }.map { lock in
                ShownLock(lock: lock, root: lock.place.href(in: calendarHref), now: now())
            }
        }
        return completed
    }
}

extension DAVLock {
    fileprivate func holds(of other: LockPlace) -> Bool {
        if place == other { return true }
        guard case .calendar(let id) = place else { return false }
        return isDeep && id == other.calendar
    }
}
