import HTTPTypes
import Store
import WebDAV

/// The value of `If-Match` or `If-None-Match` (RFC 9110 §13.1).
enum EntityTags: Sendable, Hashable {
    case any
    case tags([Tag])

    /// One entity tag (RFC 9110 §8.8.3).
    struct Tag: Sendable, Hashable {
        var value: ETag
        var isWeak: Bool
    }

    /// Reads a list; a tag without quotes is taken as it stands, so that Thunderbird's `nothing` matches nothing.
    init(_ text: String) {
        let items = Self.items(of: text)
        self = items.contains("*") ? .any : .tags(items.map(Self.tag))
    }

    /// Splits at the commas outside quotes: a tag may contain one.
    private static func items(of text: String) -> [String] {
        var items: [[UInt8]] = [[]]
        var isQuoted = false
        for octet in text.utf8 {
            if octet == UInt8(ascii: "\"") { isQuoted.toggle() }
            if octet == UInt8(ascii: ","), !isQuoted {
                items.append([])
            } else if isQuoted || (octet != 0x20 && octet != 0x09) {
                items[items.count - 1].append(octet)
            }
        }
        return items.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func tag(_ item: String) -> Tag {
        // By octets: a quote and the accent after it would be one character.
        let isWeak = item.utf8.starts(with: "W/".utf8)
        let opaque = item.utf8.dropFirst(isWeak ? 2 : 0)
        let quote = UInt8(ascii: "\"")
        let isQuoted = opaque.count > 1 && opaque.first == quote && opaque.last == quote
        let value = isQuoted ? opaque.dropFirst().dropLast() : opaque
        return Tag(value: ETag(rawValue: String(Substring(value))), isWeak: isWeak)
    }

    /// The strong tags: `If-Match` compares strongly, so that a weak one matches nothing (RFC 9110 §13.1.1).
    var strong: [ETag] {
        guard case .tags(let tags) = self else { return [] }
        return tags.filter { !$0.isWeak }.map(\.value)
    }

    /// All tags: `If-None-Match` compares weakly (RFC 9110 §13.1.2).
    var weak: [ETag] {
        guard case .tags(let tags) = self else { return [] }
        return tags.map(\.value)
    }

    /// What the conditions make of a GET.
    enum ReadOutcome: Sendable, Hashable { case proceed, notModified, failed }

    /// Evaluates in the order of RFC 9110 §13.2.2.
    static func outcome(ofReading etag: ETag, _ headers: HTTPFields) -> ReadOutcome {
        if let required = headers[.ifMatch].map(EntityTags.init), required != .any, !required.strong.contains(etag) {
            return .failed
        }
        guard let excluded = headers[.ifNoneMatch].map(EntityTags.init) else { return .proceed }
        return excluded == .any || excluded.weak.contains(etag) ? .notModified : .proceed
    }
}

extension WriteCondition {
    /// Reads the conditions of a write; the store checks them in the transaction that writes.
    init(_ headers: HTTPFields) throws(DAVError) {
        switch (headers[.ifMatch].map(EntityTags.init), headers[.ifNoneMatch].map(EntityTags.init)) {
        case (nil, nil): self = .always
        case (.any?, nil): self = .present
        case (let required?, nil): self = .matches(required.strong)
        case (nil, .any?): self = .absent
        case (nil, let excluded?): self = .noneMatch(excluded.weak)
        // "It exists" and "it does not exist" can never both hold.
        case (_?, .any?): throw .preconditionFailed
        case (.any?, .tags?): throw .badRequest("If-Match and If-None-Match cannot be combined like this.")
        case (let required?, let excluded?):
            self = .matches(required.strong.filter { !excluded.weak.contains($0) })
        }
    }
}
