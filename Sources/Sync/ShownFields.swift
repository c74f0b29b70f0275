import Bridging
import ICalendar
import Reconcile

/// The values of fields as a person reads them, of up to three texts of one event.
struct ShownFields {
    private let base: CalendarObject?
    private let gateway: CalendarObject?
    private let upstream: CalendarObject?

    /// A text that cannot be read shows no values.
    init(base: String?, gateway: String?, upstream: String?) {
        self.base = Self.object(base)
        self.gateway = Self.object(gateway)
        self.upstream = Self.object(upstream)
    }

    private static func object(_ text: String?) -> CalendarObject? {
        do {
            return try text.map { try CalendarObject(parsing: $0) }
        } catch {
            return nil
        }
    }

    /// A line for every property that differs between the sides.
    func conflicts(over keys: [FieldKey]) -> [FieldConflict] {
        keys.flatMap { key -> [FieldConflict] in
            guard let field = Field(rawValue: key.name) else { return [] }
            guard field == .schedule else {
                var conflict = conflict(key.shownName, key) { Self.value(of: field, $0) }
                // An occurrence that was not described by itself was as its series.
                if component(key, base) == nil { conflict.base = base?.master.flatMap { Self.value(of: field, $0) } }
                return [conflict]
            }
            let lines =
                field.properties.map { name in
                    conflict(key.shown(name.lowercased()), key) { Self.raw(name, $0) }
                }
                .filter { $0.gateway != $0.upstream } + cancellations(key)
            return lines.isEmpty ? [conflict(key.shownName, key) { Self.raw("DTSTART", $0) }] : lines
        }
    }

    /// The line of an occurrence that one side has cancelled.
    private func cancellations(_ key: FieldKey) -> [FieldConflict] {
        guard let occurrence = key.occurrence else { return [] }
        func exclusion(_ object: CalendarObject?) -> String? {
            guard let object, let master = object.master else { return nil }
            return ScheduleReader(object).exclusions(of: master).first { $0.occurrence == occurrence }?.property.value
        }
        let (gateway, upstream) = (exclusion(gateway), exclusion(upstream))
        guard gateway != upstream else { return [] }
        let name = key.shown("exdate")
        return [FieldConflict(name: name, base: exclusion(base), gateway: gateway, upstream: upstream)]
    }

    private func conflict(
        _ name: String,
        _ key: FieldKey,
        _ value: (Component) -> String?
    ) -> FieldConflict {
        FieldConflict(
            name: name,
            base: component(key, base).flatMap(value),
            gateway: component(key, gateway).flatMap(value),
            upstream: component(key, upstream).flatMap(value)
        )
    }

    private func component(_ key: FieldKey, _ object: CalendarObject?) -> Component? {
        guard let object else { return nil }
        guard let occurrence = key.occurrence else { return object.master }
        let schedule = ScheduleReader(object)
        return object.overrides.first { schedule.occurrence($0) == occurrence }
    }

    private static func value(of field: Field, _ component: Component) -> String? {
        switch field {
        case .summary, .description, .location:
            return component.first(field.properties[0])?.text
        case .categories:
            let texts = component.all("CATEGORIES").flatMap(\.texts)
            return texts.isEmpty ? nil : texts.joined(separator: ", ")
        case .answer:
            let answers = component.all("ATTENDEE").compactMap { guest in
                guest.parameter("PARTSTAT").map { "\(guest.value) \($0)" }
            }
            return answers.isEmpty ? nil : answers.joined(separator: ", ")
        case .alarms:
            let alarms = component.components("VALARM").compactMap { $0.first("TRIGGER")?.value }
            return alarms.isEmpty ? nil : alarms.joined(separator: ", ")
        case .comment:
            let texts = component.all("COMMENT").map(\.text)
            return texts.isEmpty ? nil : texts.joined(separator: ", ")
        case .schedule, .url, .status, .transparency, .classification, .color, .attendees, .priority, .conference,
            .attachments:
            let values = field.properties.flatMap { component.all($0) }.map(\.value)
            return values.isEmpty ? nil : values.joined(separator: ", ")
        }
    }

    private static func raw(_ name: String, _ component: Component) -> String? {
        let values = component.all(name).map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ",")
    }
}

extension FieldKey {
    /// What a person knows the field by: `summary`; of an override `summary (20261121T090000Z)`.
    var shownName: String { shown(Field(rawValue: name)?.shownName ?? name) }

    func shown(_ name: String) -> String { occurrence.map { "\(name) (\($0))" } ?? name }
}
