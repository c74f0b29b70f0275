import Bridging
import HTTPTypes
import OutboundHTTP

/// The people of a workspace who have a mail address; guests are not among them.
struct Directory: Sendable, Hashable {
    /// One of them.
    struct Person: Sendable, Hashable {
        var id: String
        var name: String
        /// In lower case.
        var mail: String
    }

    private let byID: [String: Person]
    private let byMail: [String: Person]

    /// Tells one workspace from another, and from what it was.
    let digest: String

    /// Reads users as Notion lists them.
    init(_ users: [JSON]) {
        let people = users.compactMap { user -> Person? in
            guard let id = user["id"]?.string, let mail = user["person"]?["email"]?.string, !mail.isEmpty else {
                return nil
            }
            return Person(id: id, name: user["name"]?.string ?? "", mail: mail.lowercased())
        }
        byID = Dictionary(people.map { (compactID($0.id), $0) }, uniquingKeysWith: { first, _ in first })
        byMail = Dictionary(people.map { ($0.mail, $0) }, uniquingKeysWith: { first, _ in first })
        var digest = Digest()
        for person in people.sorted(by: { ($0.mail, $0.id) < ($1.mail, $1.id) }) {
            digest.add(compactID(person.id))
            digest.add(person.mail)
        }
        self.digest = digest.hex
    }

    /// The person of that identifier, in either of its forms.
    func person(_ id: String) -> Person? { byID[compactID(id)] }

    /// The person of that mail address, in any case.
    func person(mail: String) -> Person? { byMail[mail.lowercased()] }

    /// What the sync compares guests by.
    var members: FieldSet.Members { FieldSet.Members(mails: Set(byMail.keys), mark: digest) }
}

extension NotionClient {
    /// Lists the people of the workspace.
    ///
    /// - Throws: ``BridgeError/refused(_:)`` where the integration may not, or sees no mail addresses.
    func directory() async throws(BridgeError) -> Directory {
        var users: [JSON] = []
        var start: String?
        while true {
            let path = "users?page_size=100" + (start.map { "&start_cursor=" + percentEncodeSegment($0) } ?? "")
            let answer: JSON
            do throws(NotionProblem) {
                answer = try await send(.get, path, about: .mapping)
            } catch {
                guard case .refused(let refusal) = error.error, refusal.code == "permission_denied" else {
                    throw error.error
                }
                throw .refused(Self.noMails)
            }
            users += answer["results"]?.elements ?? []
            guard answer["has_more"]?.bool == true else { break }
            guard let next = answer["next_cursor"]?.string, next != start else { throw NotionProblem.endless.error }
            start = next
        }
        let directory = Directory(users)
        guard !directory.members.mails.isEmpty else { throw .refused(Self.noMails) }
        return directory
    }

    private static let noMails = Refusal(
        .mapping,
        code: "permission_denied",
        message: "A people column needs the capability “Read user information including email addresses”.",
        remedy:
            "Switch that on under Capabilities in the integration's settings at Notion, then sync again; or choose no"
            + " column of people: “Edit the columns” on the link's page."
    )
}
