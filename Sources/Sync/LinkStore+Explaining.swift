import Bridging
import ICalendar
import Reconcile
import SQL
public import Store

extension LinkStore {
    /// Why an event is as it is: what each link of its calendar knows of it.
    public func explain(uid: String, in calendar: CalendarID) async throws -> [ItemExplanation] {
        var explanations: [ItemExplanation] = []
        for link in try await links(in: calendar) { explanations.append(try await explain(uid, link)) }
        return explanations
    }

    private func explain(_ uid: String, _ link: Link) async throws -> ItemExplanation {
        let (calendars, now) = (calendars, now())
        return try await database.read { transaction in
            let key: SQLStatement = "link = \(link.id.value) AND uid = \(.text(uid))"
            let base = try transaction.row("SELECT * FROM base WHERE \(key)")
            let mirrored = try transaction.row("SELECT * FROM mirrored_object WHERE \(key)")
            let local = try calendars.object(uid: uid, in: link.calendar, transaction)
            let retry = try transaction.row("SELECT * FROM retry WHERE \(key)")
            let isOpen = try transaction.row("SELECT id FROM conflict WHERE \(key) AND is_open = 1") != nil
            let isHeld = try transaction.row("SELECT uid FROM held WHERE \(key) AND is_approved = 0") != nil
            let isSkipped = try transaction.row("SELECT uid FROM skipped WHERE \(key)") != nil
            let problem = try mirrored?.optionalText("problem")
            let isInStep =
                try base?.optionalText("local_digest") == local?.etag.rawValue
                && base?.optionalText("remote_digest") == mirrored?.optionalText("digest")
            var (state, sentence) = Self.explanation(
                skippedBy: isSkipped ? link.id : nil,
                isKnown: base != nil || mirrored != nil,
                keptBack: base == nil ? try Self.objection(of: link, to: local, mirrored, at: now) : nil,
                problem: problem,
                isOpen: isOpen,
                isHeld: isHeld,
                error: try retry?.problem(),
                deletion: local == nil ? try Deletion(base, mirrored) : nil,
                isInStep: isInStep
            )
            let series = try mirrored?.optionalText("series")
            let shown = ShownFields(
                base: try base?.optionalText("local_text"),
                gateway: local?.text,
                upstream: try mirrored?.optionalText("text")
            )
            if state == "in_step" { sentence += try Self.unsentGuests(local, mirrored, over: link, transaction) }
            let keys = try base.map { FieldsText.decodeKeys(try $0.text("local_fields")) } ?? []
            return ItemExplanation(
                link: link.id,
                state: state,
                sentence: sentence,
                records: try series.map { try Self.records(of: $0, link.id, transaction).map(\.payload) } ?? [],
                agreedAt: try base?.optionalInstant("agreed_at"),
                lastRun: try base?.optionalInteger("run").map(RunID.init(rawValue:)),
                fields: shown.conflicts(over: keys),
                error: try retry?.problem()
            )
        }
    }

    /// What became of an event that is not here.
    private enum Deletion {
        case here
        case onBothSides

        init(_ base: SQLRow?, _ mirrored: SQLRow?) throws {
            let isThere = try mirrored?.optionalText("text") != nil
            let isAgreed = try base?.optionalInteger("agreed_at") != nil
            self = isThere || isAgreed ? .here : .onBothSides
        }
    }

    /// What is told of guests whom the upstream was not sent; empty where there are none.
    private static func unsentGuests(
        _ local: StoredObject?,
        _ mirrored: SQLRow?,
        over link: Link,
        _ transaction: borrowing SQLTransaction
    ) throws -> String {
        let row = try transaction.row("SELECT seen_mark FROM link WHERE id = \(link.id.value)")
        guard let mark = try row?.optionalText("seen_mark"), FieldSet.isReadOnly(.attendees, in: mark),
            let there = try mirrored?.optionalText("text"), let local
        else { return "" }
        let guests = guests(of: local.text).subtracting(guests(of: there)).sorted()
        guard !guests.isEmpty else { return "" }
        let names = guests.joined(separator: " and ")
        let remedy =
            "To invite them, PATCH /links/\(link.id.rawValue) with notify_guests true, "
            + "or give the event the line \(CalendarObject.notifyGuests):TRUE."
        let reason = "this link mails nobody, and so sends no guests"
        return " Only the guests differ: \(names) is here alone, for \(reason). \(remedy)"
    }

    /// The addresses of an event's guests; none of a text that cannot be read.
    private static func guests(of text: String) -> Set<String> {
        guard text.contains("ATTENDEE"), let object = try? CalendarObject(parsing: text) else { return [] }
        let components = (object.master.map { [$0] } ?? []) + object.overrides
        return Set(components.flatMap { $0.all("ATTENDEE") }.map(\.calendarUser))
    }

    /// Why the filters of a link take neither side of an event up that was not agreed on; nil where they do.
    private static func objection(
        of link: Link,
        to local: StoredObject?,
        _ mirrored: SQLRow?,
        at now: Instant
    ) throws -> String? {
        let filters = try link.readFilters()
        guard let local, let objection = filters.objection(to: try local.object(), at: now) else { return nil }
        guard let text = try mirrored?.optionalText("text") else { return objection }
        return filters.objection(to: try CalendarObject(parsing: text), at: now).map { _ in objection }
    }

    private static func explanation(
        skippedBy link: LinkID?,
        isKnown: Bool,
        keptBack objection: String?,
        problem: String?,
        isOpen: Bool,
        isHeld: Bool,
        error: LinkProblem?,
        deletion: Deletion?,
        isInStep: Bool
    ) -> (state: String, sentence: String) {
        if let link {
            let reason = "it was left out when the link began, or a run that carried it over was undone"
            let remedy =
                "To take it up again, press “Take in” on the link's page, "
                + "or PATCH /links/\(link.rawValue) with a skip that does not name it."
            return ("left_alone", "The link leaves it alone: \(reason). \(remedy)")
        }
        if let problem { return ("quarantine", "What the upstream has of it cannot be read: \(problem)") }
        if isOpen { return ("conflict", "Both sides changed it; your decision is awaited.") }
        if isHeld { return ("held", "Its deletion waits for your approval.") }
        if let error { return ("pending", error.message) }
        switch deletion {
        case .onBothSides: return ("deleted", "It was deleted, and is not upstream either.")
        case .here: return ("pending", "It was deleted here; the next pass settles that with the upstream.")
        case nil: break
        }
        if let objection {
            let remedy = "To take it up, change the link's filters."
            return ("filtered", "A filter of the link keeps it back: \(objection). \(remedy)")
        }
        if !isKnown { return ("unknown", "The link has not seen it yet.") }
        return isInStep
            ? ("in_step", "Both sides say the same.") : ("pending", "It changed; the next pass carries it over.")
    }
}
