import Bridging
import ICalendar

/// What limits a write, apart from what it says.
struct WriteRules {
    /// Whether guests may be written: they may be mailed, and are ours to invite.
    var writesGuests: Bool

    /// What Google keeps of a description; beyond it field reports tell of errors and of loss.
    static let maximumDescription = 8192

    func mayWriteGuests(of resource: EventResource?) -> Bool {
        // A list that was cut would remove the guests it does not name.
        writesGuests && resource?.json["attendeesOmitted"]?.bool != true
    }
}

extension EventDetails {
    /// The members that turn what the upstream says into this; empty when it says this already.
    ///
    /// `current` is what it says, nil for an event to be made; `resource` is where it says so: the record itself, or the
    /// master of an occurrence that has none.
    func changes(
        from current: EventDetails?,
        of resource: EventResource?,
        _ rules: WriteRules
    ) throws(TranslationError) -> [(String, JSON)] {
        var members: [(String, JSON)] = []
        if start != current?.start { members.append(("start", start.json(replacing: current?.start))) }
        if end != current?.end { members.append(("end", end.json(replacing: current?.end))) }
        members += text("summary", summary, current?.summary)
        if let html {
            members += text("description", html, current?.html)
        } else if description != current?.description {
            members.append(("description", try richDescription().map(JSON.string) ?? .null))
        }
        members += text("location", location, current?.location)
        members += source(from: current, of: resource)
        members += flags(from: current)
        members += text("colorId", color?.rawValue, current?.color?.rawValue)
        members += reminders(from: current)
        if rules.mayWriteGuests(of: resource), attendees != current?.attendees ?? [] {
            members.append(("attendees", guestList(over: resource)))
        } else if let answered = answeredList(over: resource) {
            members.append(("attendees", answered))
        }
        let marks = marks(from: current, of: resource)
        if current != nil, !marks.isEmpty {
            members.append(("extendedProperties", .members([("private", .members(marks))])))
        }
        return members
    }

    /// The writes to an occurrence that may be cancelled and may hold anything now: what is not said is cleared.
    ///
    /// Only `confirmed` brings a cancelled one back; another status has to follow.
    func revival(
        _ id: String,
        of resource: EventResource,
        _ series: String,
        _ revision: String?,
        _ rules: WriteRules
    ) throws(TranslationError) -> [RecordWrite] {
        var members = try changes(from: nil, of: resource, rules).filter { $0.0 != "status" }
        members.append(("status", .string(EventStatus.confirmed.upstream)))
        if resource.usesDefaultReminders, reminders == resource.details.reminders, !resource.hasRemindersMark {
            // Spelled out, they would no longer follow the calendar's.
            members.removeAll { $0.0 == "reminders" }
            members.append(("reminders", .members([("useDefault", .bool(true))])))
        } else if reminders.isEmpty, !start.isDay, resource.details.reminders != [] {
            members.append(explicitReminders)
        }
        if status == .cancelled {
            members.append(("extendedProperties", .members([("private", .members([statusMark]))])))
        }
        for name in ["summary", "description", "location", "transparency", "colorId"]
        where !members.contains(where: { $0.0 == name }) {
            members.append((name, .null))
        }
        let whole = RecordWrite.update(id, series, revision, members)
        guard status.upstream != EventStatus.confirmed.upstream else { return whole }
        return whole + RecordWrite.update(id, series, nil, [("status", .string(status.upstream))])
    }

    /// The private properties that say what the resource itself cannot.
    func marks(from current: EventDetails?, of resource: EventResource?) -> [(String, JSON)] {
        var marks: [(String, JSON)] = []
        if status == .cancelled,
            current?.status != .cancelled || current?.isTransparent != isTransparent
        {
            marks.append(statusMark)
        } else if status != .cancelled, current?.status == .cancelled {
            marks.append((OurMark.statusKey, .null))
        }
        if current == nil, leavesReminders {
            marks.append((OurMark.remindersKey, .string(OurMark.unsetReminders)))
        } else if let current, current.reminders != reminders, resource?.hasRemindersMark == true {
            marks.append((OurMark.remindersKey, .null))
        }
        return marks
    }

    private var statusMark: (String, JSON) {
        (OurMark.statusKey, .string(isTransparent ? OurMark.cancelledTransparent : OurMark.cancelled))
    }

    /// Whether an event to be made leaves its alarms to the calendar.
    ///
    /// On a whole day Google would spell the defaults out, and they could not be told from alarms somebody set.
    private var leavesReminders: Bool { reminders.isEmpty && !start.isDay }

    private func text(_ name: String, _ value: String?, _ current: String?) -> [(String, JSON)] {
        value == current ? [] : [(name, value.map(JSON.string) ?? .null)]
    }

    private func richDescription() throws(TranslationError) -> String? {
        let text = description.map { RichText(plain: $0).source }
        guard (text?.unicodeScalars.count ?? 0) <= WriteRules.maximumDescription else {
            throw .unsupported(
                "The description is longer than the \(WriteRules.maximumDescription) characters Google Calendar keeps."
            )
        }
        return text
    }

    private func source(from current: EventDetails?, of resource: EventResource?) -> [(String, JSON)] {
        guard url != current?.url else { return [] }
        guard let url else { return [("source", .null)] }
        // The old title described the old page.
        let title: [(String, JSON)] =
            resource?.json["source"]?["title"] == nil ? [] : [("title", .null)]
        return [("source", .members([("url", .string(url))] + title))]
    }

    private func flags(from current: EventDetails?) -> [(String, JSON)] {
        var members: [(String, JSON)] = []
        let old = current ?? EventDetails(start: start, end: end)
        if status.upstream != old.status.upstream {
            members.append(("status", .string(status.upstream)))
        }
        if takesNoTime != old.takesNoTime {
            members.append(("transparency", .string(takesNoTime ? "transparent" : "opaque")))
        }
        if visibility != old.visibility { members.append(("visibility", .string(visibility.rawValue))) }
        return members
    }

    /// Whether it takes up no time upstream: a cancelled event never does.
    private var takesNoTime: Bool { isTransparent || status == .cancelled }

    private func reminders(from current: EventDetails?) -> [(String, JSON)] {
        let isSilent = current == nil ? leavesReminders : current?.reminders == reminders
        guard !isSilent else { return [] }
        return [explicitReminders]
    }

    /// The reminders without the calendar's defaults.
    ///
    /// Overrides are sent even if there are none: stored ones would stay.
    private var explicitReminders: (String, JSON) {
        let overrides = reminders.sorted().map(\.json)
        return (
            "reminders", .members([("useDefault", .bool(false)), ("overrides", .array(overrides))])
        )
    }

    /// Google's own list of guests with the account's answer changed; nil where that is what it was.
    ///
    /// Who answers invites nobody: this is written whoever may be mailed, though never into a list that was cut.
    private func answeredList(over resource: EventResource?) -> JSON? {
        guard let known = resource?.json["attendees"]?.elements, resource?.json["attendeesOmitted"]?.bool != true,
            let index = known.firstIndex(where: { $0["self"]?.bool == true }), let former = Attendee(known[index]),
            let wanted = attendees.first(where: { $0.email == former.email }), wanted.response != former.response
        else { return nil }
        var guests = known
        guests[index] = known[index].setting("responseStatus", .string(wanted.response.rawValue))
        return .array(guests)
    }

    private func guestList(over resource: EventResource?) -> JSON {
        let known = resource?.json["attendees"]?.elements ?? []
        return .array(
            attendees.map { attendee in
                attendee.json(over: known.first { $0["email"]?.text?.lowercased() == attendee.email })
            }
        )
    }
}

extension EventStatus {
    /// The status upstream, where cancelled would mean deleted.
    fileprivate var upstream: String {
        switch self {
        case .confirmed: "confirmed"
        case .tentative, .cancelled: "tentative"
        }
    }
}

extension EventResource {
    /// Whether it says that its alarms were left to the calendar when it was made here.
    var hasRemindersMark: Bool {
        json["extendedProperties"]?["private"]?[OurMark.remindersKey]?.text != nil
    }
}
