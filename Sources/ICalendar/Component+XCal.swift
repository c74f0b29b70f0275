extension Component {
    /// The component as xCal, the XML form of calendar data, in a document of its own. RFC 6321 §3
    public var xCal: [UInt8] {
        var writer = XCalWriter()
        writer.open("?xml version=\"1.0\" encoding=\"utf-8\"?")
        writer.open("icalendar xmlns=\"urn:ietf:params:xml:ns:icalendar-2.0\"")
        writer.append(self)
        writer.open("/icalendar")
        return writer.octets
    }
}

/// Writes xCal; elements in the order of the content lines.
private struct XCalWriter {
    private(set) var octets: [UInt8] = []

    mutating func append(_ component: Component) {
        element(component.name) { writer in
            let properties = component.properties.map(TypedProperty.init)
            if !properties.isEmpty {
                writer.element("properties") { writer in
                    for property in properties { writer.append(property) }
                }
            }
            if !component.components.isEmpty {
                writer.element("components") { writer in
                    for inner in component.components { writer.append(inner) }
                }
            }
        }
    }

    private mutating func append(_ property: TypedProperty) {
        element(property.name) { writer in
            if !property.parameters.isEmpty {
                writer.element("parameters") { writer in
                    for parameter in property.parameters { writer.append(parameter) }
                }
            }
            for value in property.values { writer.append(value, property.type) }
        }
    }

    private mutating func append(_ parameter: Parameter) {
        element(parameter.name) { writer in
            let type = ValueTypes.parameterType(parameter.name)
            for value in parameter.values {
                writer.element(type, text: type == "boolean" ? value.asciiLowercased : value)
            }
        }
    }

    private mutating func append(_ value: TypedValue, _ type: String) {
        switch value {
        case .string(let text): element(type, text: text)
        case .number(let number): element(type, text: number)
        case .boolean(let isTrue): element(type, text: isTrue ? "true" : "false")
        case .period(let start, let end, let endsByDuration):
            element(type) { writer in
                writer.element("start", text: start)
                writer.element(endsByDuration ? "duration" : "end", text: end)
            }
        case .rule(let parts):
            element(type) { writer in
                for part in parts {
                    for value in part.values { writer.element(part.name, text: value) }
                }
            }
        // A structured value stands in the property itself. RFC 6321 §3.4.1
        case .parts(let parts):
            for part in parts { element(part.name, text: part.value) }
        }
    }

    private mutating func element(_ name: String, text: String) {
        element(name) { $0.append(text) }
    }

    private mutating func element(_ name: String, _ content: (inout XCalWriter) -> Void) {
        // No element begins with a digit or a hyphen; names of iCalendar may.
        let isName = name.utf8.first.map { (65...90).contains($0 & 0xDF) } ?? false
        let name = (isName ? "" : "x-") + name.asciiLowercased
        open(name)
        content(&self)
        open("/" + name)
    }

    mutating func open(_ tag: String) {
        octets.append(UInt8(ascii: "<"))
        octets += tag.utf8
        octets.append(UInt8(ascii: ">"))
    }

    private mutating func append(_ text: String) {
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "&"): octets += "&amp;".utf8
            case UInt8(ascii: "<"): octets += "&lt;".utf8
            case UInt8(ascii: ">"): octets += "&gt;".utf8
            case 0x0D: octets += "&#13;".utf8
            // Characters that XML 1.0 cannot hold at all.
            case 0x00..<0x09, 0x0B, 0x0C, 0x0E..<0x20: break
            default: octets.append(octet)
            }
        }
    }
}
