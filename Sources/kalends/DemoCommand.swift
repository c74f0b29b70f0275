import ArgumentParser
import Foundation
import OutboundHTTP

/// `kalends demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the gateway on simulated Google and Notion accounts, and show changes flow between them.",
        discussion: "Everything lives in a temporary folder and on loopback; nothing leaves this machine."
    )

    @Option(help: "The address to listen on, HOST:PORT.")
    var listen = "127.0.0.1:8008"

    @Flag(help: "Make no edits; only hold the accounts connected.")
    var hold = false

    /// How long the simulated upstreams take to answer: about what the real ones do from a good line.
    private static let latency = Duration.milliseconds(80)

    func validate() throws { _ = try ListenAddress.option(listen) }

    func run() async throws {
        let folder = NSTemporaryDirectory() + "kalends-demo-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))
        let upstreams = try await SimulatedUpstreams(latency: Self.latency, transport: transport)
        var environment = upstreams.environment
        environment["KALENDS_POLL_NOTION"] = "1"
        environment["KALENDS_LOG"] = ProcessInfo.processInfo.environment["KALENDS_LOG"] ?? "error"
        let address = try ListenAddress(listen)
        let process = try await GatewayProcess(
            settings: try Settings(dataFolder: folder, environment: environment),
            address: address,
            publicURL: "http://\(address.authority)",
            tls: nil
        )
        let script = DemoScript(
            gateway: "http://\(address.authority)",
            upstreams: upstreams,
            accounts: process.assembly.accounts,
            transport: transport
        )
        let (listening, announce) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await process.run { _ in announce.yield(()) }
                announce.finish()
            }
            group.addTask {
                guard await listening.first(where: { true }) != nil else { return }
                try await script.run(edits: !hold)
            }
            try await group.waitForAll()
        }
        await upstreams.stop()
        await transport.shutDown()
    }
}
