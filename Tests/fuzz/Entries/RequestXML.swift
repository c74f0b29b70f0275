import WebDAV
import XML

extension Trial {
    /// Request bodies: what is read can be written and is then the same; a refusal can be read.
    func requestXML(_ octets: [UInt8]) throws(BrokenProperty) {
        let document = try timed("reading XML") { () throws(XMLError) in try Document(parsing: octets) }
        guard let document else { return try refusals(of: octets) }
        let written = try timed("writing XML") { document.root.serialized() }
        guard let written, written.utf8.count < XMLLimits.standard.octets else { return }
        let again: Document
        do {
            again = try Document(parsing: Array(written.utf8), limits: Self.wide)
        } catch {
            throw BrokenProperty(sentence: "what was written is read again; instead: \(error.message)\n\(written)")
        }
        try check(again == document, "what is read again is what was written:\n\(written)")
        try requests(octets, Array(written.utf8))
        try refusals(of: octets)
    }

    /// Declarations of namespaces make what is written longer than what was read.
    private static let wide = XMLLimits(octets: 4_194_304, depth: 64, elements: 50_000, tagOctets: 1_048_576)

    /// Each request means the same however its XML is written.
    private func requests(_ octets: [UInt8], _ written: [UInt8]) throws(BrokenProperty) {
        try same("a report", octets, written) { (body) throws(DAVError) in try Report(parsing: body) }
        try same("a propfind", octets, written) { (body) throws(DAVError) in try PropFind(parsing: body) }
        try same("a propertyupdate", octets, written) { (body) throws(DAVError) in try PropertyUpdate(parsing: body) }
        try same("a mkcalendar", octets, written) { (body) throws(DAVError) in
            try PropertyUpdate(creating: .calDAV("mkcalendar"), parsing: body)
        }
    }

    private func same<Request: Equatable>(
        _ what: StaticString,
        _ octets: [UInt8],
        _ written: [UInt8],
        _ read: ([UInt8]) throws(DAVError) -> Request
    ) throws(BrokenProperty) {
        let first = try timed(what) { () throws(DAVError) in try read(octets) }
        // A tag that grew by its declarations may be too long by now.
        guard let first, let second = try? read(written) else { return }
        try check(first == second, "\(what) means the same however it is written")
    }

    /// Whatever is refused, the body of the refusal is XML that names why.
    private func refusals(of octets: [UInt8]) throws(BrokenProperty) {
        do {
            _ = try Report(parsing: octets)
        } catch {
            try check((400..<600).contains(error.status), "a refusal has a status of its kind")
            do {
                let root = try Document(parsing: error.body, limits: Self.wide).root
                try check(root.name == .dav("error"), "a refusal is a DAV:error")
            } catch let broken as BrokenProperty {
                throw broken
            } catch {
                throw BrokenProperty(sentence: "a refusal is XML; instead: \(error)")
            }
        }
    }
}
