import XML

/// How much one request may ask for; more than any client does, less than what would keep everybody else waiting.
public enum RequestLimits {
    /// The properties one request may name: the most seen is 46 (Apple Calendar), and each is told for every resource.
    public static let maximumProperties = 250

    /// The changes one PROPPATCH or MKCALENDAR may make; Apple Calendar makes six.
    public static let maximumChanges = 250

    /// The resources one calendar-multiget may name; clients ask for 10 to 500 at a time, KDE for all that changed.
    public static let maximumHrefs = 10_000

    /// The longest text looked for, in octets: searching takes time by the length of both texts.
    public static let maximumSearchOctets = 1_024

    /// The conditions of one principal-property-search; a search box makes one or two.
    public static let maximumSearches = 50

    /// Octets of one multistatus; what is beyond is told as "too much for one answer", resource by resource.
    public static let maximumAnswerOctets = 268_435_456
}

extension Element {
    /// Refuses a request that names more properties than anybody shows.
    func checkPropertyCount() throws(DAVError) {
        let named = [Name.dav("prop"), .dav("include")].reduce(0) { $0 + (first($1)?.elements.count ?? 0) }
        guard named <= RequestLimits.maximumProperties else {
            throw .badRequest("A request names \(RequestLimits.maximumProperties) properties at most.")
        }
    }
}
