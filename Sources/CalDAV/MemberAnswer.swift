import ICalendar
import Store
import WebDAV
import XML

/// How the properties of many objects are told: all that is the same for each is written once.
///
/// Only for properties that are told from the entry alone; an answer with others goes by ``Resource``.
struct MemberAnswer: Sendable {
    /// Writes a property's value.
    typealias Value = @Sendable (ListedObject, inout Writer) -> Void

    /// What of a property can be told without a resource.
    enum Direct: Sendable {
        /// No object has it.
        case absent
        case value(Value)
    }

    private var pieces: [(markup: [UInt8], value: Value)] = []

    /// What follows the last value, the end of the properties excluded.
    private let rest: [UInt8]

    /// The end of the properties, with those that are missing.
    private let tail: [UInt8]

    /// Nil when one of the properties needs a resource; `missing` makes of those that no object has what is told as
    /// missing.
    init?(_ live: [LiveProperty], missing: ([PropertyName]) -> [PropertyName]) {
        var absent: [PropertyName] = []
        var writer = Writer.dav()
        for property in live {
            switch Self.direct[property.name] {
            case nil: return nil
            case .absent: absent.append(property.name)
            case .value(let value):
                writer.open(property.name)
                pieces.append((writer.taken(), value))
                writer.close(property.name)
            }
        }
        rest = writer.taken()
        tail = MultiStatus.ending(missing: missing(absent))
    }

    /// Tells of one object; `data` is a property of its own, written before those that are missing.
    func append(_ object: ListedObject, data: [UInt8]?, to writer: inout Writer) {
        for piece in pieces {
            writer.markup(piece.markup)
            piece.value(object, &writer)
        }
        writer.markup(rest)
        if let data { writer.markup(data) }
        writer.markup(tail)
    }

    /// The properties that are told without a resource, as ``LiveProperty`` tells them with one.
    static let direct: [PropertyName: Direct] = [
        .dav("getetag"): .value { object, writer in
            writer.markup("\"")
            writer.text(object.etag)
            writer.markup("\"")
        },
        .dav("getcontenttype"): .value { object, writer in writer.markup(contentTypes[object.kind] ?? []) },
        .dav("getcontentlength"): .value { object, writer in writer.text(String(object.size)) },
        .dav("getlastmodified"): .value { object, writer in writer.text(object.modified.httpDate) },
        .dav("resourcetype"): .value { _, _ in },
        .dav("displayname"): .absent,
        .dav("creationdate"): .absent,
        .dav("sync-token"): .absent,
        .calendarServer("getctag"): .absent,
        .calDAV("calendar-description"): .absent,
        .calDAV("calendar-timezone"): .absent,
        .calDAV("supported-calendar-component-set"): .absent,
        .apple("calendar-color"): .absent,
        .apple("calendar-order"): .absent,
    ]

    private static let contentTypes = Dictionary(
        uniqueKeysWithValues: ComponentKind.allCases.map { ($0, Array(ObjectEntry.contentType(of: $0).utf8)) }
    )
}
