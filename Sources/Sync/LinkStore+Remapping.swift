import Bridging
import ICalendar
import Reconcile
import SQL

extension LinkStore {
    /// Ends the agreement on fields that an upstream keeps elsewhere from now on, for every event of a link.
    ///
    /// What stands there counts as never seen: an empty place is filled with what our side says, instead of emptying it.
    static func endAgreement(
        on fields: Set<Field>,
        of link: LinkID,
        _ transaction: borrowing SQLTransaction
    ) throws {
        guard !fields.isEmpty else { return }
        let rows = try transaction.rows(
            """
            SELECT uid, local_fields, remote_fields, local_text, remote_text FROM base
            WHERE link = \(link.value) AND agreed_at IS NOT NULL
            """
        )
        for row in rows {
            var agreement = try Agreement(row)
            let upstream = SameText.read(try row.text("remote_text"), beside: try row.text("local_text"))
            try agreement.end(on: fields, upstream: upstream.isEmpty ? nil : CalendarObject(parsing: upstream))
            let columns = agreement.columns
            try transaction.run(
                """
                UPDATE base SET local_fields = \(.text(columns.local)), remote_fields = \(.text(columns.remote))
                WHERE link = \(link.value) AND uid = \(.text(try row.text("uid")))
                """
            )
        }
    }
}

extension Agreement {
    /// Forgets what was said of some fields; `upstream` is the event as the upstream had it.
    fileprivate mutating func end(on fields: Set<Field>, upstream: CalendarObject?) throws {
        let names = Set(fields.map(\.rawValue))
        local = local.filter { !names.contains($0.key.name) }
        remote = remote.filter { !names.contains($0.key.name) }
        guard fields.contains(.schedule), let upstream else { return }
        // When it begins may still be told; with a rule that has no place any more, our side's word holds.
        local[.schedule] = Self.neverSaid
        remote[.schedule] = try upstream.withoutRule().schedule
    }
}

extension CalendarObject {
    /// The event as it takes place first, and never again.
    fileprivate func withoutRule() throws -> CalendarObject {
        var single = calendar
        single.removeComponents { $0.name == kind.rawValue && $0.first("RECURRENCE-ID") != nil }
        single.updateComponents(where: { $0.name == kind.rawValue }) { component in
            for name in ["RRULE", "RDATE", "EXDATE", "EXRULE"] { component.set(name, []) }
        }
        return try CalendarObject(single)
    }

    fileprivate var schedule: String? {
        Projection(of: self, onto: FieldSet(writable: [.schedule], overrides: .none)).fields[.schedule]
    }
}
