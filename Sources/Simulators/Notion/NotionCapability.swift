/// What the settings page of an integration allows.
enum NotionCapability: String, Sendable, CaseIterable {
    case readContent = "read_content"
    case updateContent = "update_content"
    case insertContent = "insert_content"
    case users = "read_users"
    case userMails = "read_user_mails"

    /// What a request needs; nil for one that everybody may make.
    init?(neededFor method: String, _ path: [String]) {
        switch (method, path.first ?? "") {
        case ("GET", "users") where path.last == "me": return nil
        case ("GET", "users"): self = .users
        case ("GET", _), ("POST", "search"): self = .readContent
        case ("POST", "data_sources") where path.last == "query": self = .readContent
        case ("PATCH", "blocks") where path.last == "children": self = .insertContent
        case ("PATCH", _), ("DELETE", _): self = .updateContent
        default: self = .insertContent
        }
    }
}

extension JSONValue {
    /// A user without the mail address.
    var withoutMail: JSONValue {
        var user = self
        if user["person"] != nil { user["person"] = [:] }
        return user
    }
}
