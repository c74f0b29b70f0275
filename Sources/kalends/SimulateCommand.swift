import ArgumentParser
import Foundation
import OutboundHTTP

/// `kalends simulate`: the simulated upstreams alone, for checks that drive a gateway of their own.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run a simulated Google and a simulated Notion on loopback.",
        shouldDisplay: false
    )

    @Option(help: "Milliseconds every answer takes.")
    var latencyMs = 0

    func run() async throws {
        let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))
        let upstreams = try await SimulatedUpstreams(latency: .milliseconds(latencyMs), transport: transport)
        let lines = upstreams.environment.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let text = lines + ["google \(upstreams.googleAddress)", "notion \(upstreams.notionAddress)", "ready"]
        FileHandle.standardOutput.write(Data((text.joined(separator: "\n") + "\n").utf8))
        // Until a signal ends the process; there is nothing to save.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
