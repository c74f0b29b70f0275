import Bridging
import HTTPTypes
import ICalendar
import OutboundHTTP
import Synchronization
import TestSupport
import Testing

@testable import BridgeNotion

/// Conversations: what is to be done, what is asked and answered, what comes out.
///
/// `do:` names the call; `>>` a request with, if it matters, its body; `<<` the answer; `==` the outcome.
@Suite("Notion: conversations")
struct NotionConversationTests {
    @Test("conversation", arguments: Fixture.all(in: "bridges/notion/conversations", extension: "txt"))
    func runs(_ fixture: Fixture) async throws {
        let conversation = try NotionConversation(fixture.text)
        let script = NotionScript(conversation.exchanges)
        let waits = Mutex<[Int]>([])
        let provider = NotionStage.provider(script) { duration in
            waits.withLock { $0.append(Int(duration.components.seconds)) }
        }
        var outcome = await conversation.outcome(provider)
        let waited = waits.withLock { $0 }
        if !waited.isEmpty { outcome.append("waited " + waited.map(String.init).joined(separator: " ")) }
        #expect(outcome == conversation.expected)
        #expect(script.complaints.isEmpty)
    }
}

/// One fixture, read.
struct NotionConversation {
    var call = ""
    var exchanges: [NotionExchange] = []
    var expected: [String] = []

    init(_ text: String) throws {
        var block: [Substring] = []
        func end(_ conversation: inout NotionConversation) throws {
            guard let head = block.first else { return }
            try conversation.take(head, block.dropFirst().joined(separator: "\n"))
        }
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if [">> ", "<< ", "== ", "do: "].contains(where: line.hasPrefix) {
                try end(&self)
                block = []
            }
            block.append(line)
        }
        try end(&self)
    }

    private mutating func take(_ head: Substring, _ body: String) throws {
        let words = head.dropFirst(head.hasPrefix("do: ") ? 4 : 3).split(separator: " ")
        switch head.prefix(2) {
        case "do": call = String(head.dropFirst(4))
        case ">>":
            let json = body.isEmpty ? nil : NotionShorthand.expanded(try JSONReader.value(of: body))
            exchanges.append(
                NotionExchange(
                    method: String(words[0]),
                    path: String(words[1]),
                    body: json,
                    answer: .failure(.timedOut)
                )
            )
        case "<<":
            guard let status = Int(words[0]) else { return }
            let content = (try? JSONReader.value(of: body)).map(NotionShorthand.expanded)?.octets ?? Array(body.utf8)
            var reply = OutboundReply(status: status, body: content)
            if words.count > 2 { reply.headers[.retryAfter] = String(words[2]) }
            exchanges[exchanges.count - 1].answer = .success(reply)
        default: expected = [String(head.dropFirst(3))] + body.split(separator: "\n").map(String.init)
        }
    }

    /// Makes the call, and tells what came out of it.
    func outcome(_ provider: NotionProvider) async -> [String] {
        do {
            return try await result(provider)
        } catch let error as BridgeError {
            return [Self.text(error)]
        } catch {
            return ["\(error)"]
        }
    }

    private func result(_ provider: NotionProvider) async throws -> [String] {
        let words = call.split(separator: " ", maxSplits: 1).map(String.init)
        let argument = words.count > 1 ? words[1] : ""
        let tokens = NotionTokens()
        let bridge = provider.notionBridge(to: NotionStage.link(), using: tokens)
        switch words[0] {
        case "pull":
            let cursor = argument.isEmpty ? nil : try Self.cursor(JSONReader.value(of: argument))
            return Self.text(try await bridge.pull(since: cursor), bridge)
        case "pull-mapped":
            let mapped = provider.notionBridge(to: NotionStage.link(mapping: argument), using: tokens)
            let pulled = try await mapped.pull(since: nil)
            return Self.text(pulled, mapped) + pulled.records.flatMap { Self.guestsAndCategories($0, mapped) }
        case "update", "delete", "create", "create-maybe":
            let record = try await bridge.perform(Self.write(words[0], argument))
            return [record.map { Self.text($0, bridge) } ?? "nothing"]
        case "calendars":
            return try await provider.calendars(using: tokens).map(Self.text)
        case "find":
            return try await provider.calendars(at: argument, using: tokens).map(Self.text)
        case "make":
            let parent = argument.isEmpty ? nil : argument
            return [Self.text(try await provider.makeCalendar(named: "Team", parent: parent, using: tokens))]
        case "preview":
            return Self.text(try await provider.preview(NotionStage.link(mapping: argument), using: tokens))
        default:
            let json = try JSONReader.value(of: argument)
            let calendar = json["$calendar"]?.string
            let link = NotionStage.link(
                mapping: calendar == nil ? argument : "{}",
                calendar: calendar ?? NotionStage.table
            )
            let consents: [String: ColumnConsent] = ["settle-creating": .missing, "settle-naming": .only(["uid"])]
            let consent = consents[words[0], default: .none]
            return [Self.text(try await provider.settle(link, createColumns: consent, using: tokens))]
        }
    }

    // MARK: - Reading

    /// A cursor in plain words: `newest`, `swept`, `pages` (number → UID), `repeats` (number → text).
    private static func cursor(_ json: JSON) throws -> SyncCursor {
        guard case .object = json else { return SyncCursor(rawValue: json.serialized) }
        var ledger = Ledger()
        for (number, uid) in json["pages"]?.members ?? [:] {
            let entry = Ledger.Entry(uid: Digest.of(uid.string ?? ""), repeats: json["repeats"]?[number]?.string)
            ledger.set(entry, of: compactID(NotionShorthand.id(Int(number) ?? 0)))
        }
        let instant = { (name: String) in json[name]?.string.flatMap(Instant.init(rfc3339:)) }
        return try PullCursor(
            newest: instant("newest"),
            swept: #require(instant("swept")),
            columns: NotionStage.columns.fingerprint,
            ledger: ledger
        ).cursor
    }

    /// `1 {page as we know it} {body}`, `n@x {body}`.
    private static func write(_ kind: String, _ argument: String) throws -> RecordWrite {
        let words = argument.split(separator: " ", maxSplits: 1).map(String.init)
        if kind.hasPrefix("create") {
            return .create(
                RecordCreation(id: nil, uid: words[0], payload: words[1], mayExist: kind == "create-maybe")
            )
        }
        let parts = words[1].replacing("} {", with: "}\n{").split(separator: "\n").map(String.init)
        let known = try #require(Page(NotionShorthand.expanded(try JSONReader.value(of: parts[0]))))
        let record = known.record(NotionStage.columns)
        return kind == "delete"
            ? .delete(id: record.id, series: record.series, revision: record.revision)
            : .update(id: record.id, series: record.series, revision: record.revision, payload: parts[1])
    }

    // MARK: - Telling

    private static func text(_ pulled: PulledRecords, _ bridge: NotionBridge) -> [String] {
        var lines = [pulled.isComplete ? "complete" : "partial"]
        lines += pulled.records.map { text($0, bridge) }
        let newest = pulled.cursor.flatMap(PullCursor.init)?.newest
        lines.append("cursor " + (newest?.rfc3339 ?? "none"))
        if let complaint = bridge.complaint {
            lines.append("complaint \(complaint.code)")
            lines.append("fields " + bridge.fields.writable.map(\.rawValue).sorted().joined(separator: " "))
        }
        return lines
    }

    /// A record with its number and its UID, its rule, and whether the page must be mended for its own event.
    private static func text(_ record: UpstreamRecord, _ bridge: NotionBridge) -> String {
        let number = Int(record.id.suffix(12)).map(String.init) ?? record.id
        guard !record.isDeleted else { return "deleted \(number)" }
        var words = ["live", number]
        if let object = try? bridge.object(from: [record]) {
            words += [object.uid, record.modified?.rfc3339 ?? "-"]
            if let rule = object.master?.first("RRULE") {
                words.append("RRULE:\(rule.value)")
                if (try? bridge.writes(toMake: object, from: [record]).isEmpty) == false { words.append("mends") }
            }
        }
        return words.joined(separator: " ")
    }

    /// What a record says of guests and categories, a line each.
    private static func guestsAndCategories(_ record: UpstreamRecord, _ bridge: NotionBridge) -> [String] {
        let number = Int(record.id.suffix(12)).map(String.init) ?? record.id
        let event = (try? bridge.object(from: [record]))?.master
        return (event?.properties ?? []).filter { ["ATTENDEE", "CATEGORIES"].contains($0.name) }
            .map { property in
                let parameters = property.parameters.map { ";\($0.name)=\($0.values.joined(separator: ","))" }
                return "\(number) \(property.name)\(parameters.joined()):\(property.value)"
            }
    }

    private static func text(_ calendar: UpstreamCalendar) -> String {
        "\(calendar.id) \(calendar.name) \(calendar.access.rawValue) \(calendar.schema ?? "-")"
    }

    private static func text(_ preview: MappingPreview) -> [String] {
        func pairs(_ table: [String: String]) -> String {
            table.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
        let columns = preview.columns.map { "\($0.key)=\($0.id)" }.joined(separator: " ")
        let head = ["columns \(columns)", "proposal \(pairs(preview.proposal))"]
        return head + preview.problems.keys.sorted().map { "problem with \($0)" }
            + preview.items.map { item in
                let start = item.event?.split(separator: "\r\n").first { $0.hasPrefix("DTSTART") }.map(String.init)
                return ([item.name, start ?? item.problem ?? ""] + item.writes.map { "writes \($0.column)" })
                    .joined(separator: " | ")
            }
    }

    private static func text(_ link: UpstreamLink) -> String {
        let mapping = link.mapping.flatMap { try? JSONReader.value(of: $0) }
        return ColumnRole.allCases.compactMap { role in
            let id = mapping?[role.rawValue]?.string ?? mapping?[role.rawValue]?["column"]?.string
            return id.map { "\(role.rawValue)=\($0)" }
        }.joined(separator: " ")
    }

    private static func text(_ error: BridgeError) -> String {
        switch error {
        case .cursorExpired: "cursorExpired"
        case .changedUpstream: "changedUpstream"
        case .authorizationRevoked: "authorizationRevoked"
        case .throttled(let seconds, _): "throttled" + (seconds.map { " \($0)" } ?? "")
        case .writesPaused: "writesPaused"
        case .unreachable: "unreachable"
        case .refused(let refusal): "refused \(refusal.subject) \(refusal.code)"
        }
    }
}
