import Bridging
import ICalendar

/// One page of an event listing, cut into its items without building any values.
struct EventPage: Sendable {
    private var items: [ArraySlice<UInt8>] = []
    private(set) var nextPageToken: String?
    private(set) var nextSyncToken: String?
    private(set) var defaultReminders = JSON.array([])
    private(set) var accessRole: String?

    init(_ body: [UInt8]) throws(JSONReader.Malformed) {
        try JSONReader.read(body[...]) { reader throws(JSONReader.Malformed) in
            try reader.object { name, reader throws(JSONReader.Malformed) in
                switch name {
                case "items":
                    try reader.array { reader throws(JSONReader.Malformed) in items.append(body[try reader.skip()]) }
                case "nextPageToken": nextPageToken = try reader.value().text
                case "nextSyncToken": nextSyncToken = try reader.value().text
                case "defaultReminders": defaultReminders = try reader.value()
                case "accessRole": accessRole = try reader.value().text
                default: try reader.skip()
                }
            }
            try reader.end()
        }
    }

    /// Reads the items; the defaults may have stood behind those that need them.
    func listed() throws(JSONReader.Malformed) -> ListedPage {
        var page = ListedPage(records: [], isLast: nextSyncToken != nil && nextPageToken == nil)
        page.records.reserveCapacity(items.count)
        for item in items {
            page.records.append(try ListedEvent(item, defaultReminders: defaultReminders).record)
        }
        return page
    }
}

/// An event resource of which only the outermost members are read.
struct ListedEvent {
    let record: UpstreamRecord

    /// Makes a record of an event resource as Google sent it.
    ///
    /// A cancelled single event or series is gone; a cancelled exception says something about its series and stays.
    init(_ octets: ArraySlice<UInt8>, defaultReminders: JSON) throws(JSONReader.Malformed) {
        var (id, etag, status, master, updated): (String?, String?, String?, String?, String?)
        var usesDefaultReminders = false
        try JSONReader.read(octets) { reader throws(JSONReader.Malformed) in
            try reader.object { name, reader throws(JSONReader.Malformed) in
                switch name {
                case "id": id = try reader.value().text
                case "etag": etag = try reader.value().text
                case "status": status = try reader.value().text
                case "recurringEventId": master = try reader.value().text
                case "updated": updated = try reader.value().text
                case "reminders": usesDefaultReminders = try reader.value()["useDefault"]?.bool == true
                default: try reader.skip()
                }
            }
        }
        guard let id else { throw JSONReader.Malformed() }
        let isDeleted = status == "cancelled" && master == nil
        var payload = isDeleted ? [] : Self.compact(octets)
        if usesDefaultReminders, !payload.isEmpty {
            payload.removeLast()
            payload += #","\#(UpstreamRecord.defaultRemindersMember)":\#(defaultReminders.serialized)}"#.utf8
        }
        record = UpstreamRecord(
            id: id,
            series: master ?? id,
            revision: etag,
            payload: String(decoding: payload, as: UTF8.self),
            isDeleted: isDeleted,
            modified: updated.flatMap(Instant.init(rfc3339:))
        )
    }

    /// Drops the blanks between tokens.
    private static func compact(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        octets.withUnsafeBufferPointer { octets in
            [UInt8](unsafeUninitializedCapacity: octets.count) { result, count in
                var isText = false
                var isEscaped = false
                for octet in octets where isText || octet > 0x20 {
                    result[count] = octet
                    count += 1
                    if isEscaped {
                        isEscaped = false
                    } else if octet == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if octet == UInt8(ascii: "\"") {
                        isText.toggle()
                    }
                }
            }
        }
    }
}

extension UpstreamRecord {
    /// The member we add to a resource that uses the calendar's default reminders: what they are.
    static let defaultRemindersMember = "calendarDefaultReminders"

    /// Makes a record of an event resource as Google sent it.
    init(event octets: ArraySlice<UInt8>, defaultReminders: JSON) throws(JSONReader.Malformed) {
        self = try ListedEvent(octets, defaultReminders: defaultReminders).record
    }
}
