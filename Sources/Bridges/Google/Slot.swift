import ICalendar

/// The place of an occurrence in its series: its original start.
///
/// It is the RECURRENCE-ID of an override, an EXDATE, and the end of an instance's identifier.
enum Slot: Sendable, Hashable, Comparable {
    case day(DateTime)
    case instant(Instant)

    /// What Google appends to the master's identifier: `20260330`, or `20260330T070000Z`.
    var suffix: String {
        switch self {
        case .day(let date): date.text
        case .instant(let instant): Zones.iana.local(instant, form: .utc).text
        }
    }

    /// The identifier of the occurrence in the series of that master.
    func instanceID(of master: String) -> String { master + "_" + suffix }

    /// Reads the end of an instance's identifier.
    init?(instanceID id: String, of master: String) {
        guard id.hasPrefix(master + "_") else { return nil }
        let suffix = String(id.dropFirst(master.count + 1))
        guard let time = DateTime(suffix, tzid: nil, isDate: false) else { return nil }
        self = time.form == .date ? .day(time) : .instant(time.instant(in: Zones.iana))
    }

    static func < (left: Slot, right: Slot) -> Bool { left.suffix < right.suffix }
}
