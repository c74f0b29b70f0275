import Bridging
import ICalendar
import Reconcile
import Store

/// A description in two forms: text, and HTML beside it.
///
/// A client that knows only one of them edits that one and keeps the other, which then says what was before.
enum EditedForm {
    /// The text; the HTML beside it is out of date.
    case text
    /// The HTML; the text beside it is out of date.
    case html

    /// Which of the forms of `local` was edited while the other was kept; nil where there are not two, or none is kept.
    init?(_ local: Component, since former: Component) {
        func text(_ name: String, _ component: Component) -> String? { component.first(name)?.text }
        guard let html = text("X-ALT-DESC", local), !html.isEmpty else { return nil }
        let isTextKept = text("DESCRIPTION", local) == text("DESCRIPTION", former)
        let isHTMLKept = html == text("X-ALT-DESC", former)
        switch (isTextKept, isHTMLKept) {
        case (false, true): self = .text
        case (true, false) where text("X-ALT-DESC", former) != nil: self = .html
        case (true, _), (false, false): return nil
        }
    }
}

extension SyncPass {
    /// What is to be said upstream without the form of a description that is out of date.
    func withoutOutdatedForms(
        _ target: CalendarObject,
        _ fields: Set<FieldKey>,
        of item: SnapshotItem
    ) throws -> CalendarObject {
        let edited = editedForms(of: item).filter { fields.contains(FieldKey(Field.description.rawValue, of: $0.key)) }
        guard !edited.isEmpty else { return target }
        let schedule = ScheduleReader(target)
        var calendar = target.calendar
        for (occurrence, form) in edited {
            calendar.updateComponents(
                where: { $0.name == target.kind.rawValue && schedule.occurrence($0) == occurrence },
                { $0.set(form == .text ? "X-ALT-DESC" : "DESCRIPTION", []) }
            )
        }
        return try CalendarObject(calendar)
    }

    /// Which form of its description was edited, by occurrence; nil for the master.
    func editedForms(of item: SnapshotItem) -> [String?: EditedForm] {
        guard bridge.fields.holdsRichText, let local = item.local, let base = item.base, !base.isVoid,
            local.stored.text.contains("X-ALT-DESC"), let former = try? CalendarObject(parsing: base.localText)
        else { return [:] }
        let before = former.byOccurrence
        var forms: [String?: EditedForm] = [:]
        for (occurrence, component) in local.object.byOccurrence {
            guard let old = before[occurrence] ?? former.master else { continue }
            forms[occurrence] = EditedForm(component, since: old)
        }
        return forms
    }
}

extension CalendarObject {
    /// The master under nil, and each override under the occurrence that it replaces.
    fileprivate var byOccurrence: [String?: Component] {
        let schedule = ScheduleReader(self)
        let all = (master.map { [$0] } ?? []) + overrides
        return Dictionary(all.map { (schedule.occurrence($0), $0) }) { first, _ in first }
    }
}
