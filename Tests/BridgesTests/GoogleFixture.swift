@testable import BridgeGoogle
import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import TestSupport

/// The link of all Google fixtures.
let googleLink = UpstreamLink(
    identity: "link",
    calendar: "alice@example.com",
    timeZone: "Europe/Berlin",
    mapping: nil,
    notifiesGuests: false
)

/// A bridge that never sends anything: translation is pure.
func googleBridge(_ link: UpstreamLink = googleLink, _ transport: any HTTPTransport = NoTransport()) -> GoogleBridge {
    let client = GoogleClient(
        transport: transport,
        apiURL: "https://g.test",
        credentials: TwoTokens(),
        pace: .unlimited
    )
    return GoogleBridge(link: link, client: client)
}

struct NoTransport: HTTPTransport {
    func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundReply {
        throw .unreachable("no request was expected")
    }
}

/// Gives one token, and a second one in its place.
struct TwoTokens: CredentialSource {
    func accessToken() async throws(BridgeError) -> AccessToken { AccessToken("first") }

    func accessToken(replacing rejected: AccessToken) async throws(BridgeError) -> AccessToken {
        AccessToken("second")
    }
}

extension Fixture {
    /// The text without the lines that say what it shows.
    var content: String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.drop { $0.hasPrefix("#") }.joined(separator: "\n")
    }

    /// The event resources of a file, as the records a listing makes of them.
    func records() throws -> [UpstreamRecord] {
        try JSONReader.value(of: content).elements.map {
            try UpstreamRecord(event: $0.octets[...], defaultReminders: .array([]))
        }
    }
}

extension CalendarObject {
    /// The text without its time zones, which are long and tested on their own, in lines for comparison.
    var withoutZones: [String] {
        var calendar = calendar
        calendar.removeComponents { $0.name == "VTIMEZONE" }
        return calendar.serialized().unfoldedLines
    }
}

extension String {
    /// Content lines without their folds.
    var unfoldedLines: [String] {
        replacing("\r\n", with: "\n").replacing("\n ", with: "").split(separator: "\n").map(String.init)
    }
}

extension RecordWrite {
    /// The write as the fixtures put it.
    var json: JSON {
        get throws {
            let absent = JSON.null
            switch self {
            case .create(let creation):
                return .members([
                    ("create", creation.id.map(JSON.string) ?? absent), ("uid", .string(creation.uid)),
                    ("body", try JSONReader.value(of: creation.payload)),
                ])
            case .update(let id, let series, let revision, let payload):
                return .members([
                    ("update", .string(id)), ("series", .string(series)),
                    ("revision", revision.map(JSON.string) ?? absent), ("body", try JSONReader.value(of: payload)),
                ])
            case .delete(let id, let series, let revision):
                return .members([
                    ("delete", .string(id)), ("series", .string(series)),
                    ("revision", revision.map(JSON.string) ?? absent),
                ])
            }
        }
    }
}
