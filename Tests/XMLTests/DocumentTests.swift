import Testing
import XML

@Suite("XML 1.0: reading")
struct DocumentTests {
    private func parse(_ text: String, limits: XMLLimits = .standard) throws(XMLError) -> Element {
        try Document(parsing: Array(text.utf8), limits: limits).root
    }

    @Test func `prefixes do not matter, namespaces do`() throws {
        let first = try parse("<D:a xmlns:D='DAV:' b='1'><D:c>t</D:c></D:a>")
        let second = try parse("<a xmlns='DAV:' b='1'><x:c xmlns:x='DAV:'>t</x:c></a>")
        #expect(first == second)
        #expect(try first != parse("<a b='1'><c>t</c></a>"))
    }

    @Test func `text, CDATA and references are one text`() throws {
        let element = try parse("<a> x<![CDATA[<&]]>&amp;&#x41; <!-- no --></a>")
        #expect(element.text == " x<&&A ")
        #expect(element.trimmedText == "x<&&A")
    }

    @Test func `other encodings are converted`() throws {
        var octets = Array("<?xml version='1.0' encoding='iso-8859-1'?><a>caf".utf8)
        octets += [0xE9] + Array("</a>".utf8)
        #expect(try Document(parsing: octets).root.text == "café")
    }

    @Test(arguments: [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>",
    ])
    func `a document type declaration is refused`(_ text: String) {
        #expect(throws: XMLError.documentTypeForbidden) { try parse(text) }
    }

    @Test(arguments: [
        "", " ", "a", "<a>", "<a></b>", "<a/><b/>", "<a>&unknown;</a>", "<x:a/>", "<a b='1' b='2'/>", "<a>\u{1}</a>",
    ])
    func `what is not well-formed is refused`(_ text: String) {
        do throws(XMLError) {
            _ = try parse(text)
            Issue.record("was accepted")
        } catch {
            if case .malformed = error { return }
            Issue.record("was refused as \(error)")
        }
    }

    @Test func `nesting is limited`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(throws: Never.self) { try parse(nested(XMLLimits.standard.depth)) }
        #expect(throws: XMLError.tooDeep(limit: 64)) { try parse(nested(65)) }
        #expect(throws: XMLError.tooDeep(limit: 64)) { try parse(nested(100_000)) }
    }

    @Test func `the number of elements is limited`() {
        let limits = XMLLimits(octets: 1_000, depth: 5, elements: 10, tagOctets: 100)
        let text = "<a>" + String(repeating: "<b/>", count: 10) + "</a>"
        #expect(throws: XMLError.tooManyElements(limit: 10)) { try parse(text, limits: limits) }
    }

    @Test func `the length of a document is limited`() {
        let limits = XMLLimits(octets: 10, depth: 5, elements: 10, tagOctets: 100)
        #expect(throws: XMLError.tooLarge(limit: 10)) { try parse("<a>12345678</a>", limits: limits) }
    }

    @Test(arguments: ["x='1'", "x='>'", "x=\">\""])
    func `a tag with a hundred thousand attributes is refused before it is parsed`(_ attribute: String) {
        let tag = "<a " + (0..<60_000).map { "a\($0)\(attribute)" }.joined(separator: " ") + "/>"
        #expect(throws: XMLError.tagTooLong(limit: 8_192)) {
            try parse(tag, limits: .init(octets: 9_000_000, depth: 9, elements: 9, tagOctets: 8_192))
        }
    }

    @Test func `a long CDATA section or comment is no long tag`() throws {
        let long = String(repeating: "x", count: 20_000)
        #expect(try parse("<a><![CDATA[\(long)]]></a>").text == long)
        #expect(try parse("<a><!--\(long)--></a>").text == "")
    }
}
