@testable import BridgeGoogle
import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import TestSupport
import Testing

@Suite("Google Calendar API conversations")
struct GoogleConversationTests {
    @Test("conversation", arguments: Fixture.all(in: "bridges/google/conversations", extension: "txt"))
    func goesAsRecorded(_ fixture: Fixture) async throws {
        let conversation = GoogleConversation(fixture)
        let transport = ScriptedTransport(conversation)
        let outcome = try await outcome(of: conversation.action, transport)
        #expect(outcome == conversation.outcome)
        #expect(transport.requests == conversation.steps.map(\.request))
    }

    private func outcome(of action: String, _ transport: ScriptedTransport) async throws -> String {
        let words = action.split(separator: " ", maxSplits: 3).map(String.init)
        do {
            return switch words[0] {
            case "calendars", "make", "settle": try await provide(words, transport)
            case "pull": try await pull(action.after("pull "), transport)
            case "together": await together(action, googleBridge(googleLink, transport))
            case "open", "close": try await channel(words, googleBridge(googleLink, transport))
            default: try await perform(words, transport)
            }
        } catch let error as BridgeError {
            return "error " + describe(error)
        }
    }

    private func pull(_ cursor: String?, _ transport: ScriptedTransport) async throws -> String {
        let pulled = try await googleBridge(googleLink, transport).pull(since: cursor.map(SyncCursor.init))
        let records = pulled.records.map {
            ($0.isDeleted ? "-" : "") + $0.id + ($0.series == $0.id ? "" : "<\($0.series)")
        }
        let kind = pulled.isComplete ? "complete" : "changes"
        return "\(kind): \(records.joined(separator: " ")); \(pulled.cursor?.rawValue ?? "")"
    }

    private func perform(_ words: [String], _ transport: ScriptedTransport) async throws -> String {
        var link = googleLink
        link.notifiesGuests = words[0] == "notify"
        let words = link.notifiesGuests ? Array(words.dropFirst()) + [""] : words
        guard let record = try await googleBridge(link, transport).perform(write(words)) else { return "nothing" }
        return "record \(record.id) \(record.revision ?? "-") \(record.payload)"
    }

    private func write(_ words: [String]) -> RecordWrite {
        let revision = words[2] == "-" ? nil : words[2]
        return switch words[0] {
        case "create": .create(RecordCreation(id: words[1], uid: words[2], payload: words[3]))
        case "update": .update(id: words[1], series: words[1], revision: revision, payload: words[3])
        default: .delete(id: words[1], series: words[1], revision: revision)
        }
    }

    /// Performs writes that are set apart by a plus; tells what came of each.
    private func together(_ action: String, _ bridge: GoogleBridge) async -> String {
        let writes = (action.after("together ") ?? "").split(separator: " + ").map {
            write($0.split(separator: " ", maxSplits: 3).map(String.init))
        }
        return await bridge.perform(writes).map { result in
            switch result {
            case .success(let record?): "record \(record.id) \(record.revision ?? "-")"
            case .success(nil): "nothing"
            case .failure(let error): "error " + describe(error)
            }
        }.joined(separator: "; ")
    }

    private func provide(_ words: [String], _ transport: ScriptedTransport) async throws -> String {
        let provider = GoogleProvider(transport: transport, apiURL: "https://g.test")
        switch words[0] {
        case "make": return describe(try await provider.makeCalendar(named: words[1], parent: nil, using: TwoTokens()))
        case "settle":
            var link = googleLink
            link.calendar = words[1]
            let settled = try await provider.settle(link, createColumns: .none, using: TwoTokens())
            return settled.calendar + " " + settled.timeZone
        default:
            return try await provider.calendars(using: TwoTokens()).map(describe).joined(separator: "; ")
        }
    }

    private func channel(_ words: [String], _ bridge: GoogleBridge) async throws -> String {
        guard words[0] == "open" else {
            try await bridge.closeChannel(
                NotificationChannel(id: words[1], resource: words[2], expiry: Instant(seconds: 0))
            )
            return "closed"
        }
        let request = ChannelRequest(id: words[1], address: words[2], token: words[3])
        let channel = try await bridge.openChannel(request)
        return "\(channel.id) \(channel.resource) \(channel.expiry.rfc3339)"
    }

    private func describe(_ calendar: UpstreamCalendar) -> String {
        [calendar.id, calendar.name, calendar.color ?? "-", calendar.access.rawValue, calendar.timeZone ?? "-"]
            .joined(separator: "|")
    }

    private func describe(_ error: BridgeError) -> String {
        switch error {
        case .cursorExpired: "cursorExpired"
        case .changedUpstream: "changedUpstream"
        case .authorizationRevoked: "authorizationRevoked"
        case .throttled(let seconds?, _): "throttled \(seconds)"
        case .throttled(nil, let guess): "throttled -" + (guess.map { ", at a guess \($0)" } ?? "")
        case .writesPaused(let seconds, let isTold): "writesPaused \(seconds)" + (isTold ? "" : " at a guess")
        case .unreachable: "unreachable"
        case .refused(let refusal): "refused \(refusal.subject) \(refusal.code)"
        }
    }
}
