extension Element {
    /// The first thing in which `actual` departs from this tree, or nil where the two say the same.
    ///
    /// White space between elements, the order of siblings and the prefixes do not count. In this tree a text of `*`
    /// stands for any content, and a `*` inside a text for any run of characters.
    public func difference(to actual: Element) -> String? {
        guard name == actual.name else { return "expected \(name), found \(actual.name)" }
        guard attributes == actual.attributes else {
            return "\(name): expected attributes \(attributes), found \(actual.attributes)"
        }
        guard trimmedText != "*" else { return nil }
        guard matches(pattern: trimmedText, actual.trimmedText) else {
            return "\(name): expected \"\(trimmedText)\", found \"\(actual.trimmedText)\""
        }
        return differenceOfChildren(to: actual)
    }

    private func differenceOfChildren(to actual: Element) -> String? {
        var unmatched = actual.elements
        for expected in elements {
            if let index = unmatched.firstIndex(where: { expected.difference(to: $0) == nil }) {
                unmatched.remove(at: index)
                continue
            }
            let namesakes = unmatched.filter { $0.name == expected.name }
            guard let closest = namesakes.first else { return "\(name): \(expected.serialized()) is missing" }
            return namesakes.count == 1
                ? "\(name) › \(expected.difference(to: closest) ?? "")"
                : "\(name): nothing like \(expected.serialized()) among \(namesakes.map { $0.serialized() })"
        }
        return unmatched.first.map { "\(name): unexpected \($0.serialized())" }
    }

    /// Whether `text` is `pattern` with each `*` replaced by something.
    private func matches(pattern: String, _ text: String) -> Bool {
        let parts = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return pattern == text }
        var rest = text.utf8[...]
        guard rest.starts(with: first) else { return false }
        rest = rest.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() {
            guard let found = range(of: part, in: rest) else { return false }
            rest = rest[found...].dropFirst(part.count)
        }
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }

    private func range(of part: Substring.UTF8View, in text: Substring.UTF8View) -> String.Index? {
        text.indices.first { text[$0...].starts(with: part) }
    }
}
