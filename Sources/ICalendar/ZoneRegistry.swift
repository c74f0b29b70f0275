import Glibc
import Synchronization

/// The zones loaded so far, shared by the process.
enum ZoneRegistry {
    /// How many VTIMEZONEs of calendar objects are remembered; a busy server sees some dozens.
    private static let maximumEmbedded = 256

    /// By the text, so that the object it stood in is not kept with it.
    private static let embedded = Mutex<[String: Zone?]>([:])

    /// Longer ones are read each time: what is remembered has its bounds; the longest history of a zone takes 40 kB.
    private static let maximumRememberedOctets = 65_536

    /// A zone of the system, read when it is first asked for: it is asked for all the time, and never waits for a lock.
    private final class SystemZone: Sendable {
        private final class File: Sendable {
            let zone: Zone?

            init(named name: String) { zone = TZif.zone(named: name) }
        }

        private let name: String
        private let file = AtomicLazyReference<File>()

        init(named name: String) { self.name = name }

        /// Nil where the file holds no zone.
        var zone: Zone? { (file.load() ?? file.storeIfNil(File(named: name))).zone }
    }

    private static let system = Dictionary(uniqueKeysWithValues: identifiers.map { ($0, SystemZone(named: $0)) })

    /// The system's zone of exactly that IANA name.
    static func zone(iana name: String) -> Zone? { name == "UTC" ? .utc : system[name]?.zone }

    /// The zone a VTIMEZONE describes; nil where it does not.
    static func zone(_ component: Component) -> Zone? {
        let text = component.serialized()
        if let known = embedded.withLock({ $0[text] }) { return known }
        let zone = EmbeddedZone(component)?.zone
        guard text.utf8.count <= maximumRememberedOctets else { return zone }
        embedded.withLock { zones in
            if zones.count >= maximumEmbedded { zones.removeAll(keepingCapacity: true) }
            zones[text] = .some(zone)
        }
        return zone
    }

    /// The names of all zones of the system, sorted.
    static let identifiers: [String] = {
        var names: [String] = []
        collect(below: "", into: &names)
        return (names.isEmpty ? ["UTC"] : names).sorted()
    }()

    /// IANA names by their lower-case form.
    static let byLowercase: [String: String] = Dictionary(
        identifiers.map { ($0.lowercased(), $0) },
        uniquingKeysWith: { first, _ in first }
    )

    private static func collect(below folder: String, into names: inout [String]) {
        guard let directory = opendir(TZif.folder + "/" + folder) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            // `posix`, `right`, `leapseconds` and the tables are no zones; neither is what has a dot in its name.
            guard TZif.isName(name) else { continue }
            let path = folder + name
            if entry.pointee.d_type == UInt8(DT_DIR) {
                collect(below: path + "/", into: &names)
            } else {
                names.append(path)
            }
        }
    }
}
