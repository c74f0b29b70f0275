import TestSupport
import Testing
import WebDAV
import XML

@Suite("Request bodies")
struct RequestTests {
    /// `<sentence>.xml` with `<sentence>.parsed`, the outline of what it means, or `<sentence>.refused`.
    @Test(arguments: Fixture.all(in: "webdav", extension: "xml"))
    func `a body means what its outline says`(_ fixture: Fixture) throws {
        do throws(DAVError) {
            let outline = try outline(of: fixture.octets)
            #expect(outline == fixture.sibling("parsed")?.text)
        } catch {
            let name = error.precondition?.name.local ?? String(error.status)
            let expected = fixture.sibling("refused")?.text.split(separator: "\n").first.map(String.init)
            #expect(name == expected, "\(error.message)")
        }
    }

    private func outline(of body: [UInt8]) throws(DAVError) -> String {
        var outline = ""
        switch try Document(body: body).root.name {
        case .dav("propfind"): dump(try PropFind(parsing: body), to: &outline)
        case .dav("propertyupdate"): dump(try PropertyUpdate(parsing: body), to: &outline)
        case .dav("mkcol"): dump(try PropertyUpdate(creating: .dav("mkcol"), parsing: body), to: &outline)
        case .calDAV("mkcalendar"):
            dump(try PropertyUpdate(creating: .calDAV("mkcalendar"), parsing: body), to: &outline)
        default: dump(try Report(parsing: body), to: &outline)
        }
        // The two parts of a name stand in the line above them already.
        let isPart: (Substring) -> Bool = { $0.contains("- namespace: ") || $0.contains("- local: ") }
        return outline.split(separator: "\n").filter { !isPart($0) }.map { $0 + "\n" }.joined()
    }
}
