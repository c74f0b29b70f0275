import Bridging
import ICalendar

/// One page of an event listing, cut into records without building its values.
struct EventPage {
    private(set) var records: [UpstreamRecord] = []
    private(set) var nextPageToken: String?
    private(set) var nextSyncToken: String?
    private(set) var defaultReminders = JSON.array([])

    init(_ body: [UInt8]) throws(JSONReader.Malformed) {
        var items: [ArraySlice<UInt8>] = []
        var reader = JSONReader(body[...])
        try reader.object { name, reader throws(JSONReader.Malformed) in
            switch name {
            case "items":
                try reader.array { reader throws(JSONReader.Malformed) in items.append(try reader.skip()) }
            case "nextPageToken": nextPageToken = try reader.value().text
            case "nextSyncToken": nextSyncToken = try reader.value().text
            case "defaultReminders": defaultReminders = try reader.value()
            default: _ = try reader.skip()
            }
        }
        try reader.end()
        // The defaults may stand behind the items that need them.
        records.reserveCapacity(items.count)
        for item in items {
            records.append(try UpstreamRecord(event: item, defaultReminders: defaultReminders))
        }
    }
}

extension UpstreamRecord {
    /// Makes a record of an event resource as Google sent it.
    ///
    /// A cancelled single event or series is gone; a cancelled exception says something about its series and stays.
    init(event octets: ArraySlice<UInt8>, defaultReminders: JSON) throws(JSONReader.Malformed) {
        var texts: [String: String] = [:]
        var usesDefaultReminders = false
        var reader = JSONReader(octets)
        try reader.object { name, reader throws(JSONReader.Malformed) in
            switch name {
            case "id", "etag", "status", "recurringEventId", "updated":
                texts[name] = try reader.value().text
            case "reminders": usesDefaultReminders = try reader.value()["useDefault"]?.bool == true
            default: _ = try reader.skip()
            }
        }
        guard let id = texts["id"] else { throw JSONReader.Malformed() }
        let master = texts["recurringEventId"]
        let isDeleted = texts["status"] == "cancelled" && master == nil
        var payload = isDeleted ? [] : Self.compact(octets)
        if usesDefaultReminders, !payload.isEmpty {
            payload.removeLast()
            payload += #","\#(Self.defaultRemindersMember)":\#(defaultReminders.serialized)}"#.utf8
        }
        self.init(
            id: id,
            series: master ?? id,
            revision: texts["etag"],
            payload: String(decoding: payload, as: UTF8.self),
            isDeleted: isDeleted,
            modified: texts["updated"].flatMap(Instant.init(rfc3339:))
        )
    }

    /// The member we add to a resource that uses the calendar's default reminders: what they are.
    static let defaultRemindersMember = "calendarDefaultReminders"

    /// Drops the blanks between tokens.
    private static func compact(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(octets.count)
        var isText = false
        var isEscaped = false
        for octet in octets where isText || octet > 0x20 {
            result.append(octet)
            if isEscaped {
                isEscaped = false
            } else if octet == UInt8(ascii: "\\") {
                isEscaped = true
            } else if octet == UInt8(ascii: "\"") {
                isText.toggle()
            }
        }
        return result
    }
}
