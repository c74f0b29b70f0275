import ICalendar

extension EventResource {
    /// The VEVENT of this resource.
    ///
    /// The text depends on nothing but the resource, so that an unchanged event keeps its ETag.
    ///
    /// `excluded` are the occurrences that exceptions of their own cancel; `original` is, of an override, the occurrence it
    /// replaces; `account` is whom alarms by mail go to.
    func component(
        uid: Property,
        excluding excluded: Set<Slot> = [],
        replacing original: EventTime? = nil,
        account: @autoclosure () -> String
    ) -> Component {
        var properties = [uid] + stamps
        if let original { properties.append(Property("RECURRENCE-ID", original.dateTime)) }
        properties += times
        if original == nil {
            properties += recurrence.properties(start: details.start, excluding: excluded)
        }
        properties += texts + flags + people + conference
        return Component("VEVENT", properties: properties, components: alarms(account: account))
    }

    /// DTSTAMP, CREATED, LAST-MODIFIED and SEQUENCE.
    private var stamps: [Property] {
        let created = json["created"]?.text.flatMap(Instant.init(rfc3339:))
        let updated = json["updated"]?.text.flatMap(Instant.init(rfc3339:))
        let stamp = updated ?? created ?? Instant(seconds: 0)
        let times = [("DTSTAMP", stamp), ("CREATED", created), ("LAST-MODIFIED", updated)]
        let sequence = json["sequence"]?.integer.flatMap {
            $0 > 0 ? Property("SEQUENCE", value: String($0)) : nil
        }
        return times.compactMap { name, time in
            time.map { Property(name, Zones.iana.local($0, form: .utc)) }
        } + (sequence.map { [$0] } ?? [])
    }

    /// DTSTART and DTEND; an event without length has no DTEND, which would have to be later.
    private var times: [Property] {
        // A series goes by the wall clock of its start.
        let start = recurrence.isEmpty ? details.start.exactDateTime : details.start.dateTime
        let begin = Property("DTSTART", start)
        return details.end == details.start ? [begin] : [begin, Property("DTEND", details.end.exactDateTime)]
    }

    private var texts: [Property] {
        let texts = [
            details.summary.map { Property("SUMMARY", text: $0) },
            details.description.map { Property("DESCRIPTION", text: $0) },
            details.html.map {
                Property("X-ALT-DESC", parameters: [Parameter("FMTTYPE", "text/html")], text: $0)
            },
            details.location.map { Property("LOCATION", text: $0) },
            details.url.map { Property("URL", value: $0.withoutControls) },
        ]
        return texts.compactMap { $0 }
    }

    /// What is left out upstream because it is the default is left out here too.
    private var flags: [Property] {
        let status: String? =
            switch details.status {
            case .confirmed: nil
            case .tentative: "TENTATIVE"
            case .cancelled: "CANCELLED"
            }
        let flags = [
            status.map { Property("STATUS", value: $0) },
            details.isTransparent ? Property("TRANSP", value: "TRANSPARENT") : nil,
            details.visibility.classification.map { Property("CLASS", value: $0) },
            details.color.map { Property("COLOR", value: $0.cssName) },
        ]
        return flags.compactMap { $0 }
    }

    /// ORGANIZER and ATTENDEE; without guests there is nobody to organise.
    private var people: [Property] {
        guard !details.attendees.isEmpty else { return [] }
        let organizer = json["organizer"]?["email"]?.text.map { email in
            let name = json["organizer"]?["displayName"]?.text
            return Property(
                "ORGANIZER",
                parameters: name.map { [Parameter("CN", $0)] } ?? [],
                value: "mailto:" + email.withoutControls
            )
        }
        return (organizer.map { [$0] } ?? []) + details.attendees.map(\.property)
    }

    /// CONFERENCE (RFC 7986 §5.11) for each way in, and Google's own property for its meetings.
    private var conference: [Property] {
        let entries = (json["conferenceData"]?["entryPoints"]?.elements ?? []).compactMap {
            entry -> Property? in
            guard let uri = entry["uri"]?.text else { return nil }
            let features = ["video": "VIDEO", "phone": "PHONE", "sip": "AUDIO"]
            var parameters = [Parameter("VALUE", "URI")]
            if let feature = entry["entryPointType"]?.text.flatMap({ features[$0] }) {
                parameters.append(Parameter("FEATURE", feature))
            }
            if let label = entry["label"]?.text { parameters.append(Parameter("LABEL", label)) }
            return Property("CONFERENCE", parameters: parameters, value: uri.withoutControls)
        }
        let meeting = json["hangoutLink"]?.text.map {
            Property("X-GOOGLE-CONFERENCE", value: $0.withoutControls)
        }
        return entries + (meeting.map { [$0] } ?? [])
    }

    /// A VALARM for each reminder, in a fixed order: upstream has none.
    private func alarms(account: () -> String) -> [Component] {
        details.reminders.sorted().map { reminder in
            let summary = details.summary ?? "Reminder"
            var properties = [
                Property("ACTION", value: reminder.method == .email ? "EMAIL" : "DISPLAY"),
                Property("TRIGGER", value: reminder.trigger),
                Property("DESCRIPTION", text: summary),
            ]
            if reminder.method == .email {
                properties.append(Property("SUMMARY", text: summary))
                properties.append(Property("ATTENDEE", value: "mailto:" + account().withoutControls))
            }
            if usesDefaultReminders {
                properties.append(Property("X-GOOGLE-DEFAULT-REMINDER", value: "TRUE"))
            }
            return Component("VALARM", properties: properties)
        }
    }
}

extension Reminder {
    /// The TRIGGER in the largest unit that fits.
    var trigger: String {
        if minutes == 0 { return "PT0S" }
        if minutes % 1440 == 0 { return "-P\(minutes / 1440)D" }
        return minutes % 60 == 0 ? "-PT\(minutes / 60)H" : "-PT\(minutes)M"
    }
}
