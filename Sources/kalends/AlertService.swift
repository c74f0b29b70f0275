import Foundation
import HTTPTypes
import ICalendar
import Logging
import OutboundHTTP
import ServiceLifecycle
import Store
import Sync

/// Tells a person, by webhook or mail, what needs one.
struct AlertService: Service {
    /// Less room than this is soon none.
    private static let neededOctets: Int64 = 256 * 1024 * 1024

    let assembly: Assembly
    private let webhook: String?
    private let mailer: Mailer?
    /// Addresses that were set by hand may be without TLS.
    private let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))
    private let from: String
    private let to: [String]
    private let interval: Duration
    private let patience: Int64

    /// An alert that is to reach somebody, and since when.
    private struct Message {
        var alert: Alert
        var at: Instant
    }

    /// More than that waits for no mail server: what is new matters more.
    private static let kept = 100

    /// Reads where alerts go; nil where nowhere.
    init?(_ assembly: Assembly) throws {
        let settings = assembly.settings
        self.assembly = assembly
        webhook = try settings.value("ALERT_WEBHOOK").map { try settings.address("ALERT_WEBHOOK", default: $0) }
        to = (settings.value("ALERT_MAIL_TO") ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        from = settings.value("ALERT_MAIL_FROM") ?? "kalends@localhost"
        mailer = try Self.mailer(settings, to)
        interval = .seconds(try settings.seconds("ALERT_INTERVAL", default: 60))
        patience = Int64(try settings.seconds("ALERT_AFTER", default: Int(AlertBook.usualPatience)))
        guard webhook != nil || mailer != nil else { return nil }
    }

    private static func mailer(_ settings: Settings, _ to: [String]) throws -> Mailer? {
        guard !to.isEmpty else { return nil }
        guard let url = settings.value("SMTP_URL"), url.hasPrefix("smtp://") || url.hasPrefix("smtps://") else {
            throw Settings.Invalid(description: "KALENDS_ALERT_MAIL_TO needs KALENDS_SMTP_URL, smtp://… or smtps://…")
        }
        return Mailer(.init(url: url, user: settings.value("SMTP_USER"), password: settings.value("SMTP_PASSWORD")))
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var book = AlertBook(patience: patience)
            var calls: [Message] = []
            var mails: [Message] = []
            while !Task.isCancelled {
                do {
                    let now = Assembly.now()
                    let news = book.news(try await wrong(), at: now).map { Message(alert: $0, at: now) }
                    log(news)
                    if let webhook { calls = await undelivered(calls + news) { try await call(webhook, $0) } }
                    if let mailer { mails = await undelivered(mails + news) { try await mail(mailer, $0) } }
                    try await Task.sleep(for: interval)
                } catch is CancellationError {
                    return
                } catch {
                    assembly.logger.error("alerts could not be looked for", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: interval)
                }
            }
        }
    }

    /// Everything that is wrong at this moment.
    private func wrong() async throws -> [Alert] {
        var alerts: [Alert] = []
        for connection in try await assembly.credentials.allConnections() where connection.state == .reconnectRequired {
            let problem = connection.problem
            let subject = "connection \(connection.id.rawValue) (\(connection.provider) \(connection.account ?? ""))"
            let message = "\(subject): \(problem?.message ?? "the grant is dead")"
            let remedy = problem?.remedy ?? "Connect the account again."
            alerts.append(Alert(.reconnectNeeded, subject: subject, message: message, remedy: remedy))
        }
        for status in try await assembly.links.allStatuses() {
            let subject = "link \(status.link.id.rawValue) (\(status.link.upstreamName))"
            if status.state == .needsApproval {
                let message = "\(subject): deletions wait for your approval"
                let remedy = "Open \(assembly.publicURL)/activity and let them go on, or bring the events back."
                alerts.append(Alert(.heldDeletions, subject: subject, message: message, remedy: remedy))
            } else if let problem = status.lastError, problem.code != "reconnect_required" {
                let message = "\(subject): \(problem.message)"
                alerts.append(Alert(.failing, subject: subject, message: message, remedy: problem.remedy))
            }
        }
        if let free = freeOctets, free < Self.neededOctets {
            let message = "\(free / 1_048_576) MB are free on the disk of \(assembly.settings.dataFolder)"
            alerts.append(Alert(.diskNearlyFull, subject: "disk", message: message, remedy: "Make room."))
        }
        return alerts
    }

    private var freeOctets: Int64? {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: assembly.settings.dataFolder)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }

    // MARK: Telling

    private func log(_ news: [Message]) {
        for alert in news.map(\.alert) {
            assembly.logger.warning(
                "alert",
                metadata: ["kind": "\(alert.kind.rawValue)", "message": "\(alert.message)"]
            )
        }
    }

    /// Sends messages in their order; what is left, from the first that did not get through, is tried again.
    private func undelivered(_ messages: [Message], _ send: (Message) async throws -> Void) async -> [Message] {
        for (index, message) in messages.enumerated() {
            do { try await send(message) } catch {
                let why = "\(error)"
                assembly.logger.error("an alert did not get through; it is tried again", metadata: ["error": "\(why)"])
                return messages[index...].suffix(Self.kept)
            }
        }
        return []
    }

    private func mail(_ mailer: Mailer, _ message: Message) async throws {
        let alert = message.alert
        let mail = Mail(
            from: from,
            to: to,
            subject: "Kalends: \(alert.message)",
            text: "\(alert.message)\n\n\(alert.remedy)\n\n\(assembly.publicURL)\n"
        )
        try await mailer.send(mail, date: Self.date(message.at), id: UUID().uuidString.lowercased())
    }

    private func call(_ webhook: String, _ message: Message) async throws {
        let alert = message.alert
        let members = [
            "kind": alert.kind.rawValue, "subject": alert.subject, "message": alert.message, "remedy": alert.remedy,
            "at": message.at.rfc3339, "gateway": assembly.publicURL,
        ]
        var request = OutboundRequest(method: .post, url: webhook, timeout: .seconds(20))
        request.headers[.contentType] = "application/json"
        request.body = Array(try JSONEncoder().encode(members))
        let reply = try await transport.send(request)
        guard (200..<300).contains(reply.status) else { throw Failure("the alert webhook answered \(reply.status)") }
    }

    /// `Sat, 21 Nov 2026 15:04:05 +0000`.
    private static func date(_ instant: Instant) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return formatter.string(from: Date(timeIntervalSince1970: TimeInterval(instant.seconds)))
    }
}
