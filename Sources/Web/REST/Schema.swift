/// What a JSON value may be.
///
/// One description serves three: what OpenAPI says of it, what a request is held to, and the input of a tool.
struct Schema: Sendable {
    /// The shape of a value.
    indirect enum Shape: Sendable {
        case anything
        case truth
        case integer(ClosedRange<Int64>)
        case text(Text)
        case list(of: Schema)
        case object([Member], isOpen: Bool)
        /// An object whose names are data.
        case table(of: Schema)
        case either([Schema])
        /// One of ``Schemas/named``.
        case named(String)
    }

    /// The bounds of a text.
    struct Text: Sendable {
        var minimum = 0
        var maximum: Int?
        var format: String?
        var choices: [String] = []
    }

    /// A member of an object.
    struct Member: Sendable {
        var name: String
        var schema: Schema
        var isRequired: Bool
    }

    var shape: Shape
    var isNullable = false
    var note: String?

    init(_ shape: Shape, _ note: String? = nil) {
        self.shape = shape
        self.note = note
    }

    /// The same, or null.
    var orNull: Schema {
        var schema = self
        schema.isNullable = true
        return schema
    }

    func noted(_ note: String) -> Schema {
        var schema = self
        schema.note = note
        return schema
    }
}

extension Schema {
    static let anything = Schema(.anything)
    static let truth = Schema(.truth)
    static let text = Schema(.text(Text()))
    static let identifier = Schema(.integer(1...Int64.max))
    static let count = Schema(.integer(0...Int64.max))
    static let time = Schema(.text(Text(format: "date-time")))
    static let anyObject = Schema(.object([], isOpen: true))

    static func text(_ length: ClosedRange<Int>) -> Schema {
        Schema(.text(Text(minimum: length.lowerBound, maximum: length.upperBound)))
    }

    static func choice(_ choices: [String]) -> Schema { Schema(.text(Text(choices: choices))) }

    static func choice<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> Schema {
        choice(Choice.allCases.map(\.rawValue))
    }

    static func list(of schema: Schema) -> Schema { Schema(.list(of: schema)) }

    static func named(_ name: String) -> Schema { Schema(.named(name)) }

    /// An object; a name that ends in `?` may be missing.
    static func object(_ members: KeyValuePairs<String, Schema>) -> Schema {
        Schema(
            .object(
                members.map { name, schema in
                    name.hasSuffix("?")
                        ? Member(name: String(name.dropLast()), schema: schema, isRequired: false)
                        : Member(name: name, schema: schema, isRequired: true)
                },
                isOpen: true
            )
        )
    }

    /// One page of a list.
    static func page(of schema: Schema) -> Schema {
        .object(["items": .list(of: schema), "next": text.orNull.noted("the cursor of the next page")])
    }

    /// The members of an object; none for anything else.
    var members: [Member] { if case .object(let members, _) = shape { members } else { [] } }
}

// MARK: As JSON Schema

extension Schema {
    /// The JSON Schema (2020-12) of it.
    ///
    /// - Parameter inlining: whether named schemas are written out, for readers that cannot follow a reference.
    /// - Returns: a JSON Schema object.
    func json(inlining: Bool = false) -> JSON {
        var members: [String: JSON]
        switch shape {
        case .anything: members = [:]
        case .truth: members = ["type": "boolean"]
        case .integer(let range): members = Self.json(range)
        case .text(let text): members = Self.json(text)
        case .list(let element): members = ["type": "array", "items": element.json(inlining: inlining)]
        case .object(let list, let isOpen): members = Self.json(list, isOpen, inlining)
        case .table(let element):
            members = ["type": "object", "additionalProperties": element.json(inlining: inlining)]
        case .either(let choices): members = ["anyOf": .array(choices.map { $0.json(inlining: inlining) })]
        case .named(let name):
            let meant = Schemas.named[name]
            members =
                inlining
                ? meant?.json(inlining: true).object ?? [:] : ["$ref": .string("#/components/schemas/" + name)]
        }
        if isNullable { members = Self.orNull(members) }
        if let note { members["description"] = .string(note) }
        return .object(members)
    }

    private static func orNull(_ members: [String: JSON]) -> [String: JSON] {
        guard let type = members["type"] else {
            return members.isEmpty ? [:] : ["anyOf": [.object(members), ["type": "null"]]]
        }
        var members = members
        members["type"] = [type, "null"]
        if let choices = members["enum"]?.array { members["enum"] = .array(choices + [.null]) }
        return members
    }

    private static func json(_ range: ClosedRange<Int64>) -> [String: JSON] {
        var members: [String: JSON] = ["type": "integer", "format": "int64"]
        if range.lowerBound != Int64.min { members["minimum"] = .integer(range.lowerBound) }
        members["maximum"] = .integer(range.upperBound)
        return members
    }

    private static func json(_ text: Text) -> [String: JSON] {
        var members: [String: JSON] = ["type": "string"]
        if text.minimum > 0 { members["minLength"] = .integer(text.minimum) }
        if let maximum = text.maximum { members["maxLength"] = .integer(maximum) }
        if let format = text.format { members["format"] = .string(format) }
        if !text.choices.isEmpty { members["enum"] = .array(text.choices.map(JSON.string)) }
        return members
    }

    private static func json(_ list: [Member], _ isOpen: Bool, _ inlining: Bool) -> [String: JSON] {
        var members: [String: JSON] = ["type": "object"]
        let properties = list.map { ($0.name, $0.schema.json(inlining: inlining)) }
        members["properties"] = .object(Dictionary(properties, uniquingKeysWith: { $1 }))
        let required = list.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { members["required"] = .array(required) }
        if !isOpen { members["additionalProperties"] = false }
        return members
    }
}

// MARK: Holding a value to it

extension Schema {
    /// What is wrong with a value, in one sentence; nil where nothing is.
    func problem(of value: JSON, called name: String) -> String? {
        if isNullable, value == .null { return nil }
        switch shape {
        case .anything: return nil
        case .truth: return value.bool == nil ? "\(name) must be true or false." : nil
        case .integer(let range):
            guard let number = value.integer else { return "\(name) must be a whole number." }
            return range.contains(number)
                ? nil : "\(name) must be between \(range.lowerBound) and \(range.upperBound)."
        case .text(let text): return Self.problem(of: value, called: name, text)
        case .list(let element):
            guard let elements = value.array else { return "\(name) must be a list." }
            return elements.lazy.compactMap { element.problem(of: $0, called: "an element of \(name)") }.first
        case .object(let members, let isOpen):
            guard let object = value.object else { return "\(name) must be an object." }
            return Self.problem(of: object, called: name, members, isOpen)
        case .table(let element):
            guard let object = value.object else { return "\(name) must be an object." }
            return object.sorted { $0.key < $1.key }.lazy
                .compactMap { element.problem(of: $0.value, called: $0.key) }.first
        case .either(let choices):
            let problems = choices.compactMap { $0.problem(of: value, called: name) }
            return problems.count < choices.count ? nil : problems.first
        case .named(let other): return Schemas.named[other]?.problem(of: value, called: name)
        }
    }

    private static func problem(of value: JSON, called name: String, _ text: Text) -> String? {
        guard let given = value.string else { return "\(name) must be a text." }
        guard text.choices.isEmpty || text.choices.contains(given) else {
            return "\(name) must be one of: \(text.choices.joined(separator: ", "))."
        }
        let length = given.unicodeScalars.count
        guard length >= text.minimum else { return "\(name) is empty." }
        if let maximum = text.maximum, length > maximum { return "\(name) has more than \(maximum) characters." }
        return nil
    }

    private static func problem(
        of object: [String: JSON],
        called name: String,
        _ members: [Member],
        _ isOpen: Bool
    ) -> String? {
        for member in members {
            guard let value = object[member.name] else {
                if member.isRequired { return "\(member.name) is missing." }
                continue
            }
            if let problem = member.schema.problem(of: value, called: member.name) { return problem }
        }
        guard !isOpen else { return nil }
        let known = Set(members.map(\.name))
        return object.keys.sorted().first { !known.contains($0) }.map { "\($0) is not known in \(name)." }
    }
}
