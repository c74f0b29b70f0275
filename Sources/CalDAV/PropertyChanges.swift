import ICalendar
import Store
import WebDAV
import XML

/// What a PROPPATCH or a creation does to a calendar or an object: decided before anything is written.
struct PropertyChanges: Sendable {
    /// Why one property cannot be changed.
    struct Refusal: Sendable, Hashable {
        var status: Int
        var error: Precondition?

        /// The property itself was fine (RFC 4918 §11.4).
        static let failedDependency = Refusal(status: 424)

        static let protected = Refusal(status: 403, error: .cannotModifyProtectedProperty)
    }

    /// What can only be said when a calendar is made is protected afterwards; of an object all that is known here is.
    enum Mode: Sendable { case patch, creation, object }

    /// The properties that cannot be changed; if there are any, nothing is.
    private(set) var refused: [PropertyName: Refusal] = [:]

    /// Properties for the store to keep as they are.
    private(set) var deadProperties: [DeadProperty] = []

    /// Dead properties to be forgotten.
    private(set) var removed: [PropertyName] = []

    private var live: [@Sendable (inout CalendarProperties) -> Void] = []

    /// The longest value kept for a client; clients keep colours and flags.
    static let maximumDeadPropertyOctets = 65_536

    /// The longest display name or description.
    static let maximumTextOctets = 16_384

    /// The longest address of a subscribed source.
    static let maximumSourceOctets = 2_048

    /// Whether the collection stands for a source that clients read elsewhere.
    private let isSubscription: Bool

    init(_ update: PropertyUpdate, mode: Mode, isSubscription: Bool = false) {
        self.isSubscription = isSubscription
        for instruction in update.instructions {
            let name = instruction.name
            do throws(PropertyRefused) {
                try take(instruction, mode)
            } catch {
                refused[name] = error.refusal
            }
        }
    }

    /// Changes the properties as asked, in the order asked.
    func change(_ properties: inout CalendarProperties) {
        for change in live { change(&properties) }
    }

    private struct PropertyRefused: Error { var refusal: Refusal }

    private mutating func take(_ instruction: PropertyUpdate.Instruction, _ mode: Mode) throws(PropertyRefused) {
        let value: Element? = if case .set(let element) = instruction { element } else { nil }
        guard mode != .object else {
            guard LiveProperty.byName[instruction.name] == nil else { throw PropertyRefused(refusal: .protected) }
            return try takeDead(instruction.name, value)
        }
        switch instruction.name {
        case .dav("displayname"): set(\.displayName, to: try text(value))
        case .calDAV("calendar-description"): set(\.description, to: try text(value))
        case .apple("calendar-color"): set(\.color, to: try text(value)?.trimmed)
        case .apple("calendar-order"): set(\.order, to: try number(value))
        case .calDAV("calendar-timezone"): set(\.timeZone, to: try timeZone(value))
        case .calDAV("calendar-timezone-id"): set(\.timeZone, to: try timeZone(named: value))
        case .calDAV("supported-calendar-component-set") where mode == .creation:
            set(\.components, to: try components(value))
        case .dav("resourcetype") where mode == .creation: break
        case .calendarServer("source") where isSubscription: set(\.source, to: try source(value))
        case let name:
            guard LiveProperty.byName[name] == nil else { throw PropertyRefused(refusal: .protected) }
            try takeDead(name, value)
        }
    }

    private mutating func set<Value: Sendable>(
        _ property: any WritableKeyPath<CalendarProperties, Value> & Sendable,
        to value: Value
    ) {
        live.append { $0[keyPath: property] = value }
    }

    /// The instructions are carried out in order: the last one about a property holds (RFC 4918 §9.2).
    private mutating func takeDead(_ name: PropertyName, _ value: Element?) throws(PropertyRefused) {
        deadProperties.removeAll { $0.propertyName == name }
        removed.removeAll { $0 == name }
        guard let value else {
            removed.append(name)
            return
        }
        let xml = value.serialized()
        guard xml.utf8.count <= Self.maximumDeadPropertyOctets else {
            throw PropertyRefused(refusal: Refusal(status: 507))
        }
        deadProperties.append(DeadProperty(namespace: name.namespace, name: name.local, xml: xml))
    }

    private func text(_ value: Element?) throws(PropertyRefused) -> String? {
        guard let text = value?.text else { return nil }
        guard text.utf8.count <= Self.maximumTextOctets else { throw PropertyRefused(refusal: Refusal(status: 507)) }
        return text
    }

    /// The address in a `CS:source`; without one it would be no subscription any more.
    private func source(_ value: Element?) throws(PropertyRefused) -> String? {
        guard let value else { throw PropertyRefused(refusal: .protected) }
        let address = value.first(.dav("href"))?.trimmedText ?? ""
        let scheme = address.prefix { $0 != ":" }.lowercased()
        guard ["http", "https", "webcal", "webcals"].contains(scheme), address.contains("://"),
            address.utf8.count <= Self.maximumSourceOctets
        else { throw PropertyRefused(refusal: Refusal(status: 409)) }
        return address
    }

    private func number(_ value: Element?) throws(PropertyRefused) -> Int? {
        guard let value else { return nil }
        guard let number = Int(value.trimmedText) else { throw PropertyRefused(refusal: Refusal(status: 409)) }
        return number
    }

    /// RFC 4791 §5.2.2: one iCalendar object with exactly one time zone.
    private func timeZone(_ value: Element?) throws(PropertyRefused) -> String? {
        guard let text = value?.text else { return nil }
        guard FloatingZone(calendarText: text) != nil else {
            throw PropertyRefused(refusal: Refusal(status: 403, error: .validCalendarData))
        }
        return text
    }

    /// RFC 7809 §5.2: the identifier stands for the definition.
    private func timeZone(named value: Element?) throws(PropertyRefused) -> String? {
        guard let name = value?.trimmedText else { return nil }
        guard let definition = TimeZoneData.calendar(of: name) else {
            throw PropertyRefused(refusal: Refusal(status: 403, error: .validTimezone))
        }
        return definition.serialized()
    }

    /// RFC 4791 §5.2.3.
    private func components(_ value: Element?) throws(PropertyRefused) -> [ComponentKind] {
        let names = value?.elements.compactMap { $0.attribute("name") } ?? []
        let kinds = names.compactMap { ComponentKind(rawValue: $0.uppercased()) }.filter { Self.storable.contains($0) }
        // Asking only for what cannot be stored would leave a calendar that takes nothing.
        guard !kinds.isEmpty else {
            throw PropertyRefused(refusal: Refusal(status: 403, error: .supportedCalendarComponent))
        }
        return kinds
    }

    private static let storable: Set<ComponentKind> = [.event, .todo, .journal, .freeBusy, .availability]
}

extension String {
    fileprivate var trimmed: String {
        String(decoding: utf8.filter { $0 > 0x20 }, as: UTF8.self)
    }
}

extension PropertyUpdate {
    /// Whether a creation says that it makes a subscription, as calendarserver.org has it.
    var makesSubscription: Bool {
        instructions.contains { instruction in
            guard case .set(let element) = instruction, element.name == .dav("resourcetype") else { return false }
            return element.first(.calendarServer("subscribed")) != nil
        }
    }

    /// Every property refused for the same reason.
    func refusing(_ reason: (PropertyName) -> PropertyChanges.Refusal) -> [PropertyName: PropertyChanges.Refusal] {
        Dictionary(instructions.map { ($0.name, reason($0.name)) }) { first, _ in first }
    }
}
