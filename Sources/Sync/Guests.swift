import Bridging
import ICalendar
import Reconcile

/// What it means that a guest is missing in the event from which guests are taken over.
enum MissingGuests {
    /// They are guests no more.
    case removed

    /// Of the account itself nothing: a client may leave its entry out, which is no answer.
    case ownStays

    /// Nothing of those who are not in this event either: they were added on the other side, and never told.
    ///
    /// It is the event as it was when both sides agreed; nil where they never did.
    case addedStay(since: CalendarObject?)
}

extension FieldSet {
    /// What a PARTSTAT says; any other one counts as none.
    private static let answers: Set<String> = ["NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE"]

    /// The account's own entry among guests.
    func own(of component: Component) -> Property? { component.all("ATTENDEE").first(where: isOwn) }

    func isOwn(_ attendee: Property) -> Bool { own.contains(attendee.calendarUser) }

    /// The account's own answer; nil where nothing is said of it, which is not that there was none.
    func answer(of component: Component) -> String? {
        let answer = own(of: component)?.parameter("PARTSTAT")?.uppercased()
        return answer.flatMap { Self.answers.contains($0) ? $0 : nil }
    }

    /// The guests of an event once these fields of them come from `source`; the others stay as they are.
    func guests(
        of target: Component,
        from source: Component,
        _ fields: Set<Field>,
        missing: MissingGuests
    ) -> [Property] {
        guard fields.contains(.attendees) else {
            return answering(target.all("ATTENDEE"), at: source, answer(of: source) ?? answer(of: target))
        }
        var guests = source.all("ATTENDEE")
        if case .addedStay(let former) = missing {
            let known = former.map { mails(of: $0, like: source) } ?? []
            let named = Set(guests.map(\.calendarUser))
            guests += target.all("ATTENDEE").filter { guest in
                let mail = guest.calendarUser
                return !known.contains(mail) && !named.contains(mail)
            }
        }
        // Who was no guest before has not answered here.
        guard !fields.contains(.answer), let before = answer(of: target) else {
            guard case .ownStays = missing else { return guests }
            return answering(guests, at: target, answer(of: source) ?? answer(of: target))
        }
        return answering(guests, at: target, before)
    }

    /// Guests with that answer of the account; where its entry is missing, it is the one in `component`.
    private func answering(_ guests: [Property], at component: Component, _ answer: String?) -> [Property] {
        var guests = guests
        if !guests.contains(where: isOwn) {
            let others = component.all("ATTENDEE")
            guard let place = others.firstIndex(where: isOwn) else { return guests }
            guests.insert(others[place], at: min(place, guests.count))
        }
        guard let answer, let index = guests.firstIndex(where: isOwn),
            guests[index].parameter("PARTSTAT")?.uppercased() != answer
        else { return guests }
        guests[index].parameters.removeAll { $0.name == "PARTSTAT" }
        guests[index].parameters.append(Parameter("PARTSTAT", answer))
        return guests
    }

    /// Who was a guest in that part of a former event which `component` is of the present one.
    private func mails(of former: CalendarObject, like component: Component) -> Set<String> {
        let wanted = component.first("RECURRENCE-ID")?.dateTime.map { $0.instant(in: former.zones) }
        let override = wanted.flatMap { instant in
            former.overrides.first { $0.first("RECURRENCE-ID")?.dateTime?.instant(in: former.zones) == instant }
        }
        return Set(((override ?? former.master)?.all("ATTENDEE") ?? []).map(\.calendarUser))
    }
}

extension SyncPass {
    /// Our event with those fields of the upstream's.
    func pulling(
        _ fields: Set<FieldKey>,
        of theirs: CalendarObject,
        onto ours: CalendarObject,
        for item: SnapshotItem
    ) throws -> CalendarObject {
        try overlay(
            fields,
            of: theirs,
            onto: ours,
            fieldSet: incoming(item),
            stamp: clock.now(),
            missing: missingGuests(of: item)
        )
    }

    /// What it means here that the upstream does not have a guest.
    ///
    /// Where none go up, it never heard of those who were added here.
    private func missingGuests(of item: SnapshotItem) throws -> MissingGuests {
        let areSent = bridge.fields.writable.contains(.attendees) || item.notifiesGuests
        guard !areSent || item.isToldElsewhere else { return .removed }
        guard let base = item.base, !base.isVoid, !base.remoteText.isEmpty else { return .addedStay(since: nil) }
        return .addedStay(since: try CalendarObject(parsing: base.remoteText))
    }
}

extension SnapshotItem {
    /// What of a side's fields is compared with what was agreed of it.
    ///
    /// That somebody has not answered is told from nothing at all only where something was said of it before.
    func withoutNewSilence(_ fields: Fields, since side: KeyPath<Agreement, Fields>) -> Fields {
        let agreed = base.flatMap { $0.isVoid ? nil : $0.agreement[keyPath: side] }
        func isSilence(_ field: (key: FieldKey, value: String)) -> Bool {
            field.key.name == Field.answer.rawValue && field.value == "NEEDS-ACTION" && agreed?[field.key] == nil
        }
        return fields.contains(where: isSilence) ? fields.filter { !isSilence($0) } : fields
    }
}
