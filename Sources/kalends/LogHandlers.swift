import Foundation
import Logging
import Web

/// Log lines on standard error, as text or as JSON objects.
///
/// Values under a key that names a secret are never written, whoever logs them.
struct StandardErrorLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    let label: String
    let writesJSON: Bool

    private static let secretKeys: Set<String> = ["authorization", "token", "code", "password", "secret", "cookie"]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata.merging(event.metadata ?? [:]) { $1 }
        if let request = RequestID.current { fields["request"] = "\(request)" }
        let all = fields.sorted { $0.key < $1.key }
            .map { ($0.key, Self.secretKeys.contains($0.key.lowercased()) ? "•••" : "\($0.value)") }
        let time = Date().formatted(.iso8601)
        let line =
            writesJSON
            ? json(time, event.level, "\(event.message)", all)
            : "\(time) \(event.level) \(event.message)" + all.map { " \($0.0)=\($0.1)" }.joined()
        FileHandle.standardError.write(Data((line.replacingOccurrences(of: "\n", with: "\\n") + "\n").utf8))
    }

    private func json(_ time: String, _ level: Logger.Level, _ message: String, _ fields: [(String, String)]) -> String
    {
        var members = Dictionary(fields, uniquingKeysWith: { $1 })
        members["time"] = time
        members["level"] = level.rawValue
        members["message"] = message
        guard let data = try? JSONEncoder().encode(members) else { return message }
        return String(decoding: data, as: UTF8.self)
    }
}
