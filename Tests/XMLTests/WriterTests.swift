import Testing
import XML

@Suite("XML 1.0: writing")
struct WriterTests {
    private let prefixes = [(namespace: "DAV:", prefix: "D")]

    @Test func `agreed prefixes are declared at the root, others in place`() {
        var writer = Writer(prefixes: prefixes)
        writer.open(Name("DAV:", "a"), declaresPrefixes: true)
        writer.empty(Name("urn:other", "b"))
        writer.empty(Name("", "c"))
        writer.close(Name("DAV:", "a"))
        #expect(
            String(decoding: writer.octets, as: UTF8.self)
                == #"<D:a xmlns:D="DAV:"><x:b xmlns:x="urn:other"/><c/></D:a>"#
        )
    }

    @Test(arguments: [
        "plain", "<&>\"'", "line\r\nend\ttab", "é 日本 🗓", "", "\u{FFFD}", "]]>",
    ])
    func `what is written is read again`(_ text: String) throws {
        let attributes = [Name("", "x"): text, Name("urn:b", "y"): text]
        let element = Element(Name("urn:a", "e"), attributes: attributes, children: text.isEmpty ? [] : [.text(text)])
        #expect(try Document(parsing: Array(element.serialized().utf8)).root == element)
    }

    @Test(arguments: 0..<20)
    func `every character is written right wherever it stands`(_ place: Int) {
        for scalar in (0...0x17F).compactMap(Unicode.Scalar.init) {
            let text = String(repeating: "é", count: place / 2) + String(repeating: "a", count: place % 2)
            var writer = Writer()
            writer.text(text + String(scalar) + "bcdefgh")
            let written =
                switch scalar {
                case "&": "&amp;"
                case "<": "&lt;"
                case ">": "&gt;"
                case "\r": "&#13;"
                case "\t", "\n": String(scalar)
                case _ where scalar.value < 0x20: "\u{FFFD}"
                case _: String(scalar)
                }
            #expect(String(decoding: writer.octets, as: UTF8.self) == text + written + "bcdefgh")
        }
    }

    @Test(arguments: ["\u{0}", "\u{1}", "\u{FFFE}", "\u{FFFF}"])
    func `what XML cannot hold is replaced`(_ text: String) throws {
        let element = Element(Name("", "e"), text: "a\(text)b")
        #expect(try Document(parsing: Array(element.serialized().utf8)).root.text == "a\u{FFFD}b")
    }
}

@Suite("Comparing XML as trees")
struct DifferenceTests {
    private func difference(_ expected: String, _ actual: String) throws -> String? {
        try Document(parsing: Array(expected.utf8)).root
            .difference(to: Document(parsing: Array(actual.utf8)).root)
    }

    @Test func `white space and the order of siblings do not count`() throws {
        #expect(try difference("<a><b/><c> x </c></a>", "<a>\n <c>x</c>\n <b/></a>") == nil)
    }

    @Test func `an asterisk stands for anything`() throws {
        #expect(try difference("<a>*</a>", "<a><b/></a>") == nil)
        #expect(try difference("<a>x*z</a>", "<a>xyz</a>") == nil)
        #expect(try difference("<a>x*z</a>", "<a>xyzw</a>") != nil)
    }

    @Test(arguments: [
        ("<a/>", "<b/>"), ("<a x='1'/>", "<a x='2'/>"), ("<a>x</a>", "<a>y</a>"), ("<a><b/></a>", "<a/>"),
        ("<a/>", "<a><b/></a>"), ("<a><b/><b/></a>", "<a><b/></a>"),
    ])
    func `everything else does`(_ expected: String, _ actual: String) throws {
        #expect(try difference(expected, actual) != nil)
    }
}
