import Foundation
import ICalendar
import OutboundHTTP

extension Examination {
    /// The name under which calendar programs look the server of a mail address up (RFC 6764 §3).
    func serviceRecords(of address: String) async -> Finding {
        guard let url = URL(string: address), let host = url.host, host.contains("."), !Self.isNumeric(host) else {
            return .good("DNS service", "\(address) has no domain that could name a service")
        }
        guard let server = NameServer.ofThisMachine() else {
            return .good("DNS service", "not looked up: this machine names no name server")
        }
        let isSecure = url.scheme == "https"
        let service = isSecure ? "_caldavs._tcp" : "_caldav._tcp"
        let port = url.port ?? (isSecure ? 443 : 80)
        var domains = [host]
        // The mail addresses of a gateway at cal.example.org mostly end in example.org.
        let parent = host.split(separator: ".").dropFirst().joined(separator: ".")
        if parent.contains(".") { domains.append(parent) }
        do {
            for domain in domains {
                let name = service + "." + domain
                guard let first = try await server.services(of: name).first else { continue }
                guard Self.isSame(first.target, host), first.port == port else {
                    return .bad(
                        "DNS service",
                        "\(name) leads to \(first.target):\(first.port), not here",
                        fix: "Make it \(name). SRV 0 1 \(port) \(host)."
                    )
                }
                return try await path(of: name, server)
            }
            return .good(
                "DNS service",
                "none, so people type the address; for set-up by mail address add "
                    + "\(service).\(domains.last ?? host). SRV 0 1 \(port) \(host)."
            )
        } catch {
            return .good("DNS service", "not looked up: \(error)")
        }
    }

    /// A TXT record beside the service may name the path (RFC 6764 §4); a wrong one leads clients astray.
    private func path(of name: String, _ server: NameServer) async throws -> Finding {
        let paths = try await server.texts(of: name).filter { $0.hasPrefix("path=") }
        guard let path = paths.first.map({ $0.dropFirst(5) }), path != "/dav/", path != "/.well-known/caldav" else {
            return .good("DNS service", "\(name) leads here")
        }
        return .bad("DNS service", "its TXT record names the path \(path)", fix: "Make it path=/dav/, or remove it.")
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        one.lowercased().trimmingSuffix(".") == other.lowercased().trimmingSuffix(".")
    }

    private static func isNumeric(_ host: String) -> Bool {
        host.contains(":") || host.split(separator: ".").allSatisfy { Int($0) != nil }
    }

    /// The certificates that the address shows: trusted, whole, and not about to end.
    func certificates(of address: String) async -> Finding {
        guard address.hasPrefix("https://") else {
            return .bad(
                "encryption",
                "\(address) is without TLS",
                fix: "Put a proxy with a certificate in front and set KALENDS_PUBLIC_URL to its https address: "
                    + "Apple's programs insist on it, and Google sends push notifications nowhere else."
            )
        }
        let found = await CertificateProbe().look(at: address)
        guard let own = found.chain.first else {
            return .bad(
                "encryption",
                "no TLS at \(address): \(found.problem ?? "no certificate")",
                fix: "Check that the proxy runs and has a certificate."
            )
        }
        let end = Self.expiry(own.expires)
        let days = end.map { Int($0.timeIntervalSince(Date()) / 86_400) }
        if let days, days < 0 {
            return .bad(
                "encryption",
                "the certificate ended \(own.expires)",
                fix: "Renew it, and let the proxy load it."
            )
        }
        if let problem = found.problem {
            let fix =
                own.isSelfSigned
                ? "It vouches for itself: take one from an authority that clients know, such as Let's Encrypt."
                : found.chain.count == 1
                    ? "Let the proxy send the whole chain: the intermediate certificates behind its own."
                    : "Check that it is made for this name, by an authority that clients know."
            return .bad("encryption", "clients refuse the certificate (\(problem))", fix: fix)
        }
        if let days, days < Self.certificateDays {
            return .bad(
                "encryption",
                "the certificate ends in \(days) days",
                fix: "See why it was not renewed by itself; certbot renew, or the proxy's own log, says more."
            )
        }
        let rest = days.map { ", \($0) days left" } ?? ""
        return .good("encryption", "\(found.chain.count) certificates, trusted\(rest)")
    }

    /// Certificates are mostly renewed a month before their end: two weeks before it, that has failed for long.
    private static let certificateDays = 14

    private static func expiry(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "MMM d HH:mm:ss yyyy 'GMT'"
        return formatter.date(from: text.split(separator: " ").joined(separator: " "))
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
