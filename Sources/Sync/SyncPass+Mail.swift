import Bridging
import ICalendar
import Reconcile
import Store

/// Whether guests are mailed, event by event.
///
/// Over a link that notifies guests they are told of what is done from now on: not of events that were there before it, not
/// of what is over, and not of an event that says so itself. Over any other link nobody is told, but of an event that says
/// that. Of several links of a calendar one tells.
extension SyncPass {
    /// The bridge, as it treats the guests of an item.
    func bridge(for item: SnapshotItem) -> any Bridge {
        guard let bridge = bridge as? any MailingBridge else { return bridge }
        return bridge.mailing(mail(about: item))
    }

    /// What the guests of an item learn of a write.
    func mail(about item: SnapshotItem) -> GuestMail {
        guard link.notifiesGuests || item.notifiesGuests, !item.isToldElsewhere else { return .off }
        let isQuiet = item.guestWish == false || isOld(item) || item.isOver(at: clock.now())
        return isQuiet ? .silent : .all
    }

    /// Whether an event was here before the link, and goes up for that alone.
    private func isOld(_ item: SnapshotItem) -> Bool {
        guard item.base == nil, let local = item.local else { return false }
        return isFirst || local.stored.entry.modified <= link.createdAt
    }

    /// The rules for an item of which the guests travel though those of others do not.
    func invitingRules(_ rules: Rules) -> Rules {
        var rules = rules
        if bridge is any MailingBridge { rules.pullOnly.remove(Field.attendees.rawValue) }
        return rules
    }
}

extension SnapshotItem {
    /// Whether the event itself asks that its guests be mailed; of one that is deleted here, whether it did.
    var notifiesGuests: Bool { guestWish == true }

    /// What the event itself asks for its guests, or did before it was deleted here; nil where it says nothing.
    fileprivate var guestWish: Bool? {
        if let local { return local.object.guestWish }
        guard let text = base?.localText, text.contains(CalendarObject.notifyGuests) else { return nil }
        return (try? CalendarObject(parsing: text))?.guestWish
    }

    /// Whether the event is over on both sides, so that nobody needs to be told of it.
    fileprivate func isOver(at now: Instant) -> Bool {
        let objects = [local?.outgoing, remote?.object].compactMap { $0 }
        return !objects.isEmpty && objects.allSatisfy { $0.isOver(at: now) }
    }
}

extension SyncScheduler {
    /// The bridge, as it treats the guests of an event that a run made and that undoing takes away.
    ///
    /// Who was never told of it, or of what is over, is not told that it is off; nor is anybody once the link mails nobody.
    func bridge(_ bridge: any Bridge, takingAway event: RunCreation, of link: Link) async throws -> any Bridge {
        guard let mailing = bridge as? any MailingBridge else { return bridge }
        let local = try await links.calendars.object(uid: event.uid, in: link.calendar)?.object()
        guard event.tellsGuests, local?.guestWish ?? link.notifiesGuests,
            case .object(let object) = Translation(of: event.records, by: bridge), !object.isOver(at: clock.now())
        else { return mailing.mailing(.silent) }
        return mailing.mailing(.all)
    }
}

extension CalendarObject {
    /// Whether the last of it is over.
    fileprivate func isOver(at now: Instant) -> Bool {
        // Without an expansion nobody knows when it ends.
        guard let span = try? recurrenceSet().span, let end = span.end else { return false }
        return end < now
    }

    /// The property by which a single event asks that its guests be mailed, or not: `X-KALENDS-NOTIFY-GUESTS:TRUE` or `FALSE`.
    static let notifyGuests = "X-KALENDS-NOTIFY-GUESTS"

    /// Whether the event asks that its guests be mailed, or that they be not; nil where it says nothing.
    ///
    /// One component that asks for it is enough.
    fileprivate var guestWish: Bool? {
        let wishes = ((master.map { [$0] } ?? []) + overrides).compactMap(Projection.guestWish)
        return wishes.isEmpty ? nil : wishes.contains(true)
    }
}

extension Projection {
    /// Whether a component asks that its guests be mailed.
    static func notifiesGuests(_ component: Component) -> Bool { guestWish(component) == true }

    /// What a component asks for its guests; nil where it says nothing of them.
    fileprivate static func guestWish(_ component: Component) -> Bool? {
        switch component.first(CalendarObject.notifyGuests)?.value.uppercased() {
        case "TRUE": true
        case "FALSE": false
        default: nil
        }
    }
}
