import ArgumentParser
import Foundation
import HTTPTypes
import ICalendar
import OutboundHTTP

/// `kalends health`: what a container's health check runs.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a gateway whether it answers.",
        shouldDisplay: false
    )

    @Option(help: "The gateway's address.")
    var address = "http://127.0.0.1:8008"

    func run() async throws {
        let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))
        let reply = try await transport.send(
            OutboundRequest(method: .get, url: address + "/healthz", timeout: .seconds(4))
        )
        await transport.shutDown()
        guard reply.status == 200 else { throw Failure("\(address) answered \(reply.status)") }
    }
}

/// `kalends expand`: what the comparison with other expanders asks, line by line.
struct ExpandCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expand",
        abstract: "Answer expansions, one line each, from standard input.",
        shouldDisplay: false
    )

    func run() async throws {
        while let line = readLine(strippingNewline: true) {
            FileHandle.standardOutput.write(Data((ExpansionProbe.answer(line: line) + "\n").utf8))
        }
    }
}
