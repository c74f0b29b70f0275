import Store
import WebDAV
import XML

/// How the resources of one PROPFIND are told: worked out once, then written for each.
struct PropFindAnswer: Sendable {
    private enum Form {
        case names
        case values(Values)
    }

    private struct Values {
        /// What the server knows, in the order of the answer.
        var live: [LiveProperty]
        /// What was asked for by name, and is missing where it is not found.
        var asked: Set<PropertyName>
        /// Of `asked`, what can only be a dead property.
        var unknown: [PropertyName]
        /// Whether every dead property is shown.
        var showsAllDead: Bool
    }

    private let form: Form
    private let isMinimal: Bool

    /// How the objects of a calendar are told, where no resource is needed for it.
    private let members: MemberAnswer?

    init(_ request: PropFind, isMinimal: Bool) {
        self.isMinimal = isMinimal
        switch request {
        case .names:
            form = .names
        case .all(let included):
            let live = LiveProperty.all.filter { $0.isInAllProp || included.contains($0.name) }
            form = .values(Values(live: live, asked: Set(included), unknown: unknown(included), showsAllDead: true))
        case .named(let names):
            // A property asked for twice is told once: the client could not say which of the two holds.
            var seen: Set<PropertyName> = []
            let unique = names.filter { seen.insert($0).inserted }
            let live = unique.compactMap { LiveProperty.byName[$0] }
            form = .values(Values(live: live, asked: seen, unknown: unknown(unique), showsAllDead: false))
        }

        switch form {
        case .names: members = nil
        case .values(let values):
            members = MemberAnswer(values.live) { absent in
                isMinimal ? [] : absent.filter(values.asked.contains) + values.unknown
            }
        }

        func unknown(_ names: [PropertyName]) -> [PropertyName] { names.filter { LiveProperty.byName[$0] == nil } }
    }

    /// Whether the answer can show properties that clients left with a resource.
    var needsDeadProperties: Bool {
        switch form {
        case .names: true
        case .values(let values): values.showsAllDead || !values.unknown.isEmpty
        }
    }

    /// Whether the answer can tell to whom a calendar is given.
    var needsShares: Bool {
        switch form {
        case .names: true
        case .values(let values): values.live.contains { LiveProperty.needingShares.contains($0.name) }
        }
    }

    /// Whether the answer can show locks.
    var needsLocks: Bool {
        switch form {
        case .names: true
        case .values(let values): values.live.contains { $0.name == .dav("lockdiscovery") }
        }
    }

    /// Whether the answer can show how much room is taken.
    var needsRoom: Bool {
        switch form {
        case .names: true
        case .values(let values): values.live.contains { LiveProperty.quota.map(\.name).contains($0.name) }
        }
    }

    /// Whether the answer can tell when its requester can be met.
    var needsAvailability: Bool {
        switch form {
        case .names: true
        case .values(let values): values.live.contains { LiveProperty.availabilityNames.contains($0.name) }
        }
    }

    /// Tells of an object of a calendar.
    func append(_ object: ListedObject, in place: MemberPlace, to multiStatus: inout MultiStatus) {
        guard let members, place.deadProperties.isEmpty || place.deadProperties[object.id] == nil else {
            return append(place.resource(object), to: &multiStatus)
        }
        multiStatus.append(memberOf: place.href, named: object.name) { writer in
            members.append(object, data: nil, to: &writer)
        }
    }

    /// Tells of a resource.
    func append(_ resource: Resource, to multiStatus: inout MultiStatus) {
        switch form {
        case .names:
            multiStatus.append(resource.href) { writer in
                for property in LiveProperty.all where property.content(resource) != nil { writer.empty(property.name) }
                for property in resource.deadProperties { writer.empty(property.propertyName) }
                return []
            }
        case .values(let values):
            multiStatus.append(resource.href) { writer in write(values, of: resource, to: &writer) }
        }
    }

    /// Writes what the resource has, and returns what it lacks.
    private func write(_ values: Values, of resource: Resource, to writer: inout Writer) -> [PropertyName] {
        var missing: [PropertyName] = []
        for property in values.live where !property.write(resource, to: &writer) {
            if values.asked.contains(property.name) { missing.append(property.name) }
        }
        var unknown = values.unknown
        for property in resource.deadProperties {
            let name = property.propertyName
            guard values.showsAllDead || values.asked.contains(name) else { continue }
            writer.markup(Array(property.xml.utf8))
            unknown.removeAll { $0 == name }
        }
        return isMinimal ? [] : missing + unknown
    }
}

extension DeadProperty {
    var propertyName: PropertyName { PropertyName(namespace, name) }
}
