extension Component {
    /// The component as jCal, the JSON form of calendar data. RFC 7265 §3
    public var jCal: [UInt8] {
        var writer = JCalWriter()
        writer.append(self)
        return writer.octets
    }
}

/// Writes jCal; arrays and objects in the order of the content lines.
private struct JCalWriter {
    private(set) var octets: [UInt8] = []

    mutating func append(_ component: Component) {
        put("[")
        append(component.name.asciiLowercased)
        put(",")
        list(component.properties) { $0.append(TypedProperty($1)) }
        put(",")
        list(component.components) { $0.append($1) }
        put("]")
    }

    private mutating func append(_ property: TypedProperty) {
        put("[")
        append(property.name)
        put(",{")
        separated(property.parameters) { writer, parameter in
            writer.append(parameter.name.asciiLowercased)
            writer.put(":")
            if parameter.values.count == 1 {
                writer.append(parameter.values[0])
            } else {
                writer.list(parameter.values) { $0.append($1) }
            }
        }
        put("},")
        append(property.type)
        for value in property.values {
            put(",")
            append(value)
        }
        put("]")
    }

    private mutating func append(_ value: TypedValue) {
        switch value {
        case .string(let text): append(text)
        case .number(let number): put(number)
        case .boolean(let isTrue): put(isTrue ? "true" : "false")
        case .period(let start, let end, endsByDuration: _): list([start, end]) { $0.append($1) }
        case .parts(let parts): list(parts) { $0.append($1.value, isNumber: $1.isNumber) }
        case .rule(let parts):
            put("{")
            separated(parts) { writer, part in
                writer.append(part.name)
                writer.put(":")
                if part.values.count == 1 {
                    writer.append(part.values[0], isNumber: part.isNumber)
                } else {
                    writer.list(part.values) { $0.append($1, isNumber: part.isNumber) }
                }
            }
            put("}")
        }
    }

    private mutating func append(_ value: String, isNumber: Bool) {
        if isNumber { put(value) } else { append(value) }
    }

    /// A JSON string. RFC 8259 §7
    private mutating func append(_ text: String) {
        put("\"")
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                octets += [UInt8(ascii: "\\"), octet]
            case 0x0A: put("\\n")
            case 0x00..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                put("\\u00")
                octets += [digits[Int(octet >> 4)], digits[Int(octet & 15)]]
            default: octets.append(octet)
            }
        }
        put("\"")
    }

    private mutating func list<Item>(_ items: [Item], _ write: (inout JCalWriter, Item) -> Void) {
        put("[")
        separated(items, write)
        put("]")
    }

    private mutating func separated<Item>(_ items: [Item], _ write: (inout JCalWriter, Item) -> Void) {
        for (index, item) in items.enumerated() {
            if index > 0 { put(",") }
            write(&self, item)
        }
    }

    private mutating func put(_ text: String) { octets += text.utf8 }
}
