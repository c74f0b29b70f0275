import Accounts
import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import Store
import Sync
import UnixSignals
import Web

/// `kalends serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the gateway.",
        discussion: "Settings come from the environment (KALENDS_…) or kalends.json in the data folder; see the README."
    )

    @Option(help: "The address to listen on, HOST:PORT.")
    var listen = "127.0.0.1:8008"

    @Option(name: .customLong("public-url"), help: "The address the outside knows the gateway by.")
    var publicURL: String?

    @Option(help: "A certificate chain, PEM; the gateway then speaks TLS itself.")
    var tlsCert: String?

    @Option(help: "The key of the certificate, PEM.")
    var tlsKey: String?

    @OptionGroup var options: DataOptions

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key belong together")
        }
        _ = try ListenAddress.option(listen)
    }

    func run() async throws {
        ProcessResources.prepareForLongService()
        let settings = try options.settings()
        let address = try ListenAddress(listen)
        let tls = tlsCert.flatMap { certificate in
            tlsKey.map { GatewayServer.TLSFiles(certificate: certificate, key: $0) }
        }
        let scheme = tls == nil ? "http" : "https"
        let process = try await GatewayProcess(
            settings: settings,
            address: address,
            publicURL: publicURL ?? settings.value("PUBLIC_URL") ?? "\(scheme)://\(address.authority)",
            tls: tls
        )
        try await process.run { port in
            var shown = address
            shown.port = port
            FileHandle.standardOutput.write(Data("kalends: listening on \(scheme)://\(shown.authority)\n".utf8))
        }
    }
}

/// A running gateway: the server and the scheduler, ended together.
struct GatewayProcess: Sendable {
    /// How long requests in flight may take to finish after SIGTERM; the whole stop stays under 10 s.
    private static let gracefulStop = Duration.seconds(7)
    private static let cancelledStop = Duration.seconds(2)

    let assembly: Assembly
    private let settings: Settings
    private let address: ListenAddress
    private let tls: GatewayServer.TLSFiles?
    private let lock: DataFolderLock

    init(settings: Settings, address: ListenAddress, publicURL: String, tls: GatewayServer.TLSFiles?) async throws {
        self.settings = settings
        self.address = address
        self.tls = tls
        try settings.makeDataFolder()
        lock = try DataFolderLock(settings)
        let trimmed = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
        assembly = try await Assembly(settings: settings, publicURL: trimmed, logger: try settings.logger())
    }

    /// Serves until SIGTERM or SIGINT.
    func run(onListening: @escaping @Sendable (Int) async -> Void) async throws {
        let control = LocalControl(settings)
        let scheme = tls == nil ? "http" : "https"
        let authority = address
        var gateway = assembly.gateway(localToken: control.token)
        gateway.setupToken = try await setupToken()
        let application = try GatewayServer.application(
            gateway,
            host: address.host,
            port: address.port,
            tls: tls
        ) { port in
            var reached = authority
            reached.port = port
            control.announce("\(scheme)://\(reached.authority)")
            await onListening(port)
        }
        var services: [any Service] = [
            application, SchedulerService(scheduler: assembly.scheduler), MemoryReturn(),
        ]
        if let alerts = try AlertService(assembly) { services.append(alerts) }
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: assembly.logger
        )
        configuration.maximumGracefulShutdownDuration = Self.gracefulStop
        configuration.maximumCancellationDuration = Self.cancelledStop
        defer { control.withdraw() }
        try await ServiceGroup(configuration: configuration).run()
        await assembly.close()
        lock.release()
    }
}

extension GatewayProcess {
    /// The secret of the one-time link that makes the first user, where there is none; the log tells the link.
    private func setupToken() async throws -> String? {
        guard try await assembly.calendars.principals().isEmpty else { return nil }
        let token = Secret.token()
        assembly.logger.notice("no user yet: open \(assembly.publicURL)/setup?token=\(token) to make the first one")
        return token
    }
}

/// The scheduler as a service that ends when the others do.
private struct SchedulerService: Service {
    let scheduler: SyncScheduler

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            // Being cancelled is how the scheduler is meant to end.
            do { try await scheduler.run() } catch is CancellationError {}
        }
    }
}
