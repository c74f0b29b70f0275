/// What this server accepts, as numbers.
public enum CalendarLimits {
    /// The largest calendar object; larger than any real one (inline attachments aside), small enough to parse at once.
    public static let maximumOctets = 1_048_576

    /// How deep components nest; real data needs 4 (VCALENDAR, VEVENT, VALARM, VLOCATION), recursion must be bounded.
    public static let maximumDepth = 8

    /// The longest logical line: an inline attachment of 384 kB in base64.
    public static let maximumLineOctets = 524_288

    /// How many ATTENDEE properties one component may have; mailing beyond that is a list's work.
    public static let maximumAttendees = 1_000

    /// How many VALARMs one component may have; people set a handful, and a query of alarms expands the series for each.
    public static let maximumAlarms = 100

    /// How many overrides a series may have: nine years of a daily event each of which was changed.
    ///
    /// Laying them over the series takes time by their square.
    public static let maximumOverrides = 3_000

    /// How many STANDARD and DAYLIGHT parts a VTIMEZONE may have: the longest history of a zone has 250.
    public static let maximumObservances = 1_000

    /// How many changes of the clock the rules of a VTIMEZONE may make from 1900 to 2440: two a year are 1,080.
    public static let maximumOnsets = 4_000

    /// How many VTIMEZONEs an object may bring; an event happens in two or three.
    public static let maximumTimeZones = 50

    /// How many candidate days the rules of one VTIMEZONE may try: twenty yearly rules in force for all time.
    public static let maximumZoneSteps = 400_000

    /// How many occurrences one expansion may yield: 27 years of a daily event.
    public static let maximumInstances = 10_000

    /// How many candidate days or times all rules of one expansion may try; stops rules that hardly ever match.
    ///
    /// Enough for 2,700 years of days; some 20 ms.
    public static let maximumRuleSteps = 1_000_000

    /// How many times one period of a rule may have: every second of a day is still possible, of a year it is not.
    public static let maximumPeriodTimes = 100_000

    /// How many rules (RRULE, EXRULE) one component may have; more than one is already deprecated.
    public static let maximumRules = 8

    /// How many values RDATE and EXDATE of one component may have together.
    public static let maximumDates = 10_000

    /// The earliest date of a component: the first whole year of the Gregorian calendar.
    public static let minimumDate = Instant(seconds: -12_212_553_600)

    /// The latest date of a component: the last second iCalendar can write.
    public static let maximumDate = Instant(seconds: 253_402_300_799)
}
