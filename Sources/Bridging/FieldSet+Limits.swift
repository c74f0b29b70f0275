public import ICalendar

extension FieldSet {
    /// What an upstream shows of a value, where that is not all of it: what it does not show it says nothing about.
    public struct Limits: Sendable, Hashable {
        /// Whether of the alarms only the first reminder is shown.
        public var showsFirstReminderOnly = false

        /// Under which names categories are shown, and how many; nil where all are shown as they are.
        public var categories: OptionNames?

        /// The zone in which floating times are shown, of an upstream from which no zone comes back; nil where zones do.
        public var forgottenZone: String?

        /// No limits.
        public init() {}
    }

    /// The same fields of an upstream that is told everything, whatever it shows of it.
    public var unlimited: FieldSet {
        var all = self
        all.limits = Limits()
        return all
    }
}

/// Values that are shown as options of a column: on one line, without commas, not too long, and not too many.
public struct OptionNames: Sendable, Hashable {
    /// How many are shown.
    public var maximumCount: Int

    /// The longest name, in UTF-16 code units.
    public static let maximumLength = 100

    /// So many are shown, the first ones.
    public init(maximumCount: Int) { self.maximumCount = maximumCount }

    /// The name under which a value is shown; empty for one that cannot be.
    public static func name(of value: String) -> String {
        var line = ""
        for character in value {
            switch character {
            case "\r\n", "\n", "\r": line.append(" ")
            case ",": line.append(";")
            default:
                let isControl = character.unicodeScalars.allSatisfy {
                    $0.value < 0x20 && $0.value != 9 || $0.value == 0x7F
                }
                if !isControl { line.append(character) }
            }
        }
        var name = ""
        for character in trimmed(line[...]) {
            guard name.utf16.count + character.utf16.count <= maximumLength else { break }
            name.append(character)
        }
        return name
    }

    private static func trimmed(_ text: Substring) -> Substring {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        let tail = text.drop(while: isBlank)
        guard let last = tail.lastIndex(where: { !isBlank($0) }) else { return "" }
        return tail[...last]
    }

    /// The names under which values are shown, each once, whatever its case.
    public func shown(_ values: [String]) -> [String] {
        var seen: Set<String> = []
        let names = values.map(Self.name).filter { !$0.isEmpty && seen.insert($0.lowercased()).inserted }
        return Array(names.prefix(maximumCount))
    }

    /// Our values after a person changed the names that are shown of them.
    ///
    /// A value whose name is still there stays as it is, and so does one whose name was never shown. Those that are shown
    /// come first, so that they stay the ones that are.
    public func values(_ ours: [String], showing names: [String]) -> [String] {
        let wasShown = Set(shown(ours).map { $0.lowercased() })
        let wanted = names.map { $0.lowercased() }
        func isKept(_ value: String) -> Bool { wanted.contains(Self.name(of: value).lowercased()) }
        let kept = ours.filter { isKept($0) }
        let hidden = ours.filter { !isKept($0) && !wasShown.contains(Self.name(of: $0).lowercased()) }
        let known = Set(kept.map { Self.name(of: $0).lowercased() })
        return kept + names.filter { !known.contains($0.lowercased()) } + hidden
    }
}

/// The first alarm of an event that shows a text so many minutes before the start.
public struct FirstReminder: Sendable, Hashable {
    /// Four weeks: what other calendars take, too.
    public static let maximumMinutes = 40_320

    public var minutes: Int

    /// So many minutes before the start.
    public init(minutes: Int) { self.minutes = minutes }

    /// Finds it in an event; nil where there is none that minutes can say.
    public init?(_ event: Component) {
        guard let first = event.components("VALARM").lazy.compactMap(FirstReminder.init(alarm:)).first else {
            return nil
        }
        self = first
    }

    private init?(alarm: Component) {
        let action = alarm.first("ACTION")?.value.uppercased() ?? "DISPLAY"
        guard action == "DISPLAY", let trigger = alarm.first("TRIGGER"),
            trigger.parameter("VALUE")?.uppercased() != "DATE-TIME",
            trigger.parameter("RELATED")?.uppercased() != "END",
            let seconds = CalendarDuration(trigger.value)?.totalSeconds, seconds <= 0, seconds.isMultiple(of: 60),
            seconds >= -Int64(Self.maximumMinutes) * 60
        else { return nil }
        minutes = Int(-seconds / 60)
    }

    /// An alarm that says just this.
    public var alarm: Component {
        Component(
            "VALARM",
            properties: [
                Property("ACTION", value: "DISPLAY"), Property("DESCRIPTION", text: "Reminder"),
                Property("TRIGGER", value: minutes == 0 ? "PT0S" : "-PT\(minutes)M"),
            ]
        )
    }

    /// Alarms of ours after a person changed the one that is shown of them; nil took it away.
    public static func alarms(_ ours: [Component], showing reminder: FirstReminder?) -> [Component] {
        var alarms = ours
        guard let index = ours.firstIndex(where: { FirstReminder(alarm: $0) != nil }) else {
            return ours + (reminder.map { [$0.alarm] } ?? [])
        }
        guard let reminder else {
            alarms.remove(at: index)
            return alarms
        }
        if FirstReminder(alarm: ours[index]) != reminder {
            alarms[index].set("TRIGGER", reminder.alarm.all("TRIGGER"))
        }
        return alarms
    }
}
