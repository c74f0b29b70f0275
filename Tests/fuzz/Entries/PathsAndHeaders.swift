@testable import CalDAV
import HTTPTypes
import Store
import WebDAV

extension Trial {
    /// Paths and headers: a path means one resource however it is encoded, and what a header says is read once.
    func pathsAndHeaders(_ octets: [UInt8]) throws(BrokenProperty) {
        let text = String(decoding: octets, as: UTF8.self)
        try path(text)
        try encoding(text)
        try entityTags(text)
        try fields(text)
        _ = try timed("reading If") { () throws(DAVError) in try IfHeader(parsing: text) }
        if let depth = Depth(text) { try check(Depth(text.uppercased()) == depth, "a depth has no case") }
        if let token = SyncToken(text) { try check(token.uri == text, "a token is read only as we write it") }
        if let href = Href(parsing: text) {
            try check(href.path.utf8.first == UInt8(ascii: "/"), "an href is an absolute path")
            try check(Href(parsing: href.path) == href, "the path of an href is that href")
            try path(href.path)
        }
    }

    private func path(_ text: String) throws(BrokenProperty) {
        let path = try timed("reading a path") { () throws(DAVError) in try ResourcePath.parse(text) }
        let href: Href
        switch path {
        case .principal(let name): href = .principal(name)
        case .notifications(let name): href = .notifications(of: name)
        case .home(let name): href = .home(name)
        case .calendar(let home, let name): href = .calendar(name, of: home)
        case .object(let home, let calendar, let name): href = Href.calendar(calendar, of: home).appending(name)
        case .wellKnown, .root, .principals, .homes, .unknown, nil: return
        }
        let again = try? ResourcePath.parse(href.path)
        try check(again == path, "a path, encoded by us, names the same: \(href.path)")
        let hasDots = href.path.utf8.split(separator: UInt8(ascii: "/")).contains {
            $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8)
        }
        try check(!hasDots, "no segment leads upwards: \(href.path)")
    }

    /// What comes as a header field of a request: Destination, Overwrite, Prefer, Brief, Timeout.
    private func fields(_ text: String) throws(BrokenProperty) {
        var headers = HTTPFields()
        for name in [HTTPField.Name.destination, .prefer, .brief] { headers[name] = text }
        let preferences = try timed("reading Prefer") { Preferences(headers) }
        let request = DAVRequest(method: "COPY", path: "/dav/", headers: headers, principal: nil)
        let destination = try timed("reading Destination") { () throws(DAVError) in try Destination(request) }
        if let destination { try check(destination.overwrites, "Overwrite is T where it is not said") }
        let seconds = try timed("reading Timeout") { LockTimeout.seconds(text) } ?? 0
        try check((1...LockTimeout.maximumSeconds).contains(seconds), "a lock holds for a while, and ends")
        try check(preferences != nil, "preferences are never refused")
    }

    private func encoding(_ text: String) throws(BrokenProperty) {
        guard !text.utf8.contains(0) else { return }
        let encoded = Percent.encode(segment: text)
        try check(Percent.decode(segment: encoded[...]) == text, "a segment is the same after its encoding")
        try check(!encoded.utf8.contains(UInt8(ascii: "/")), "an encoded segment has no slash")
    }

    private func entityTags(_ text: String) throws(BrokenProperty) {
        guard case .tags(let tags)? = try timed("reading tags", { EntityTags(text) }) else { return }
        // A tag may hold anything but the quote that ends it; those that were not quoted may.
        guard !tags.contains(where: { $0.value.rawValue.utf8.contains(UInt8(ascii: "\"")) }) else { return }
        let written = tags.map { ($0.isWeak ? "W/" : "") + "\"" + $0.value.rawValue + "\"" }.joined(separator: ", ")
        try check(EntityTags(written) == .tags(tags) || tags.isEmpty, "tags, written again, are the same: \(written)")
    }
}
