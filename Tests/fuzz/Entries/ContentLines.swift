@testable import ICalendar

extension Trial {
    /// The content-line layer: every octet is kept, and what is written anew says the same.
    func contentLines(_ octets: [UInt8]) throws(BrokenProperty) {
        try keptLines(octets)
        guard String(validating: octets, as: UTF8.self) != nil, let component = try component(octets) else { return }
        let written = try timed("writing lines") { component.serialized() }
        try check(written.map { Array($0.utf8) } == octets, "an unchanged component is written as it was read")
        try rebuilt(component)
        try texts(component)
    }

    private func component(_ octets: [UInt8]) throws(BrokenProperty) -> Component? {
        try timed("reading lines") { () throws(CalendarDataError) in try Component(octets: octets) }
    }

    /// What the reader hands out, line by line, is the whole input.
    private func keptLines(_ octets: [UInt8]) throws(BrokenProperty) {
        let kept = try timed("cutting lines") { () throws(CalendarDataError) in
            var reader = ContentLineReader(octets)
            var kept: [UInt8] = []
            while let line = try reader.next() {
                switch line {
                case .begin(_, let octets), .end(_, let octets), .blank(let octets): kept += octets
                case .property(let property): kept += property.octets ?? []
                }
            }
            return kept
        }
        if let kept { try check(kept == octets, "the lines together are the input") }
    }

    /// A component made anew of the same names, parameters and values is read back as the same.
    private func rebuilt(_ component: Component) throws(BrokenProperty) {
        let new = component.madeAnew
        let text = new.serialized()
        // Escapes and folds may lengthen a line beyond what is accepted.
        guard text.utf8.count < CalendarLimits.maximumLineOctets else { return }
        let read: Component
        do {
            read = try Component(parsing: text)
        } catch {
            throw BrokenProperty(sentence: "what was written is read again; instead: \(error.message)\n\(text)")
        }
        try check(read == new, "what is read again is what was written:\n\(text)")
        try check(read.madeAnew.serialized() == text, "writing, reading and writing is the same as writing:\n\(text)")
    }

    /// Texts survive their escapes.
    private func texts(_ component: Component) throws(BrokenProperty) {
        for property in component.properties {
            let text = property.text
            try check(Property("X-A", text: text).text == text, "a text is the same after its escapes: \(text)")
            let texts = property.texts
            try check(Property("X-A", texts: texts).texts == texts, "a list is the same after its escapes: \(texts)")
        }
        for inner in component.components { try self.texts(inner) }
    }
}

extension Component {
    /// The same with nothing of the octets it was read from.
    var madeAnew: Component {
        Component(
            name,
            properties: properties.map { Property($0.name, parameters: $0.parameters, value: $0.value) },
            components: components.map(\.madeAnew)
        )
    }
}
