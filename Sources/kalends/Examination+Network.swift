import Foundation
import HTTPTypes
import ICalendar
import OutboundHTTP

extension Examination {
    /// How far the clock may be off: providers refuse signatures and tokens beyond some minutes.
    private static let toleratedSeconds = 60.0

    /// Everything that is seen only through the address the outside uses.
    func network() async -> [Finding] {
        let transport = CurlTransport(configuration: .init(allowsPlainHTTP: true))
        var findings: [Finding] = []
        if let address = settings.value("PUBLIC_URL") {
            findings.append(await certificates(of: address))
            findings.append(name(of: address))
            findings.append(await serviceRecords(of: address))
            let discovery = await discovery(at: address, transport)
            findings.append(discovery)
            if discovery.isGood {
                findings.append(await proxy(at: address, transport))
                findings.append(await callbacks(at: address, transport))
            }
        } else {
            findings.append(.good("public URL", "not set; clients on this machine only, and no webhooks"))
        }
        findings.append(await clock(transport))
        await transport.shutDown()
        return findings
    }

    private func name(of address: String) -> Finding {
        guard let host = URL(string: address)?.host else {
            return .bad("DNS", "\(address) names no host", fix: "Set KALENDS_PUBLIC_URL to https://HOST.")
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard code == 0 else {
            return .bad(
                "DNS",
                "\(host): \(String(cString: gai_strerror(code)))",
                fix: "Add an address record (A or AAAA) for \(host)."
            )
        }
        return .good("DNS", "\(host) has an address")
    }

    private func discovery(at address: String, _ transport: CurlTransport) async -> Finding {
        do {
            let reply = try await transport.send(Self.request(.get, address + "/.well-known/caldav"))
            guard reply.status == 301, reply.headers[.location]?.hasSuffix("/dav/") == true else {
                return .bad(
                    "public URL",
                    "\(address)/.well-known/caldav answers \(reply.status) instead of sending clients to /dav/",
                    fix: "Let the reverse proxy pass every path and method to kalends unchanged."
                )
            }
            return .good("public URL", address)
        } catch {
            return .bad(
                "public URL",
                "\(address): \(error)",
                fix: "Check that kalends serve runs, the proxy, and that the whole certificate chain is served."
            )
        }
    }

    /// Whether providers and browsers reach the addresses that they are sent to.
    private func callbacks(at address: String, _ transport: CurlTransport) async -> Finding {
        let fix = "Let the proxy pass /oauth/callback and /webhooks/ to kalends."
        do {
            let callback = try await transport.send(Self.request(.get, address + "/oauth/callback"))
            let webhook = try await transport.send(Self.request(.post, address + "/webhooks/google"))
            guard callback.status == 401, webhook.status == 400 else {
                let statuses = "\(callback.status) and \(webhook.status)"
                return .bad("callbacks", "/oauth/callback and /webhooks/google answer \(statuses)", fix: fix)
            }
            return .good("callbacks", "/oauth/callback and /webhooks/ are reached from here")
        } catch {
            return .bad("callbacks", "\(error)", fix: fix)
        }
    }

    /// The clock against that of whoever answers: the providers' where they are reached.
    private func clock(_ transport: CurlTransport) async -> Finding {
        let servers = [
            settings.value("GOOGLE_API_URL") ?? "https://www.googleapis.com",
            settings.value("NOTION_API_URL") ?? "https://api.notion.com",
        ]
        for server in servers {
            guard let reply = try? await transport.send(Self.request(.get, server)),
                let there = reply.headers[.date].flatMap(Self.date)
            else { continue }
            let difference = Date().timeIntervalSince(there)
            guard abs(difference) <= Self.toleratedSeconds else {
                return .bad(
                    "clock",
                    "it is \(Int(difference)) s off from \(server)",
                    fix: "Switch time synchronisation on: timedatectl set-ntp true."
                )
            }
            return .good("clock", "agrees with \(server)")
        }
        return clockAlone()
    }

    private static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)
    }

    static func request(_ method: HTTPRequest.Method, _ url: String) -> OutboundRequest {
        OutboundRequest(method: method, url: url, timeout: .seconds(10))
    }
}
