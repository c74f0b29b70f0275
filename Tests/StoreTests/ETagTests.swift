import Testing

@testable import Store

@Suite("ETag and its digest (FIPS 180-4)")
struct ETagTests {
    /// The vectors of NIST's example values and of its byte-oriented test files.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
        (
            String(repeating: "a", count: 100_000),
            "6d1cf22d7cc09b085dfc25ee1a1f3ae0265804c607bc2074ad253bcc82fd81ee"
        ),
    ])
    func `the digest is that of the standard`(_ text: String, _ digest: String) {
        #expect(SHA256.hexadecimal(SHA256.digest(of: text)) == digest)
    }

    @Test func `texts of every length around a block's have different tags`() {
        let tags = Set((0...200).map { ETag.of(String(repeating: "a", count: $0)) })
        #expect(tags.count == 201)
    }

    @Test func `a tag has no blank and is quoted once`() {
        let tag = ETag.of("x")
        #expect(tag.rawValue.allSatisfy { $0.isHexDigit })
        #expect(tag.quoted == "\"\(tag.rawValue)\"")
    }
}
