public import XML

/// A pre- or postcondition that a request failed (RFC 4918 §16); each has the element that tells the client so.
public enum Precondition: Sendable, Hashable {
    // RFC 4918 §16
    case propfindFiniteDepth
    case cannotModifyProtectedProperty
    case noExternalEntities
    // The roots of the locks
    case lockTokenSubmitted([Href])
    case noConflictingLock([Href])
    case lockTokenMatchesRequestURI

    // RFC 4331 §6
    case quotaNotExceeded

    // RFC 4791 §5.3.1.1 and RFC 5689 §3.3, of MKCALENDAR and MKCOL
    case resourceMustBeNull
    case calendarCollectionLocationOK
    case validResourceType

    // RFC 3253 §3.6
    case supportedReport

    // RFC 3744 §7.1.1: what is missing, and where
    case needPrivileges(Name, on: Href)
    // RFC 3744 §8.1.1, of ACL
    case grantOnly
    case noInvert
    case noAbstract
    case notSupportedPrivilege
    case recognizedPrincipal
    case allowedPrincipal
    case limitedNumberOfACEs

    // RFC 3744 §8.2.1, RFC 6578 §3.2
    case numberOfMatchesWithinLimits

    // RFC 6578 §3.2
    case validSyncToken

    // RFC 4791 §5.3.2.1, of PUT
    case supportedCalendarData
    case validCalendarData
    case validCalendarObjectResource
    case supportedCalendarComponent
    case noUIDConflict(Href)
    case maxResourceSize
    case minDateTime
    case maxDateTime
    case maxInstances
    case maxAttendeesPerInstance

    // RFC 4791 §7.8, of REPORT
    case validFilter
    case supportedFilter
    case supportedCollation

    // RFC 7809 §5.3
    case validTimezone

    // RFC 7529 §6.1, of PUT
    case supportedRecurrenceScale

    /// The element's name.
    public var name: Name {
        switch self {
        case .propfindFiniteDepth: .dav("propfind-finite-depth")
        case .cannotModifyProtectedProperty: .dav("cannot-modify-protected-property")
        case .noExternalEntities: .dav("no-external-entities")
        case .lockTokenSubmitted: .dav("lock-token-submitted")
        case .noConflictingLock: .dav("no-conflicting-lock")
        case .lockTokenMatchesRequestURI: .dav("lock-token-matches-request-uri")
        case .quotaNotExceeded: .dav("quota-not-exceeded")
        case .resourceMustBeNull: .dav("resource-must-be-null")
        case .calendarCollectionLocationOK: .calDAV("calendar-collection-location-ok")
        case .validResourceType: .dav("valid-resourcetype")
        case .supportedReport: .dav("supported-report")
        case .needPrivileges: .dav("need-privileges")
        case .grantOnly: .dav("grant-only")
        case .noInvert: .dav("no-invert")
        case .noAbstract: .dav("no-abstract")
        case .notSupportedPrivilege: .dav("not-supported-privilege")
        case .recognizedPrincipal: .dav("recognized-principal")
        case .allowedPrincipal: .dav("allowed-principal")
        case .limitedNumberOfACEs: .dav("limited-number-of-aces")
        case .numberOfMatchesWithinLimits: .dav("number-of-matches-within-limits")
        case .validSyncToken: .dav("valid-sync-token")
        case .supportedCalendarData: .calDAV("supported-calendar-data")
        case .validCalendarData: .calDAV("valid-calendar-data")
        case .validCalendarObjectResource: .calDAV("valid-calendar-object-resource")
        case .supportedCalendarComponent: .calDAV("supported-calendar-component")
        case .noUIDConflict: .calDAV("no-uid-conflict")
        case .maxResourceSize: .calDAV("max-resource-size")
        case .minDateTime: .calDAV("min-date-time")
        case .maxDateTime: .calDAV("max-date-time")
        case .maxInstances: .calDAV("max-instances")
        case .maxAttendeesPerInstance: .calDAV("max-attendees-per-instance")
        case .validFilter: .calDAV("valid-filter")
        case .supportedFilter: .calDAV("supported-filter")
        case .supportedCollation: .calDAV("supported-collation")
        case .validTimezone: .calDAV("valid-timezone")
        case .supportedRecurrenceScale: .calDAV("supported-rscale")
        }
    }

    /// The status a request gets that fails it.
    ///
    /// 403 throughout, also for `no-uid-conflict`: Thunderbird takes 409 for an edit conflict and asks to overwrite.
    public var status: Int {
        // RFC 4918 §9.3.1: on a mapped URL MKCOL is not allowed.
        if self == .resourceMustBeNull { return 405 }
        if lockRoots != nil { return 423 }
        if self == .lockTokenMatchesRequestURI { return 409 }
        return self == .numberOfMatchesWithinLimits || self == .quotaNotExceeded ? 507 : 403
    }

    /// The locks in the way, by their roots.
    private var lockRoots: [Href]? {
        if case .lockTokenSubmitted(let roots) = self { return roots }
        if case .noConflictingLock(let roots) = self { return roots }
        return nil
    }

    /// The element itself.
    public var element: Element {
        if case .needPrivileges(let privilege, let href) = self {
            let resource = Element(
                .dav("resource"),
                children: [
                    .element(Element(.dav("href"), text: href.path)),
                    .element(Element(.dav("privilege"), children: [.element(Element(privilege))])),
                ]
            )
            return Element(name, children: [.element(resource)])
        }
        if let lockRoots {
            return Element(name, children: lockRoots.map { .element(Element(.dav("href"), text: $0.path)) })
        }
        if case .noUIDConflict(let href) = self {
            return Element(name, children: [.element(Element(.dav("href"), text: href.path))])
        }
        return Element(name)
    }
}
