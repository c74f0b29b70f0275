public import Bridging
import ICalendar
import OutboundHTTP

/// One Google calendar.
///
/// A record is an event resource: a single event, the master of a series, or an exception of one.
public struct GoogleBridge: NotifyingBridge, AnsweringBridge, PagingBridge, BatchingBridge, AccessTellingBridge,
    MailingBridge, ProtectingBridge, SplittingBridge, OccurrenceBridge
{
    /// The link this bridge serves.
    public let link: UpstreamLink

    let client: GoogleClient
    let defaultReminders = DefaultReminders()

    /// What guests learn of writes.
    private(set) var mail: GuestMail

    init(link: UpstreamLink, client: GoogleClient) {
        self.link = link
        self.client = client
        mail = link.notifiesGuests ? .all : .off
    }

    public func mailing(_ mail: GuestMail) -> any Bridge {
        var bridge = self
        bridge.mail = mail
        return bridge
    }

    /// What an event resource can hold.
    ///
    /// Guests go up only over a link that may mail them: a list that Google stores without telling anybody misleads. The
    /// account's own answer goes up over any link.
    public var fields: FieldSet {
        var fields = FieldSet(
            writable: [
                .schedule, .summary, .description, .location, .url, .status, .transparency, .classification,
                .color, .alarms, .answer,
            ],
            readOnly: [.conference],
            holdsOverrides: true
        )
        fields.holdsRichText = true
        // A client may drop the call of a meeting, or write another: the meeting still has it.
        fields.computed = [.conference]
        // A calendar has an address of its own, under which it is invited: the account is another guest there.
        fields.own = Set([link.calendar.contains("@") ? link.calendar : link.account].compactMap { $0?.lowercased() })
        if link.notifiesGuests {
            fields.writable.insert(.attendees)
        } else {
            fields.readOnly.insert(.attendees)
        }
        return fields
    }

    public var access: UpstreamCalendar.Access? { defaultReminders.access }

    /// The path of this calendar's events, of one of them, or of something below it.
    func events(_ segments: String...) -> String {
        "calendars/" + percentEncodeSegment(link.calendar) + "/events"
            + segments.map { "/" + percentEncodeSegment($0) }.joined()
    }
}
