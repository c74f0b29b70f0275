extension Component {
    /// Replaces all properties of that name; an empty list removes them.
    ///
    /// The new ones stand where the first old one stood, or after the last property. One that is equal to an old one keeps
    /// the old one's octets.
    public mutating func set(_ name: String, _ properties: [Property]) {
        let name = name.asciiUppercased
        var old = all(name)
        let new = properties.map { property -> Item in
            guard property.octets == nil, let same = old.firstIndex(of: property) else { return .property(property) }
            return .property(old.remove(at: same))
        }
        let place = items.firstIndex { $0.isProperty(name) } ?? placeForProperty
        let before = items[..<place]
        let after = items[place...].filter { !$0.isProperty(name) }
        items = before + new + after
    }

    /// Replaces all properties of that name by one, or removes them when it is nil.
    public mutating func set(_ name: String, _ property: Property?) { set(name, property.map { [$0] } ?? []) }

    /// Adds a property after the last one.
    public mutating func append(_ property: Property) { items.insert(.property(property), at: placeForProperty) }

    /// Adds a component after everything else.
    public mutating func append(_ component: Component) { items.append(.component(component)) }

    /// Removes the components inside for which `isUnwanted` holds.
    public mutating func removeComponents(where isUnwanted: (Component) -> Bool) {
        items.removeAll { $0.component.map(isUnwanted) ?? false }
    }

    /// Changes the components inside for which `isMeant` holds.
    public mutating func updateComponents(
        where isMeant: (Component) -> Bool,
        _ change: (inout Component) -> Void
    ) {
        for index in items.indices {
            guard case .component(var component) = items[index], isMeant(component) else { continue }
            change(&component)
            items[index] = .component(component)
        }
    }

    private var placeForProperty: Int { items.lastIndex { $0.property != nil }.map { $0 + 1 } ?? 0 }
}
