import ICalendar
import Store
import WebDAV
import XML

extension LiveProperty {
    /// RFC 4918 §15.
    static let webDAV: [LiveProperty] = [
        LiveProperty(.dav("resourcetype"), isInAllProp: true) { .names($0.resourceTypes) },
        LiveProperty(.dav("displayname"), isInAllProp: true) { resource in
            switch resource.kind {
            case .root: .text("Kalends")
            case .principal(let principal): .text(principal.shownName)
            case .home: .text(resource.requester.shownName)
            case .calendar(let calendar): .text(calendar.properties.displayName ?? calendar.name)
            case .principals, .notifications, .homes, .object: nil
            }
        },
        LiveProperty(.dav("creationdate"), isInAllProp: true) { resource in
            resource.calendar.map { .text($0.createdAt.rfc3339) }
        },
        LiveProperty(.dav("getcontenttype"), isInAllProp: true) { resource in
            resource.entry.map { .text($0.contentType) }
        },
        LiveProperty(.dav("getcontentlength"), isInAllProp: true) { resource in
            resource.entry.map { .text(String($0.size)) }
        },
        LiveProperty(.dav("getetag"), isInAllProp: true) { resource in
            resource.entry.map { .text($0.etag.quoted) }
        },
        LiveProperty(.dav("getlastmodified"), isInAllProp: true) { resource in
            resource.entry.map { .text($0.modified.httpDate) }
        },
    ]

    /// RFC 5995 §3.2.1: the calendar itself takes new members.
    static let addMember: [LiveProperty] = [
        LiveProperty(.dav("add-member")) { resource in
            guard resource.calendar != nil, resource.privileges.contains(.dav("bind")) else { return nil }
            return .hrefs([resource.href])
        }
    ]

    /// RFC 6578 §4 and calendarserver.org's ctag, which is the same number.
    static let synchronization: [LiveProperty] = [
        LiveProperty(.dav("sync-token")) { resource in resource.calendar.map { .text($0.syncToken.uri) } },
        LiveProperty(.calendarServer("getctag")) { resource in resource.calendar.map { .text($0.syncToken.uri) } },
    ]
}

extension Resource {
    /// RFC 4918 §15.9, RFC 3744 §4, RFC 4791 §4.2.
    fileprivate var resourceTypes: [Name] {
        switch kind {
        case .root, .principals, .homes, .home: [.dav("collection")]
        case .principal: [.dav("collection"), .dav("principal")]
        case .notifications: [.dav("collection"), .calendarServer("notification")]
        case .calendar(let calendar): calendar.resourceTypes
        case .object: []
        }
    }
}

extension CalendarCollection {
    /// A calendar, with its part in sharing; or a subscription, which calendar clients are not to read.
    fileprivate var resourceTypes: [Name] {
        guard properties.source == nil else { return [.dav("collection"), .calendarServer("subscribed")] }
        let types: [Name] = [.dav("collection"), .calDAV("calendar")]
        if received != nil { return types + [.calendarServer("shared")] }
        return isShared ? types + [.calendarServer("shared-owner")] : types
    }
}

extension ObjectEntry {
    /// The media type with the component, as RFC 4791 §5.3.4's examples have it.
    var contentType: String { Self.contentType(of: kind) }

    /// The media type of an object of that kind.
    static func contentType(of kind: ComponentKind) -> String {
        "text/calendar; charset=utf-8; component=\(kind.rawValue)"
    }
}

extension CalendarCollection {
    /// The token of what the calendar holds now.
    var syncToken: SyncToken { SyncToken(calendar: id.rawValue, revision: revision) }
}

extension Instant {
    /// The time as HTTP writes it, `Sat, 21 Nov 2026 09:00:00 GMT` (RFC 9110 §5.6.7).
    var httpDate: String {
        let text = Array(rfc3339.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let day = (seconds - (seconds % 86_400 + 86_400) % 86_400) / 86_400
        // 1970-01-01 was a Thursday.
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int((day % 7 + 7) % 7)]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = Int(part(5..<7)).map { months[$0 - 1] } ?? ""
        return "\(weekday), \(part(8..<10)) \(month) \(part(0..<4)) \(part(11..<19)) GMT"
    }
}
