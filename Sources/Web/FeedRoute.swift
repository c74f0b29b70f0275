import Accounts
import CalDAV
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Store

/// `/feeds/TOKEN.ics`: a calendar for whoever knows its secret address, without a login.
struct FeedRoute: Sendable {
    private static let prefix = "/feeds/"
    private static let suffix = ".ics"

    /// So many objects are read at once: what is written of a calendar never stands in memory whole.
    private static let batch = 200

    private let gateway: Gateway

    init(_ gateway: Gateway) { self.gateway = gateway }

    /// The address of a link behind the gateway's own.
    static func path(to token: String) -> String { prefix + token + suffix }

    /// Whether a path is one of these, whether or not it leads anywhere.
    static func serves(_ path: String) -> Bool { path.hasPrefix(prefix) }

    /// A path as the log may show it: whoever reads logs must not read calendars.
    static func logged(_ path: String) -> String { serves(path) ? prefix + "…" : path }

    /// GET and HEAD; a link that is unknown, revoked or expired gets one and the same answer.
    func respond(to request: Request, path: String) async throws -> Response {
        guard request.method == .get || request.method == .head else {
            return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
        }
        guard path.hasSuffix(Self.suffix) else { return Self.nothing }
        let token = String(path.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
        // The secret is found by its digest: how long that takes tells nothing of any other.
        guard let found = try await gateway.calendars.feed(digest: Secret.digest(of: token)) else {
            return Self.nothing
        }
        try await gateway.calendars.touch(found.feed)
        let etag = Self.etag(of: found.calendar, found.feed)
        var headers = Self.headers
        headers[.eTag] = etag
        if Self.isKnown(etag, request.headers) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "text/calendar; charset=utf-8"
        let text = CalendarFeed(found.feed)
        let body = request.method == .head ? .init() : try await Self.body(of: found.calendar, text, gateway.calendars)
        return Response(status: .ok, headers: headers, body: body)
    }

    /// The calendar in pieces.
    ///
    /// What changes while it is written may be in it or not: the ETag is older, and the next look finds it out of date.
    static func body(
        of calendar: CalendarCollection,
        _ text: CalendarFeed,
        _ calendars: CalendarStore
    ) async throws -> ResponseBody {
        let names = try await calendars.entries(in: calendar.id).map(\.name)
        return ResponseBody { writer in
            var text = text
            try await writer.write(ByteBuffer(string: text.head(of: calendar)))
            for start in stride(from: 0, to: names.count, by: Self.batch) {
                let some = Array(names[start..<min(start + Self.batch, names.count)])
                var piece = ByteBuffer()
                for object in try await calendars.objects(named: some, in: calendar.id) {
                    piece.writeString(text.lines(of: object))
                }
                if piece.readableBytes > 0 { try await writer.write(piece) }
            }
            try await writer.write(ByteBuffer(string: CalendarFeed.tail))
            try await writer.finish(nil)
        }
    }

    /// Names what the link shows: moves with every change of an object, and of the calendar's name.
    private static func etag(of calendar: CalendarCollection, _ feed: Feed) -> String {
        let name = calendar.properties.displayName ?? calendar.name
        return ETag.of("\(feed.id) \(calendar.id.rawValue) \(calendar.revision) \(name)").quoted
    }

    /// RFC 9110 §13.1.2.
    private static func isKnown(_ etag: String, _ headers: HTTPFields) -> Bool {
        headers[values: .ifNoneMatch].joined(separator: ",").split(separator: ",").contains { tag in
            let tag = tag.filter { $0 != " " }
            return tag == "*" || tag == etag || tag == "W/" + etag
        }
    }

    private static let headers: HTTPFields = {
        var headers: HTTPFields = [.cacheControl: "private, no-cache"]
        let others = [
            "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff",
        ]
        for (name, value) in others {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return headers
    }()

    private static var nothing: Response {
        var response = Response.text("There is no such calendar.", status: .notFound)
        for field in headers { response.headers[field.name] = field.value }
        return response
    }
}
