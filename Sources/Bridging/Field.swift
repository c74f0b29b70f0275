/// A group of iCalendar properties that is compared, merged and overlaid as one.
///
/// Properties that must move together are one field: a changed rule with the old start would be another event.
public enum Field: String, Sendable, Hashable, CaseIterable, Codable {
    /// DTSTART, DTEND, DURATION, RRULE, RDATE, EXDATE, and when an override takes place.
    case schedule
    case summary
    case description
    case location
    case url
    case status
    case transparency
    case classification
    case categories
    case color
    /// ATTENDEE and ORGANIZER.
    case attendees
    /// The account's own PARTSTAT, where an upstream takes it though it takes no guests.
    case answer
    case alarms
    case priority
    /// CONFERENCE and X-GOOGLE-CONFERENCE: read, never written.
    case conference
    case comment
    /// ATTACH.
    case attachments
}

/// What an upstream can hold.
public struct FieldSet: Sendable, Hashable {
    /// Fields that travel both ways.
    public var writable: Set<Field> { didSet { all = writable.union(readOnly) } }

    /// Fields that come down but never go up.
    public var readOnly: Set<Field> { didSet { all = writable.union(readOnly) } }

    /// Those of them that the upstream works out: what is written here instead is put back.
    public var computed: Set<Field> = []

    /// Everything that is compared.
    public private(set) var all: Set<Field>

    /// Which overrides of single occurrences travel.
    public enum Overrides: String, Sendable, Hashable {
        /// None: they stay on our side.
        case none
        /// Those of occurrences that the upstream shows; that it does not have another says nothing of that one.
        case some
        /// All: one that the upstream does not have does not exist.
        case all
    }

    /// Which overrides of single occurrences travel; the others stay on our side.
    public var overrides: Overrides

    /// Whether any override travels.
    public var holdsOverrides: Bool { overrides != .none }

    /// What the upstream shows of a value, where that is not all of it.
    public var limits = Limits()

    /// The only people the upstream can hold as guests, by nothing but their address; nil where it can hold everybody.
    public var members: Members?

    /// The addresses, in lower case, of which one is the account's own as a guest; its answer is then a field of its own.
    public var own: Set<String> = []

    /// Whether a description may have a form in HTML (X-ALT-DESC) besides its text.
    public var holdsRichText = false

    /// People whom an upstream knows.
    public struct Members: Sendable, Hashable {
        /// Their mail addresses, in lower case.
        public var mails: Set<String>
        /// Tells one membership from another.
        public var mark: String

        /// Names people.
        public init(mails: Set<String>, mark: String) {
            self.mails = mails
            self.mark = mark
        }
    }

    /// Names what an upstream can hold.
    public init(
        writable: Set<Field>,
        readOnly: Set<Field> = [],
        holdsOverrides: Bool,
        members: Members? = nil
    ) {
        self.init(writable: writable, readOnly: readOnly, overrides: holdsOverrides ? .all : .none, members: members)
    }

    /// Names what an upstream can hold.
    public init(
        writable: Set<Field>,
        readOnly: Set<Field> = [],
        overrides: Overrides,
        members: Members? = nil
    ) {
        self.writable = writable
        self.readOnly = readOnly
        all = writable.union(readOnly)
        self.overrides = overrides
        self.members = members
    }
}
