import Bridging
import ICalendar
import Reconcile
import Store

/// An item as our calendar has it.
struct LocalItem: Sendable {
    var stored: StoredObject
    var object: CalendarObject
    /// The event as the upstream may see it, which is what is compared.
    var outgoing: CalendarObject
    var fields: Fields
}

/// An item as its upstream has it.
struct RemoteItem: Sendable {
    var digest: String
    var object: CalendarObject
    var fields: Fields
    var modified: Instant?
}

/// Whose an event was before it was on both sides.
enum Origin: String, Sendable {
    case gateway, upstream
    /// Both sides had it before they were linked.
    case both
}

/// What was last agreed on one item.
struct AgreedItem: Sendable {
    var series: String?
    var agreement: Agreement
    /// What was agreed on fields that the upstream has no place for at present; once it has, that counts again.
    var dormant = Agreement(local: [:], remote: [:])
    var localText: String
    var remoteText: String
    var localDigest: String
    var remoteDigest: String
    var origin: Origin
    /// Whether a person ended the agreement: only the origin still counts.
    var isVoid: Bool

    /// Our event as it was when both agreed; nil where that was never noted.
    func localObject() throws -> CalendarObject? { localText.isEmpty ? nil : try CalendarObject(parsing: localText) }
}

/// What is remembered of an event that was agreed on once.
struct DepartedItem: Sendable {
    var origin: Origin

    /// Our event as it was when it was deleted; nil where it is there, or that was too long ago.
    var text: String?

    /// That event: brought back upstream, it regains what only we had of it.
    func object() throws -> CalendarObject? { try text.map { try CalendarObject(parsing: $0) } }
}

/// What is to be told apart about an item that waits.
struct WaitingItem: Sendable {
    var attempts: Int
    var dueAt: Instant?
    var localDigest: String
    var remoteDigest: String
    /// Whether it was found changed upstream when it was to be written.
    var isDisputed: Bool
    /// The event before the first of its writes, where the upstream took some of them and not all.
    var undo: String?
}

/// One item as the database has it in one moment.
struct SnapshotItem: Sendable {
    var uid: String
    var local: LocalItem?
    var remote: RemoteItem?
    var base: AgreedItem?
    /// What is remembered of an event that both sides had before, and that is in no agreement now.
    var departed: DepartedItem?
    /// The series upstream, even while it is no event.
    var series: String?
    /// All records of the series.
    var records: [UpstreamRecord] = []
    /// A write that may have reached the upstream without our knowing.
    var intent: Intent?
    var retry: WaitingItem?
    /// Whether the upstream may know the times of the event only.
    var isVeiled = false
    /// Occurrences that the schedule of the side that changed it has no place for.
    var placeless: Set<String> = []
    /// Whether the upstream has made other, new events of a part of the series.
    var isSplitThere = false
    /// Whether it is a new part of a series upstream that was in step: what was here with the rest of it stays, filters or not.
    var isPartOfKnown = false
    /// How the other links of the calendar stand to it.
    var elsewhere: [LinkID: OtherHolding] = [:]
    /// Whether the upstream has a guest's own copy of a meeting that is here over the organizer's link, too.
    var isGuestCopy = false
    /// Whether its guests are told over another link.
    var isToldElsewhere = false
    /// Of a conflict that waits for the person, what was seen when it was found.
    var conflict: (local: String, remote: String)?

    enum Intent: Sendable {
        /// The text that was to be created.
        case creation(String)
        case change(UnansweredWrite)

        var isCreation: Bool {
            if case .creation = self { return true }
            return false
        }
    }

    /// The fields of those whose occurrences the upstream shows, or did when both agreed: of another one it says nothing but that
    /// it does not take place.
    func shown(_ fields: Fields) -> Fields { fields.filter { $0.value == FieldKey.cancelled || isShown($0.key) } }

    /// Whether the upstream shows what a field is of, or did when both agreed.
    func isShown(_ field: FieldKey) -> Bool {
        guard let occurrence = field.occurrence else { return true }
        return remote?.fields.keys.contains { $0.occurrence == occurrence } ?? false
            || base?.agreement.remote.keys.contains { $0.occurrence == occurrence } ?? false
    }

    var localDigest: String { local?.stored.etag.rawValue ?? MirroredObject.noDigest }
    var remoteDigest: String { remote?.digest ?? MirroredObject.noDigest }
    var summary: String? { local?.object.summary ?? remote?.object.summary }
}

/// An item that was stored and cannot be read now.
struct UnreadableItem: Sendable {
    var uid: String
    var text: String
    var problem: String
}

/// The three sides of a link in one moment, projected onto what its upstream can hold.
///
/// Only items that may need something are in it: those that changed on a side since they were agreed.
struct Snapshot: Sendable {
    var items: [String: SnapshotItem] = [:]

    /// The calendar's revision at that moment; nil when the calendar is gone.
    var revision: Int64?

    /// Items agreed on, changed or not.
    var agreedCount = 0

    /// The other links of the calendar.
    var others: [LinkID: OtherLink] = [:]

    /// Deletions that wait for a person, and those that were let go.
    var held: [String: Bool] = [:]

    /// Items a side of which no longer parses; they are not among the others.
    var unreadable: [UnreadableItem] = []

    /// Why items could not be read when they were last tried, by UID.
    var knownUnreadable: [String: String] = [:]

    /// What the remote side of an item means in our words, where both were found to say the same.
    var recognised: [String: Fields] = [:]

    /// Whether overrides of occurrences that the upstream does not show are left out of the comparison.
    var showsSomeOnly = false

    var base: Base {
        items.compactMapValues { item in
            item.base.flatMap { base in
                guard !base.isVoid else { return nil }
                var agreement = base.agreement
                agreement.local = shown(agreement.local, of: item)
                return agreement
            }
        }
    }

    var local: Replica {
        items.compactMapValues { item in
            item.local.map {
                ItemVersion(
                    fields: item.withoutNewSilence(shown($0.fields, of: item), since: \.local),
                    modified: $0.stored.entry.modified.seconds,
                    placeless: item.placeless
                )
            }
        }
    }

    /// What of our side is compared.
    private func shown(_ fields: Fields, of item: SnapshotItem) -> Fields {
        showsSomeOnly ? item.shown(fields) : fields
    }

    var remote: Replica {
        items.compactMapValues { item in
            item.remote.map {
                ItemVersion(
                    fields: item.withoutNewSilence(recognised[item.uid] ?? $0.fields, since: \.remote),
                    modified: $0.modified?.seconds,
                    placeless: item.placeless,
                    isSplit: item.isSplitThere
                )
            }
        }
    }

    /// Items that were being made when that was interrupted: what the upstream has of them may be half of what we meant.
    var interrupted: [String: Reconcile.ConflictPolicy] {
        items.compactMapValues { item in item.intent?.isCreation == true && item.local != nil ? .gateway : nil }
    }
}
