import ICalendar

/// A guest of an event: an entry of `attendees` upstream, an ATTENDEE here.
struct Attendee: Sendable, Hashable {
    /// The address in lower case, by which guests are known.
    var email: String
    var name: String?
    var response = Response.needsAction
    var isOptional = false
    var isResource = false
    var guests = 0
    var comment: String?

    /// An answer; DELEGATED and others have no counterpart and count as none.
    enum Response: String, Sendable, Hashable {
        case needsAction, accepted, declined, tentative

        var participation: String {
            switch self {
            case .needsAction: "NEEDS-ACTION"
            case .accepted: "ACCEPTED"
            case .declined: "DECLINED"
            case .tentative: "TENTATIVE"
            }
        }

        init(participation: String?) {
            switch participation?.uppercased() {
            case "ACCEPTED": self = .accepted
            case "DECLINED": self = .declined
            case "TENTATIVE": self = .tentative
            default: self = .needsAction
            }
        }
    }
}

// MARK: - Google's form

extension Attendee {
    /// Reads an entry of `attendees`; one without an address cannot be shown.
    init?(_ json: JSON) {
        guard let email = json["email"]?.text else { return nil }
        self.init(email: email.lowercased())
        name = json["displayName"]?.text
        response = json["responseStatus"]?.text.flatMap(Response.init) ?? .needsAction
        isOptional = json["optional"]?.bool ?? false
        isResource = json["resource"]?.bool ?? false
        guests = json["additionalGuests"]?.integer ?? 0
        comment = json["comment"]?.text
    }

    /// The entry to write: what the upstream has of this guest, with our members laid over it.
    func json(over current: JSON?) -> JSON {
        var entry = current ?? .members([("email", .string(email))])
        entry = entry.setting("responseStatus", .string(response.rawValue))
        let optional: [(String, JSON?)] = [
            ("displayName", name.map(JSON.string)),
            ("optional", isOptional ? .bool(true) : nil),
            ("resource", isResource ? .bool(true) : nil),
            ("additionalGuests", guests > 0 ? .integer(guests) : nil),
            ("comment", comment.map(JSON.string)),
        ]
        for (member, value) in optional {
            entry = value.map { entry.setting(member, $0) } ?? entry.removing(member)
        }
        return entry
    }
}

// MARK: - iCalendar's form

extension Attendee {
    /// Reads an ATTENDEE; only mail addresses exist upstream.
    init?(_ property: Property) {
        guard let email = property.mailAddress?.lowercased() else { return nil }
        self.init(email: email)
        name = property.parameter("CN").flatMap { $0.isEmpty ? nil : $0 }
        response = Response(participation: property.parameter("PARTSTAT"))
        isOptional = property.parameter("ROLE")?.uppercased() == "OPT-PARTICIPANT"
        isResource = ["RESOURCE", "ROOM"].contains(property.parameter("CUTYPE")?.uppercased())
        guests = property.parameter("X-NUM-GUESTS").flatMap { Int($0) } ?? 0
        comment = property.parameter("X-RESPONSE-COMMENT")
    }

    /// The guest as ATTENDEE.
    var property: Property {
        var parameters = name.map { [Parameter("CN", $0)] } ?? []
        if isResource { parameters.append(Parameter("CUTYPE", "RESOURCE")) }
        if isOptional { parameters.append(Parameter("ROLE", "OPT-PARTICIPANT")) }
        parameters.append(Parameter("PARTSTAT", response.participation))
        if guests > 0 { parameters.append(Parameter("X-NUM-GUESTS", String(guests))) }
        if let comment { parameters.append(Parameter("X-RESPONSE-COMMENT", comment)) }
        return Property("ATTENDEE", parameters: parameters, value: "mailto:" + email.withoutControls)
    }
}
