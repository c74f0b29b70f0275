import Foundation
import HTTPTypes
import HummingbirdCore
import ICalendar

/// What a logged-in browser asks for: a page, or a form it sends.
struct PageRequest: Sendable {
    /// The cookie in which the script tells the zone of the person's clock.
    static let zoneCookie = "kalends_zone"

    var path: [String]
    var query: FormFields
    var form: FormFields
    var visitor: Visitor
    /// The zone times are shown in; nil for each event's own.
    var zone: String?

    init(_ request: Request, path: String, form: FormFields = FormFields(""), visitor: Visitor) {
        self.path = path.split(separator: "/").map { String($0).removingPercentEncoding ?? String($0) }
        query = FormFields(request.uri.query ?? "")
        self.form = form
        self.visitor = visitor
        let told = request.cookie(Self.zoneCookie).flatMap(\.removingPercentEncoding)
        zone = told.flatMap { ZoneResolver.ianaName(for: $0) }
    }

    /// The segment behind the first.
    var id: String { path.count > 1 ? path[1] : "" }

    /// The row behind which the past that is asked for begins; nil for the latest, and where the query names no row.
    func place(_ name: String) -> Int64? { query[name].flatMap { Int64($0) } }
}

/// A page of the dashboard, or a form it takes.
struct PageRoute: Sendable {
    typealias Function = @Sendable (DashboardRoutes, PageRequest) async throws -> Response

    let segments: [Substring]
    let run: Function

    init(_ path: String, _ run: @escaping Function) {
        segments = path.split(separator: "/")
        self.run = run
    }

    func matches(_ path: [String]) -> Bool {
        segments.count == path.count && zip(segments, path).allSatisfy { $0 == "*" || $0 == $1 }
    }

    /// What is shown.
    static let pages: [PageRoute] = [
        PageRoute("/") { try await $0.home($1) },
        PageRoute("/calendars") { try await $0.calendarsPage($1) },
        PageRoute("/calendars/*") { try await $0.calendarPage($1) },
        PageRoute("/calendars/*/export.ics") { try await $0.exportCalendar($1) },
        PageRoute("/calendars/*/share") { try await $0.sharingPage($1.id, $1.visitor) },
        PageRoute("/calendars/*/new") { try await $0.newEventPage($1) },
        PageRoute("/events/*") { try await $0.eventPage($1) },
        PageRoute("/events/*/history") { try await $0.historyPage($1) },
        PageRoute("/events/*/explain") { try await $0.explainPage($1) },
        PageRoute("/connect/*") { try await $0.connectPage($1) },
        PageRoute("/connections/*") { try await $0.connectionPage($1) },
        PageRoute("/links/*") { try await $0.linkPage($1) },
        PageRoute("/links/*/mapping") { try await $0.mappingPage($1) },
        PageRoute("/conflicts") { try await $0.conflictsPage($1) },
        PageRoute("/conflicts/*") { try await $0.conflictPage($1) },
        PageRoute("/activity") { try await $0.activityPage($1) },
        PageRoute("/audit") { try await $0.auditPage($1) },
        PageRoute("/settings") { try await $0.settingsPage($1) },
        PageRoute("/client") { try await $0.clientPage($1) },
        PageRoute("/client/code.svg") { try await $0.clientCode($1) },
    ]

    /// What forms do.
    static let forms: [PageRoute] = [
        PageRoute("/calendars") { try await $0.addCalendar($1) },
        PageRoute("/calendars/*") { try await $0.changeCalendar($1) },
        PageRoute("/calendars/*/delete") { try await $0.removeCalendar($1) },
        PageRoute("/calendars/*/restore") { try await $0.restoreCalendar($1) },
        PageRoute("/calendars/*/shares") { try await $0.giveCalendar($1.id, $1.form, $1.visitor) },
        PageRoute("/calendars/*/feeds") { try await $0.addFeed($1.id, $1.form, $1.visitor) },
        PageRoute("/calendars/*/share/*") { try await $0.answerShare($1.id, $1.path[3], $1.visitor) },
        PageRoute("/calendars/*/*/*/*") { try await $0.changeSharing($1.path, $1.form, $1.visitor) },
        PageRoute("/calendars/*/events") { try await $0.addEvent($1) },
        PageRoute("/events/*") { try await $0.saveEvent($1) },
        PageRoute("/events/*/delete") { try await $0.removeEvent($1) },
        PageRoute("/events/*/restore") { try await $0.restoreEvent($1) },
        PageRoute("/connect/*") { try await $0.enterClient($1) },
        PageRoute("/connect/*/check") { try await $0.checkClient($1) },
        PageRoute("/connect/*/forget") { try await $0.forgetClient($1) },
        PageRoute("/connect/*/listen") { try await $0.listenForWebhook($1) },
        PageRoute("/connections") { try await $0.connect($1.form, $1.visitor) },
        PageRoute("/connections/*/mapping") { try await $0.newMapping($1) },
        PageRoute("/connections/*/databases") { try await $0.makeUpstream($1) },
        PageRoute("/connections/*/*") { try await $0.change(connection: $1.id, $1.path[2], $1) },
        PageRoute("/links") { try await $0.addLink($1) },
        PageRoute("/links/*") { try await $0.editLink($1) },
        PageRoute("/links/*/mapping") { try await $0.editMapping($1) },
        PageRoute("/links/*/plan") { try await $0.changePlan($1) },
        PageRoute("/links/*/filters") { try await $0.editFilters($1) },
        PageRoute("/links/*/*") { try await $0.change(link: $1.id, $1.path[2], $1.form, $1.visitor) },
        PageRoute("/conflicts/*") { try await $0.settle($1) },
        PageRoute("/queue/*/*") { try await $0.changeQueue($1) },
        PageRoute("/runs/*/undo") { try await $0.undoRun($1) },
        PageRoute("/client") { try await $0.addClientPassword($1) },
        PageRoute("/settings/*") { try await $0.addSecret($1) },
        PageRoute("/settings/*/*/delete") { try await $0.removeSecret($1) },
    ]
}
