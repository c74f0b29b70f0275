import Foundation

/// What happens in random histories, line by line, where `KALENDS_TEST_TRACE` is set.
package enum Trace {
    package static let isOn = ProcessInfo.processInfo.environment["KALENDS_TEST_TRACE"] != nil

    /// Prints a line about a history; line ends in it are shown as signs.
    package static func note(_ history: String, _ line: @autoclosure () -> String) {
        if isOn { print("[\(history)] \(line().replacing("\r\n", with: " ⏎ "))") }
    }
}
