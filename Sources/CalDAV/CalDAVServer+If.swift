import HTTPTypes
import Store
import WebDAV

/// What the `If` header can name of a resource; what does not exist has neither.
struct ResourceState: Sendable, Hashable {
    /// The entity tag of an object.
    var etag: ETag?

    /// The sync token of a calendar (RFC 6578 §5); nothing is ever locked here, so that no lock token matches.
    var token: String?

    func satisfies(_ condition: IfHeader.Condition) -> Bool {
        let matches =
            switch condition.state {
            case .token(let named): named == token
            case .entityTag(let named): named != nil && named == etag
            }
        return matches != condition.isNegated
    }
}

extension CalDAVServer {
    /// Refuses a request whose `If` header does not hold (RFC 4918 §10.4.1).
    ///
    /// The state of an object is remembered before it is checked, so that a write can insist on it in its transaction.
    func checkIfHeader(of exchange: inout Exchange) async throws {
        guard let text = exchange.request.headers[.if] else { return }
        let header = try IfHeader(parsing: text)
        if case .object = exchange.path {
            exchange.observed = try await state(of: exchange.path, for: exchange.principal)
        }
        guard try await holds(header, for: exchange) else { throw DAVError.preconditionFailed }
    }

    private func holds(_ header: IfHeader, for exchange: Exchange) async throws -> Bool {
        var states: [ResourcePath: ResourceState] = [:]
        for list in header.lists {
            let path = try list.resource.map { href throws(DAVError) in try ResourcePath.parse(href.path) }
            let tagged = path ?? exchange.path
            let known = states[tagged]
            let state = if let known { known } else { try await state(of: tagged, for: exchange.principal) }
            states[tagged] = state
            if list.conditions.allSatisfy(state.satisfies) { return true }
        }
        return false
    }

    private func state(of path: ResourcePath, for principal: Principal) async throws -> ResourceState {
        do {
            let resource = try await resource(path, for: principal, at: "")
            let token = resource.calendar?.syncToken.uri
            return ResourceState(etag: resource.entry?.etag, token: token)
        } catch let error as DAVError where error == .notFound {
            return ResourceState()
        }
    }
}

extension Exchange {
    /// What must hold of the object when it is written: its own conditions, and the state in which `If` held.
    var writeCondition: WriteCondition {
        get throws(DAVError) {
            let condition = try WriteCondition(request.headers)
            guard let observed else { return condition }
            guard condition.allows(observed.etag) else { throw .preconditionFailed }
            return observed.etag.map { .matches([$0]) } ?? .absent
        }
    }
}
