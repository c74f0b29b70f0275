/// A property whose values have been read by their type, for the forms of calendar data that tell types apart.
///
/// RFC 7265 §3.4, RFC 6321 §3.4. What cannot be read by its type is of the type `unknown`, with the value as it stands.
struct TypedProperty: Sendable, Hashable {
    /// The name in lower case.
    let name: String

    /// The parameters but for VALUE, each name once.
    let parameters: [Parameter]

    /// The type in lower case: `date-time`.
    let type: String

    let values: [TypedValue]

    init(_ property: Property) {
        name = property.name.asciiLowercased
        parameters = Self.merged(property.parameters.filter { $0.name != "VALUE" })
        let declared = property.parameter("VALUE")?.asciiLowercased
        let type = declared ?? ValueTypes.defaults[property.name] ?? Self.unknown
        let values = Self.values(of: property, type)
        let dated = type == "date-time" && values == nil ? Self.values(of: property, "date") : nil
        if let values {
            self.type = type
            self.values = values
        } else if let dated {
            // Eight digits are a date even where nothing says so.
            self.type = "date"
            self.values = dated
        } else {
            self.type = Self.unknown
            self.values = [.string(property.value)]
        }
    }

    static let unknown = "unknown"

    private static func merged(_ parameters: [Parameter]) -> [Parameter] {
        parameters.reduce(into: []) { merged, parameter in
            guard let index = merged.firstIndex(where: { $0.name == parameter.name }) else {
                return merged.append(parameter)
            }
            merged[index] = Parameter(parameter.name, merged[index].values + parameter.values)
        }
    }

    /// The values by a type; nil where one of them is none of that type.
    private static func values(of property: Property, _ type: String) -> [TypedValue]? {
        switch property.name {
        case "GEO": return TypedValue.position(property.value).map { [$0] }
        case "REQUEST-STATUS": return TypedValue.status(property.value).map { [$0] }
        default: break
        }
        guard type != unknown else { return [.string(property.value)] }
        let isList = ValueTypes.lists.contains(property.name)
        if type == "text" { return (isList ? property.texts : [property.text]).map { .string($0) } }
        let texts = isList ? property.value.split(separator: ",").map(String.init) : [property.value]
        var values: [TypedValue] = []
        for text in texts {
            guard let value = TypedValue(text, type) else { return nil }
            values.append(value)
        }
        return values.isEmpty ? nil : values
    }
}

/// The types that the standards give to properties.
enum ValueTypes {
    /// The type of a property without VALUE, by its name. RFC 5545 §3.7, §3.8, RFC 7986 §5, RFC 9073 §6, RFC 9253 §8
    static let defaults: [String: String] = {
        var types: [String: String] = [:]
        for (type, names) in byType {
            for name in names.split(separator: " ") { types[String(name)] = type }
        }
        return types
    }()

    private static let byType = [
        "text": """
        CALSCALE METHOD PRODID VERSION CATEGORIES CLASS COMMENT DESCRIPTION LOCATION RESOURCES STATUS SUMMARY TRANSP TZID \
        TZNAME CONTACT RELATED-TO UID ACTION REQUEST-STATUS NAME COLOR BUSYTYPE LOCATION-TYPE PARTICIPANT-TYPE \
        RESOURCE-TYPE STYLED-DESCRIPTION PROXIMITY REFID
        """,
        "uri": "ATTACH TZURL URL SOURCE IMAGE CONFERENCE STRUCTURED-DATA LINK CONCEPT",
        "cal-address": "ATTENDEE ORGANIZER CALENDAR-ADDRESS",
        "float": "GEO",
        "integer": "PERCENT-COMPLETE PRIORITY REPEAT SEQUENCE",
        "date-time": """
        COMPLETED DTEND DUE DTSTART RECURRENCE-ID EXDATE RDATE CREATED DTSTAMP LAST-MODIFIED ACKNOWLEDGED TZUNTIL
        """,
        "duration": "DURATION TRIGGER REFRESH-INTERVAL",
        "period": "FREEBUSY",
        "utc-offset": "TZOFFSETFROM TZOFFSETTO",
        "recur": "RRULE EXRULE",
    ]

    /// The properties whose value is a list separated by commas. RFC 7265 §3.4.1.2
    static let lists: Set<String> = ["CATEGORIES", "RESOURCES", "EXDATE", "RDATE", "FREEBUSY"]

    /// The types of the values of parameters; the others are texts. RFC 6321 §3.5
    static func parameterType(_ name: String) -> String {
        switch name {
        case "ALTREP", "DIR": "uri"
        case "DELEGATED-FROM", "DELEGATED-TO", "MEMBER", "SENT-BY": "cal-address"
        case "RSVP": "boolean"
        default: "text"
        }
    }
}

extension String {
    /// The text with A–Z lowered.
    var asciiLowercased: String {
        guard utf8.contains(where: { $0 >= 65 && $0 <= 90 }) else { return self }
        return String(decoding: utf8.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }, as: UTF8.self)
    }
}
