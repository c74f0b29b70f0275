import Mustache

/// The pages, compiled once at start.
struct Templates: Sendable {
    private let library: MustacheLibrary

    init() throws {
        let sources: [String: [UInt8]] = [
            "layout": PackageResources.layout_mustache,
            "login": PackageResources.login_mustache,
            "home": PackageResources.home_mustache,
            "connection": PackageResources.connection_mustache,
            "link": PackageResources.link_mustache,
            "message": PackageResources.message_mustache,
            "share": PackageResources.share_mustache,
            "calendars": PackageResources.calendars_mustache,
            "calendar": PackageResources.calendar_mustache,
            "event": PackageResources.event_mustache,
            "history": PackageResources.history_mustache,
            "explain": PackageResources.explain_mustache,
            "conflicts": PackageResources.conflicts_mustache,
            "conflict": PackageResources.conflict_mustache,
            "activity": PackageResources.activity_mustache,
            "audit": PackageResources.audit_mustache,
            "settings": PackageResources.settings_mustache,
            "client": PackageResources.client_mustache,
            "setup": PackageResources.setup_mustache,
            "connect": PackageResources.connect_mustache,
            "mapping": PackageResources.mapping_mustache,
        ]
        var compiled: [String: MustacheTemplate] = [:]
        for (name, octets) in sources {
            compiled[name] = try MustacheTemplate(string: String(decoding: octets, as: UTF8.self))
        }
        library = MustacheLibrary(templates: compiled)
    }

    /// The page of that name; what is shown is escaped by the template engine.
    func page(_ name: String, _ content: [String: Any]) -> String {
        guard let html = library.render(content, withTemplate: name) else {
            preconditionFailure("the page \(name) is compiled at start")
        }
        return html
    }
}
