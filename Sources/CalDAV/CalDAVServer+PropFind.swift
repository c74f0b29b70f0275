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
        var found = leavesRootOut ? [] : [resource]
        if depth == .one { found += try await members(of: resource) }

        let answer = PropFindAnswer(request, isMinimal: preferences.returning == .minimal)
        if answer.needsDeadProperties { found = try await withDeadProperties(found) }
        if answer.needsShares { found = try await withShares(found) }
        if answer.needsLocks { found = try await withLocks(found) }
        if answer.needsRoom { found = try await withRoom(found) }
        if answer.needsAvailability { found = try await withAvailability(found) }
        var multiStatus = MultiStatus()
        for resource in found { answer.append(resource, to: &multiStatus) }
        return DAVResponse(multiStatus).applying(preferences, .minimal, rootLeftOut: leavesRootOut)
    }

    /// The same resources with the dead properties of the calendars among them.
    func withDeadProperties(_ resources: [Resource]) async throws -> [Resource] {
        var completed = resources
        for (index, resource) in resources.enumerated() {
            guard let calendar = resource.collection else { continue }
            completed[index].deadProperties = try await calendars.deadProperties(of: calendar)
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
