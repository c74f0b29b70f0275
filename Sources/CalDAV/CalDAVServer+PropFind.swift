import HTTPTypes
import Store
import WebDAV
import XML

extension CalDAVServer {
    /// PROPFIND (RFC 4918 §9.1).
    func propfind(_ exchange: Exchange) async throws -> DAVResponse {
        let request = try PropFind(parsing: exchange.request.body)
        let depth = try exchange.depth
        guard depth != .infinity else {
            throw DAVError.failed(.propfindFiniteDepth, "PROPFIND goes no deeper than the members of a collection.")
        }
        let resource = try await resource(exchange)
        let preferences = exchange.preferences
        // RFC 8144 §3.1: only where there is more than the root.
        let leavesRootOut = preferences.isWithoutRoot && depth == .one
        let answer = PropFindAnswer(request, isMinimal: preferences.returning == .minimal)
        if depth == .one, let calendar = resource.calendar {
            return try await members(of: calendar, in: resource, answer, leavesRootOut: leavesRootOut)
                .applying(preferences, .minimal, rootLeftOut: leavesRootOut)
        }
        var found = leavesRootOut ? [] : [resource]
        if depth == .one { found += try await members(of: resource) }
        var multiStatus = MultiStatus()
        for resource in try await completed(found, for: answer) { answer.append(resource, to: &multiStatus) }
        return DAVResponse(multiStatus).applying(preferences, .minimal, rootLeftOut: leavesRootOut)
    }

    /// The same resources with what an answer needs to know of them.
    private func completed(_ resources: [Resource], for answer: PropFindAnswer) async throws -> [Resource] {
        var found = resources
        if answer.needsDeadProperties { found = try await withDeadProperties(found) }
        if answer.needsShares { found = try await withShares(found) }
        if answer.needsLocks { found = try await withLocks(found) }
        if answer.needsRoom { found = try await withRoom(found) }
        if answer.needsAvailability { found = try await withAvailability(found) }
        return found
    }

    /// A calendar and the objects in it.
    private func members(
        of calendar: CalendarCollection,
        in resource: Resource,
        _ answer: PropFindAnswer,
        leavesRootOut: Bool
    ) async throws -> DAVResponse {
        let objects = try await calendars.matches(in: calendar.id, kinds: nil, range: nil)
        var multiStatus = MultiStatus()
        let collection = try await completed(leavesRootOut ? [] : [resource], for: answer)
        for resource in collection { answer.append(resource, to: &multiStatus) }
        let place = try await place(
            calendar,
            resource.href,
            for: resource.requester,
            knowingProperties: answer.needsDeadProperties,
            locks: answer.needsLocks
        )
        return try await DAVResponse(MemberSteps(answer, objects, in: place), begunWith: multiStatus)
    }

    /// The objects of a calendar, a page at a time.
    private struct MemberSteps: AnswerSteps {
        private let answer: PropFindAnswer
        private let objects: Listing
        private let place: MemberPlace
        private var told = 0

        /// So many make a block.
        private static let page = 256

        init(_ answer: PropFindAnswer, _ objects: Listing, in place: MemberPlace) {
            self.answer = answer
            self.objects = objects
            self.place = place
        }

        mutating func step(_ multiStatus: inout MultiStatus) async throws -> Bool {
            guard told < objects.count else { return false }
            let end = min(told + Self.page, objects.count)
            for index in told..<end { answer.append(objects[index], in: place, to: &multiStatus) }
            told = end
            return true
        }
    }

    /// The same resources with the dead properties of the calendars and of a single object among them.
    func withDeadProperties(_ resources: [Resource]) async throws -> [Resource] {
        var completed = resources
        for (index, resource) in resources.enumerated() {
            if let calendar = resource.collection {
                completed[index].deadProperties = try await calendars.deadProperties(of: calendar)
            } else if let entry = resource.entry {
                completed[index].deadProperties = try await calendars.deadProperties(of: entry.id)
            }
        }
        return completed
    }

    /// The same resources with the shares of the calendars among them that their owner has given to somebody.
    func withShares(_ resources: [Resource]) async throws -> [Resource] {
        var completed = resources
        for (index, resource) in resources.enumerated() {
            guard let calendar = resource.calendar, calendar.isShared else { continue }
            completed[index].shares = try await calendars.shares(of: calendar.id)
        }
        return completed
    }
}

extension Exchange {
    /// The `Depth` header.
    ///
    /// Deviation: a missing one is 0, where RFC 4918 §9.1 reads infinity, which nobody means who does not write it.
    var depth: Depth {
        get throws(DAVError) {
            guard let text = request.headers[.depth] else { return .zero }
            guard let depth = Depth(text) else { throw .badRequest("Depth is 0, 1 or infinity.") }
            return depth
        }
    }
}
