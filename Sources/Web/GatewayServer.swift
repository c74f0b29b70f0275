public import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// The gateway as an HTTP server.
public struct GatewayServer: Sendable {
    /// Where the certificate and its key are, PEM.
    public struct TLSFiles: Sendable {
        public var certificate: String
        public var key: String

        /// Names the files of a certificate chain and its key.
        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// How many seconds a connection may be silent.
    ///
    /// Clients keep connections between polls; silence longer than this is cheaper
    /// to reconnect than to keep.
    public static let maximumSilence: Int64 = 75

    /// Connections that may wait to be accepted: a morning's reconnects of a thousand clients.
    private static let backlog = 1024

    /// Makes the server; it takes connections once it runs.
    ///
    /// - Parameters:
    ///   - gateway: what it serves.
    ///   - host: the address to listen on.
    ///   - port: the port to listen on; 0 chooses one.
    ///   - tls: the certificate, where the server speaks TLS itself.
    ///   - silence: how many seconds a connection may be silent.
    ///   - onListening: told the port once connections are taken.
    /// - Returns: the server, as a service to be run.
    /// - Throws: what is wrong with the certificate or its key.
    public static func application(
        _ gateway: Gateway,
        host: String,
        port: Int,
        tls: TLSFiles?,
        silence: Int64 = maximumSilence,
        onListening: @escaping @Sendable (Int) async -> Void
    ) throws -> some ApplicationProtocol {
        let http1 = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard()],
            idleTimeout: .seconds(silence)
        )
        var server = HTTPServerBuilder { responder in
            EventLoopChannel(HTTP1Channel(responder: responder, configuration: http1))
        }
        if let tls { server = try .tls(server, tlsConfiguration: configuration(tls)) }
        return Application(
            responder: try GatewayResponder(gateway),
            server: server,
            configuration: .init(address: .hostname(host, port: port), serverName: "Kalends", backlog: backlog),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) },
            logger: gateway.logger
        )
    }

    private static func configuration(_ files: TLSFiles) throws -> TLSConfiguration {
        let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }
}
