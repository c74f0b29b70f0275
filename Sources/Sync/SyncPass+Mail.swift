import Bridging
import ICalendar
import Reconcile
import Store

/// Whether guests are mailed, event by event.
///
/// Over a link that notifies guests they are told of what is done from now on: not of events that were there before it, and
/// not of what is over. Over any other link nobody is told, but of an event that says so itself. Of several links of a
/// calendar one tells.
extension SyncPass {
    /// The bridge, as it treats the guests of an item.
    func bridge(for item: SnapshotItem) -> any Bridge {
        guard let bridge = bridge as? any MailingBridge else { return bridge }
        return bridge.mailing(mail(about: item))
    }

    /// What the guests of an item learn of a write.
    func mail(about item: SnapshotItem) -> GuestMail {
        guard link.notifiesGuests || item.notifiesGuests, !item.isToldElsewhere else { return .off }
        return isOld(item) || item.isOver(at: clock.now()) ? .silent : .all
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
    var notifiesGuests: Bool {
        if let local { return local.object.notifiesGuests }
        guard let text = base?.localText, text.contains(CalendarObject.notifyGuests) else { return false }
        return (try? CalendarObject(parsing: text))?.notifiesGuests ?? false
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
        guard event.tellsGuests, link.notifiesGuests || local?.notifiesGuests == true,
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

    /// The property by which a single event asks that its guests be mailed: `X-KALENDS-NOTIFY-GUESTS:TRUE`.
    static let notifyGuests = "X-KALENDS-NOTIFY-GUESTS"

    /// Whether the event asks that its guests be mailed.
    var notifiesGuests: Bool {
        ((master.map { [$0] } ?? []) + overrides).contains(where: Projection.notifiesGuests)
    }
}

extension Projection {
    /// Whether a component asks that its guests be mailed.
    static func notifiesGuests(_ component: Component) -> Bool {
        component.first(CalendarObject.notifyGuests)?.value.uppercased() == "TRUE"
    }
}
