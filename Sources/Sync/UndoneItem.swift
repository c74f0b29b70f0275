import Bridging
import ICalendar
import Reconcile
import SQL
import Store

/// An event that a run changed or deleted, as undoing that needs it.
struct UndoneItem {
    let uid: String

    /// The event before the run.
    let former: CalendarObject
    private let isDeletion: Bool

    /// The names of the fields the run changed.
    private let names: Set<String>

    /// Reads a row of `pass_item`.
    init(_ row: SQLRow) throws {
        let item = try RunItem(row)
        uid = item.uid
        former = try CalendarObject(parsing: row.text("undo_text"))
        isDeletion = [Action.deleteLocal.word, Action.deleteRemote.word].contains(item.action)
        names = Set(item.fields)
    }

    /// The event with everything as before that the run changed and nobody since, and whether that is all of it.
    ///
    /// `present` is the event now, nil where it is not there; `left` is the text that the run left. There is no object where
    /// nothing is to be done.
    func before(_ present: StoredObject?, left: String?, at now: Instant) throws -> (CalendarObject?, isWhole: Bool) {
        guard let present else { return isDeletion ? (former, true) : (nil, false) }
        guard !isDeletion, let left else { return (nil, false) }
        guard present.text != left else { return (former, true) }
        let fieldSet = FieldSet(writable: Set(Field.allCases), overrides: .all)
        let fields = { Projection(of: $0, onto: fieldSet).fields }
        let object = try present.object()
        let (was, became, isNow) = (fields(former), fields(try CalendarObject(parsing: left)), fields(object))
        let changed = Set(was.keys).union(became.keys).filter { names.contains($0.shownName) && was[$0] != became[$0] }
        let (then, later) = (was.toldOccurrences, became.toldOccurrences)
        let edited = changed.filter { isNow[$0] != became[$0] }
        let untouched = changed.filter { field in
            // An occurrence that was to stand alone, or no more, is undone as a whole.
            guard let day = field.occurrence, then[day] != later[day] else { return !edited.contains(field) }
            return !edited.contains { $0.occurrence == day }
        }
        guard !untouched.isEmpty else { return (nil, changed.isEmpty) }
        do {
            let result = try overlay(Set(untouched), of: former, onto: object, fieldSet: fieldSet, stamp: now)
            return (result, untouched.count == changed.count)
        } catch {
            // Half of what belongs together would be no event: it stays as somebody made it.
            return (nil, false)
        }
    }
}
