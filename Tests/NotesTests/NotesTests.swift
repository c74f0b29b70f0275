import Foundation
import Testing
import TestSupport

@Suite("rfc-notes: what they name exists")
struct NotesTests {
    @Test func `there are pages, sources, tests and fixtures to compare`() {
        #expect(Note.all.count > 10)
        #expect(Package.sources.count > 100)
        #expect(Package.claims.count > 300)
    }

    @Test(arguments: Note.all)
    func `a page has a title and says its status`(_ note: Note) {
        #expect(note.text.hasPrefix("# "), "\(note.name) begins with no title")
        #expect(note.status != nil, "\(note.name) has no line “Status: …”")
    }

    @Test(arguments: Note.all)
    func `every test and fixture in a table exists`(_ note: Note) {
        for cell in note.cells(under: ["tests", "test"]) {
            for name in Note.backticked(cell.text) where !Package.claims.contains(name) {
                Issue.record("\(note.name):\(cell.line): no test function or fixture is called “\(name)”")
            }
        }
    }

    @Test(arguments: Note.all)
    func `every fixture named in the text exists`(_ note: Note) {
        // A sentence in dashes of four words or more can only be the name of a fixture.
        for quotation in note.quotations where quotation.text.wholeMatch(of: /[A-Za-z0-9]+(-[A-Za-z0-9]+){3,}/) != nil {
            if !Package.claims.contains(quotation.text), !Package.knownNames.contains(quotation.text) {
                Issue.record("\(note.name):\(quotation.line): no fixture is called “\(quotation.text)”")
            }
        }
    }

    @Test(arguments: Note.all)
    func `every source file named exists`(_ note: Note) {
        for cell in note.cells(under: ["where", "file"]) {
            for match in cell.text.matches(of: /[A-Za-z+]+\.swift/)
            where !Package.sources.contains(String(match.output)) {
                Issue.record("\(note.name):\(cell.line): no source file is called “\(match.output)”")
            }
        }
    }

    @Test(arguments: Note.all)
    func `every link leads to a page`(_ note: Note) {
        for link in note.links where !link.text.contains("://") {
            #expect(Note.all.contains { $0.name == link.text }, "\(note.name):\(link.line): no page “\(link.text)”")
        }
    }

    @Test func `the table of contents has every page`() throws {
        let contents = try #require(Note.all.first { $0.name == "README.md" })
        for note in Note.all where note.name != "README.md" {
            #expect(contents.text.contains(note.name), "README.md does not name \(note.name)")
        }
    }
}

extension Package {
    /// Names of the standards that look like a fixture's.
    static let knownNames: Set = [
        "calendar-user-address-set", "principal-search-property-set", "current-user-privilege-set",
        "supported-calendar-component-set", "acl-principal-prop-set", "max-attendees-per-instance",
        "schedule-default-calendar-URL", "calendar-free-busy-set", "supported-rscale-set",
    ]
}
