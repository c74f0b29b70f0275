import Accounts
import Bridging
import ICalendar
import Store
import Sync

/// What the REST interface speaks of, by name.
enum Schemas {
    static let named: [String: Schema] = [
        "Problem": problem, "Failure": failure, "Calendar": calendar, "CalendarChange": calendarChange,
        "NewCalendar": newCalendar, "DeletedCalendar": RESTRoutes.deletedCalendar,
        "DeletedEvent": RESTRoutes.deletedEvent,
        "Event": event, "EventChange": eventChange, "NewEvent": newEvent, "RestoredEvent": restoredEvent,
        "Version": version, "Explanation": explanation, "Connection": connection, "NewConnection": newConnection,
        "UpstreamCalendar": upstreamCalendar, "Link": link, "NewLink": newLink, "LinkChange": linkChange,
        "Plan": plan, "PlanItem": planItem, "Run": run, "QueueItem": queueItem, "QuarantineItem": quarantineItem,
        "Conflict": conflict, "Decision": decision, "Secret": secret, "Share": share, "NewShare": newShare,
        "ReceivedShare": receivedShare, "Feed": feed, "NewFeed": newFeed,
    ]

    // MARK: Failures

    private static let problem = Schema.object([
        "type": .text, "title": .text, "status": Schema(.integer(400...599)),
        "code": .text.noted("a stable word"), "detail": .text, "remedy": .text.noted("what a person can do about it"),
        "request?": .text.noted("the id under which the log says more"),
    ])

    private static let failure = Schema.object(["code": .text, "message": .text, "remedy": .text])

    // MARK: Calendars and events

    private static let calendar = Schema.object([
        "id": .identifier, "name": .text.noted("the last segment of its address"), "display_name": .text.orNull,
        "description": .text.orNull, "color": .text.orNull, "components": .list(of: .choice(ComponentKind.self)),
        "href": .text,
        "access": .choice(["owner", "write", "read", "reader"])
            .noted("reader: your own, linked with one that may only be read"),
        "owner": .text.noted("the user whose calendar it is"), "shared": .truth.noted("given to somebody by you"),
    ])

    static let newCalendar = Schema.object([
        "name?": .text(1...100).orNull.noted("a-z, 0-9, '.', '_' and '-'; made from display_name where it is missing"),
        "display_name?": .text(0...200).orNull, "color?": .text(0...40).orNull, "description?": .text(0...2000).orNull,
        "components?": .list(of: .choice(ComponentKind.self)).orNull,
    ])

    static let calendarChange = Schema.object([
        "display_name?": .text(0...200).orNull, "color?": .text(0...40).orNull, "description?": .text(0...2000).orNull,
    ])

    private static let event = Schema.object([
        "id": .identifier, "uid?": .text, "calendar?": .identifier, "summary?": .text.orNull,
        "description?": .text.orNull, "location?": .text.orNull, "url?": .text.orNull, "status?": .text.orNull,
        "start?": .text.noted("RFC 3339, or a date; a floating time is told as the zone of its calendar reads it"),
        "end?": .text, "all_day?": .truth, "time_zone?": .text.orNull,
        "rrule?": .text.orNull, "categories?": .list(of: .text),
        "occurrence?": .text.orNull.noted("the RECURRENCE-ID of this one"), "etag?": .text,
    ])

    private static let restoredEvent = Schema(
        .object(
            event.members
                + Schema.object([
                    "doubled_by?": .list(of: .named("Event"))
                        .noted("events in which the series went on; they stay, and are on the same days now")
                ])
                .members,
            isOpen: true
        )
    )

    private static let eventMembers: [Schema.Member] =
        Schema.object([
            "summary?": .text.orNull, "description?": .text.orNull, "location?": .text.orNull,
            "url?": .text.orNull, "status?": .text.orNull, "start?": .text.noted("RFC 3339, or a date"),
            "end?": .text.orNull, "all_day?": .truth.orNull, "time_zone?": .text.orNull,
            "rrule?": .text.orNull.noted("RFC 5545, without RRULE:"), "categories?": .list(of: .text).orNull,
            "notify_guests?": .truth.orNull.noted("whether its guests are mailed, whatever its link says"),
        ])
        .members

    static let eventChange = Schema(.object(eventMembers, isOpen: true))

    static let newEvent: Schema = {
        let needed = Schema.object(["calendar": .identifier, "start": .text.noted("RFC 3339, or a date")]).members
        return Schema(.object(needed + eventMembers.filter { $0.name != "start" }, isOpen: true))
    }()

    private static let version = Schema.object([
        "id": .identifier, "version": .identifier, "at": .time, "by": .text, "run": .identifier.orNull, "ics": .text,
        "kind": .choice(["created", "changed", "deleted", "overruled"]), "summary": .text.orNull,
    ])

    private static let fields = Schema(
        .table(of: .object(["base": .text.orNull, "gateway": .text.orNull, "upstream": .text.orNull]))
    )

    private static let explanation = Schema.object([
        "id": .identifier, "uid": .text, "etag": .text.orNull, "calendar": .identifier,
        "deleted_at": .time.orNull.noted("null for an event that is there"),
        "purged_at": .time.orNull.noted("until then a deleted one can be restored"),
        "links": .list(
            of: .object([
                "id": .identifier, "upstream_name": .text, "provider": .text, "state": .text, "sentence": .text,
                "agreed_at": .time.orNull, "last_run": .identifier.orNull, "last_synced_at": .time.orNull,
                "next_sync_at": .time.orNull,
                "last_webhook_at": .time.orNull.noted("when the upstream last called, to the minute"),
                "last_error": failureOrNull, "records": .list(of: .text), "fields": fields, "mapping": .anything,
                "url": .text.orNull.noted("where a person finds the event upstream"),
            ])
        ),
    ])

    private static let failureOrNull = Schema.named("Failure").orNull

    // MARK: Connections and links

    private static let connection = Schema.object([
        "id": .identifier, "provider": .text, "state": .choice(ConnectionState.self), "account?": .text.orNull,
        "created_at?": .time, "last_error?": failureOrNull, "authorize_url?": .text,
    ])

    static let newConnection = Schema.object([
        "provider": .text(1...100),
        "token?": .text(0...4096).orNull.noted("instead of OAuth, where the provider has one"),
    ])

    private static let upstreamCalendar = Schema.object([
        "id": .text, "name": .text, "color": .text.orNull, "access": .choice(["owner", "writer", "reader"]),
        "time_zone": .text.orNull, "schema": .anything,
    ])

    private static let progress = Schema.object([
        "done": .count, "total": .count,
        "total_known": .truth.noted("false while the upstream is being listed: total is then what was read so far"),
        "estimated_end": .time.orNull.noted("when the pass will be done, at the pace the upstream allows"),
    ])
    .orNull

    private static let link = Schema.object([
        "id": .identifier, "calendar": .identifier, "connection": .identifier, "provider": .text,
        "upstream_calendar": .text, "upstream_name": .text,
        "access": .choice(["owner", "writer", "reader"])
            .noted("what the account may do upstream; as reader it takes no changes, whatever direction says"),
        "direction": .choice(LinkDirection.self),
        "conflict_policy": .text,
        "notify_guests": .truth.noted("of several links of a calendar one tells the guests of an event"),
        "time_zone": .text, "mapping": .anything,
        "filters": .anything,
        "push_until": .time.orNull.noted("the upstream calls until then; null where it is polled"),
        "push_problem": .text.orNull,
        "state": .choice(["preview", "idle", "syncing", "waiting", "paused", "needs_approval", "error"]),
        "last_synced_at": .time.orNull, "next_sync_at": .time.orNull,
        "writes_resume_at": .time.orNull.noted(
            "until then the upstream takes no changes of this account, and reading goes on; where it did not say so itself, "
                + "a pass that is asked for tries sooner"
        ),
        "progress": progress, "events": .count,
        "pending": .count, "failed": .count, "conflicts": .count, "last_error": failureOrNull,
    ])

    private static let linkMembers: [Schema.Member] =
        Schema.object([
            "direction?": Schema.choice(LinkDirection.self).orNull,
            "conflicts?": Schema.choice(ConflictPolicy.self).orNull,
            "mapping?": Schema.anyObject.orNull,
            "filters?": Schema.anyObject.orNull.noted(
                "past_days, future_days, from, until, categories, except_categories, declined, busy_only"
            ),
            "skip?": Schema.list(of: .text).orNull.noted(
                "UIDs of all events that are left alone; of a pair in preview one of them names both"
            ),
            "separate?": Schema.list(of: .text).orNull.noted(
                "UIDs of all events in preview that the plan takes for one with another, and that are two; "
                    + "once the link has begun, to name any is a conflict"
            ),
            "create_columns?": Schema.truth.orNull, "notify_guests?": Schema.truth.orNull,
            "time_zone?": Schema.text(0...100).orNull.noted(
                "of times that come without one; as a rule that of the calendar upstream, of ours, of the owner's others"
            ),
        ])
        .members

    static let newLink: Schema = {
        let own = Schema.object([
            "connection": .identifier, "upstream_calendar": .text(1...4096),
            "calendar?": .identifier.orNull.noted("null for a new one"),
            "start?": .truth.orNull.noted("skips the preview"),
        ])
        return Schema(.object(own.members + linkMembers, isOpen: true))
    }()

    static let linkChange = Schema(.object(linkMembers, isOpen: true))

    private static let saidOfEvent = Schema.object([
        "summary": .text.orNull, "start": .text.orNull, "location": .text.orNull,
    ])
    .orNull

    private static let planItem = Schema.object([
        "id": .text, "uid": .text, "summary": .text.orNull, "start": .text.orNull,
        "gateway": saidOfEvent.noted("what is said of it here; null where it is not here"),
        "upstream": saidOfEvent.noted("what is said of it upstream; null where it is not there"),
        "upstream_uid": .text.orNull.noted("of a pair of two events that only say the same"),
        "confidence": Schema(.anything, "how sure that is, from 0 to 1; null where the UID says so"),
        "changes": .object([
            "gateway": .list(of: .text), "upstream": .list(of: .text),
            "disputed": .list(of: .text).noted("what waits for a person's decision"),
        ])
        .noted("the fields that would change, and where"),
    ])

    private static let plan: Schema = {
        let items = Schema.list(of: .named("PlanItem"))
        let side = Schema.object(["create": items, "update": items, "delete": items])
        return .object([
            "gateway": side, "upstream": side, "merge": items, "same": .count.noted("on both sides already"),
            "stays": .object(["gateway": .count, "upstream": .count])
                .noted("events that only one side has, and that the direction of the link gives no way to go"),
            "conflicts": items,
            "skipped": .list(of: .text).noted("the UIDs of all that is left alone"), "left_alone": items,
            "separated": items.noted("pairs that are two events, as a person said; each is created, too"),
            "problems": .list(of: .object(["uid": .text, "summary": .text.orNull, "reason": .text])),
        ])
    }()

    // MARK: Passes

    private static let run = Schema.object([
        "id": .identifier, "link": .identifier, "state": .choice(RunRow.Outcome.self), "started_at": .time,
        "finished_at": .time.orNull, "pulled": .count, "pushed": .count, "merged": .count, "deleted_here": .count,
        "deleted_upstream": .count, "conflicts": .count, "failed": .count, "held": .count,
        "last_error": failureOrNull,
        "items?": .list(
            of: .object([
                "uid": .text, "summary": .text.orNull, "action": .text, "outcome": .text, "message": .text.orNull,
                "fields": .list(of: .text),
            ])
        ),
    ])

    private static let queueItem = Schema.object([
        "id": .identifier, "link": .identifier, "uid": .text, "summary": .text.orNull, "action": .text,
        "state": .choice(QueueState.self).noted("waiting: tried again by itself; failed: once you or the event say so"),
        "attempts": .count, "due_at": .time.orNull, "since": .time, "last_error": .named("Failure"),
    ])

    private static let quarantineItem = Schema.object([
        "id": .identifier, "link": .identifier, "uid": .text.orNull, "item": .text, "raw": .text, "reason": .text,
        "line": .count.orNull, "since": .time,
    ])

    private static let conflict = Schema.object([
        "id": .identifier, "link": .identifier, "uid": .text, "event": .text, "summary": .text.orNull,
        "state": .choice(ConflictState.self), "fields": fields,
        "resolution": Schema.choice(ConflictResolution.self).orNull, "created_at": .time, "resolved_at": .time.orNull,
        "base": .text.orNull, "gateway": .text.orNull, "upstream": .text.orNull,
    ])

    static let decision = Schema.object([
        "keep": .choice(ConflictResolution.self),
        "merged?": Schema(.table(of: .text.orNull), "lower-case iCalendar names").orNull,
    ])

    private static let secret = Schema.object([
        "id": .identifier, "label": .text, "created_at": .time, "last_used_at?": .time.orNull,
        "scopes?": .list(of: .text), "token?": .text.noted("told once"), "password?": .text.noted("told once"),
    ])
}
