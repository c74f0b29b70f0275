/// One content line: a name, parameters, a value. RFC 5545 §3.1
///
/// A property that was read keeps the octets it was read from until something about it is changed; two properties are
/// equal when name, parameters and value are.
public struct Property: Sendable {
    /// The name in upper case.
    public let name: String

    /// The parameters in the order of the line.
    public var parameters: [Parameter] { didSet { octets = nil } }

    /// The value as it stands in the line: unfolded, still escaped.
    public var value: String { didSet { octets = nil } }

    /// The line as it was read, folds and line end included; nil once changed.
    private(set) var octets: ArraySlice<UInt8>?

    /// Makes a property from a value that is already in iCalendar form.
    public init(_ name: String, parameters: [Parameter] = [], value: String) {
        self.name = name.asciiUppercased
        self.parameters = parameters
        self.value = value
    }

    /// Makes a property from plain text, which is escaped. RFC 5545 §3.3.11
    public init(_ name: String, parameters: [Parameter] = [], text: String) {
        self.init(name, parameters: parameters, value: TextValue.escape(text))
    }

    /// Makes a property of plain texts, written as a comma-separated list.
    public init(_ name: String, parameters: [Parameter] = [], texts: [String]) {
        let value = texts.map(TextValue.escape).joined(separator: ",")
        self.init(name, parameters: parameters, value: value)
    }

    /// Makes a DATE or DATE-TIME property with the VALUE or TZID parameter it needs.
    public init(_ name: String, parameters: [Parameter] = [], _ dateTime: DateTime) {
        var all = parameters.filter { $0.name != "VALUE" && $0.name != "TZID" }
        switch dateTime.form {
        case .date: all.append(Parameter("VALUE", "DATE"))
        case .zoned(let tzid): all.append(Parameter("TZID", tzid))
        case .floating, .utc: break
        }
        self.init(name, parameters: all, value: dateTime.text)
    }

    /// Makes a property as it was read.
    init(name: String, parameters: [Parameter], value: String, octets: ArraySlice<UInt8>) {
        self.name = name
        self.parameters = parameters
        self.value = value
        self.octets = octets
    }

    /// The first value of a parameter; its name in any case.
    public func parameter(_ name: String) -> String? {
        guard !parameters.isEmpty else { return nil }
        let name = name.asciiUppercased
        return parameters.first { $0.name == name }?.values.first
    }
}

extension Property: Hashable {
    public static func == (left: Property, right: Property) -> Bool {
        left.name == right.name && left.value == right.value && left.parameters == right.parameters
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(value)
    }
}
