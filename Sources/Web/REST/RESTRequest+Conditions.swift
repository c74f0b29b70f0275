import HTTPTypes

extension RESTRequest {
    /// The tags of `If-Match`, `*` for any; nil without the field (RFC 9110 §13.1.1).
    var matching: [String]? {
        guard let header = headers[.ifMatch] else { return nil }
        return header.split(separator: ",").map { tag in
            tag.filter { $0 != "\"" && $0 != " " }
        }
    }

    /// Refuses a change of what somebody else has changed in the meantime.
    func refuseUnless(_ etag: String) throws(RESTProblem) {
        guard let tags = matching, tags != ["*"], !tags.contains(etag) else { return }
        throw RESTProblem(
            .preconditionFailed,
            "conflict",
            "It was changed in the meantime.",
            "Read it again and repeat the change."
        )
    }
}

extension JSON {
    /// A short name of exactly this value.
    var digest: String {
        // FNV-1a: a change is to be noticed, not an attack.
        let hash = octets.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
