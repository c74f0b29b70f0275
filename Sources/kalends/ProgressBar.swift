import Foundation
import Synchronization

/// How far long work is, as one line on a terminal; nothing at all where standard error is none.
final class ProgressBar: Sendable {
    private struct Shown {
        var permille = -1
        var at = ContinuousClock.now
    }

    private static let width = 30
    private static let minimumWidth = 8
    /// A terminal is no film: more often helps nobody.
    private static let interval = Duration.milliseconds(100)

    private let label: String
    private let isSilent: Bool
    private let shown = Mutex(Shown())

    /// Begins a line; `isSilent` keeps it away, for output that programs read.
    init(_ label: String, isSilent: Bool = false) {
        self.label = label
        self.isSilent = isSilent || isatty(STDERR_FILENO) == 0
    }

    /// Shows how much is done.
    func show(_ done: Int, of total: Int) {
        guard !isSilent, total > 0 else { return }
        let permille = min(max(done, 0), total) * 1000 / total
        let now = ContinuousClock.now
        let isDue = shown.withLock { shown in
            let isFirstOrLast = shown.permille < 0 || permille == 1000
            guard permille != shown.permille, isFirstOrLast || now - shown.at >= Self.interval else { return false }
            shown = Shown(permille: permille, at: now)
            return true
        }
        if isDue { write("\r" + Self.line(label, done, total, columns: Self.columns) + "\u{1B}[K") }
    }

    /// Shows how much is done of something of which nobody knows yet how much it is.
    func show(_ done: Int) {
        guard !isSilent else { return }
        let now = ContinuousClock.now
        let isDue = shown.withLock { shown in
            guard shown.permille < 0 || now - shown.at >= Self.interval else { return false }
            shown = Shown(permille: 0, at: now)
            return true
        }
        if isDue { write("\r" + String("\(label)  \(done) so far".prefix(max(Self.columns - 1, 0))) + "\u{1B}[K") }
    }

    /// Takes the line away again, so that the outcome stands alone.
    func end() {
        guard !isSilent, shown.withLock({ $0.permille >= 0 }) else { return }
        write("\r\u{1B}[K")
    }

    /// `importing [##########--------------------]  33 %  330 of 1000`, shorter where the window is.
    static func line(_ label: String, _ done: Int, _ total: Int, columns: Int) -> String {
        let done = min(max(done, 0), total)
        let percent = total > 0 ? done * 100 / total : 100
        let figures = "\(percent < 100 ? " " : "")\(percent < 10 ? " " : "")\(percent) %  \(done) of \(total)"
        // The last column stays free: many terminals begin a new line behind it.
        let room = columns - figures.count - " [] ".count - 1
        guard room > minimumWidth else { return String((label + figures).prefix(max(columns - 1, 0))) }
        let name = String(label.prefix(room - minimumWidth))
        let width = min(width, room - name.count)
        let full = total > 0 ? done * width / total : width
        let bar = String(repeating: "#", count: full) + String(repeating: "-", count: width - full)
        return "\(name) [\(bar)] \(figures)"
    }

    /// How wide the window is; a longer line would break, and could not be taken away.
    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    /// Does work that grows a file, and shows how far it has grown towards `size`.
    static func growing<Outcome: Sendable>(
        _ path: String,
        to size: Int,
        _ label: String,
        isSilent: Bool,
        _ work: @Sendable () async throws -> Outcome
    ) async throws -> Outcome {
        let bar = ProgressBar(label, isSilent: isSilent)
        defer { bar.end() }
        guard !bar.isSilent else { return try await work() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    bar.show(FileSize.of(path) / 1024, of: max(size / 1024, 1))
                    try await Task.sleep(for: interval)
                }
            }
            defer { group.cancelAll() }
            return try await work()
        }
    }
}

/// Sizes of files.
enum FileSize {
    /// The octets of a file; 0 where there is none.
    static func of(_ path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }
}

/// What a command did, for programs.
enum JSONOutput {
    /// Writes a value to standard output, names in snake case.
    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
