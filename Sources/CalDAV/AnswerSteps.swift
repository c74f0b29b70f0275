import ICalendar
import Store
import WebDAV

/// A long answer in steps, each of which adds some responses.
protocol AnswerSteps: Sendable {
    /// Adds what comes next; false at the end.
    mutating func step(_ multiStatus: inout MultiStatus) async throws -> Bool
}

extension DAVResponse {
    /// So many octets are sent at once: larger blocks only wait in memory.
    ///
    /// A screenful of events with their data is shorter, and goes out whole.
    private static let blockOctets = 131_072

    /// A 207 answer (RFC 4918 §13); what is longer than a block follows while it is sent.
    ///
    /// An error in the first block is the answer; a later one can only end the connection.
    init(
        _ steps: some AnswerSteps,
        begunWith begun: MultiStatus = MultiStatus(),
        endingWith end: @escaping @Sendable (inout MultiStatus) -> Void = { _ in },
        syncToken: SyncToken? = nil
    ) async throws {
        var steps = steps
        var multiStatus = begun
        while multiStatus.count < Self.blockOctets {
            guard try await steps.step(&multiStatus) else {
                end(&multiStatus)
                self.init(multiStatus, syncToken: syncToken)
                return
            }
        }
        self.init(status: 207, xml: multiStatus.taken())
        rest = Rest { [steps, multiStatus] send in
            var (steps, multiStatus) = (steps, multiStatus)
            while try await steps.step(&multiStatus) {
                if multiStatus.count >= Self.blockOctets { try await send(multiStatus.taken()) }
            }
            end(&multiStatus)
            try await send(multiStatus.finished(syncToken: syncToken))
        }
    }
}

/// The objects of a listing and the deletions among them, a page at a time, so that only the texts of one page are held.
struct ObjectSteps<Changes: Sequence & Sendable>: AnswerSteps
where Changes.Element == Change, Changes.Iterator: Sendable {
    private let calendars: CalendarStore
    private let place: MemberPlace
    private let answer: ObjectAnswer
    private let query: ObjectQuery?
    private var changes: Changes.Iterator

    /// One page: so many objects, or so many octets of them.
    private static var pageObjects: Int { 256 }
    private static var pageOctets: Int64 { 131_072 }

    init(
        _ changes: Changes,
        in place: MemberPlace,
        _ answer: ObjectAnswer,
        if query: ObjectQuery? = nil,
        _ calendars: CalendarStore
    ) {
        self.calendars = calendars
        self.place = place
        self.answer = answer
        self.query = query
        self.changes = changes.makeIterator()
    }

    mutating func step(_ multiStatus: inout MultiStatus) async throws -> Bool {
        guard answer.needsText || query != nil else { return tellPage(&multiStatus) }
        let page = nextPage()
        guard !page.isEmpty else { return false }
        let versions = page.compactMap(versionToRead)
        var texts =
            try await versions.isEmpty ? [].makeIterator() : calendars.texts(ofVersions: versions).makeIterator()
        for change in page {
            switch change {
            case .deletion(let deletion):
                multiStatus.append(place.href.appending(deletion.name), status: 404)
            case .object(let object):
                guard versionToRead(change) != nil else {
                    answer.append(object, in: place, to: &multiStatus)
                    continue
                }
                // What has been purged since is gone.
                guard case .some(.some(let text)) = texts.next() else { continue }
                var read = ReadObject(listed: object, text: text)
                do throws(CalendarDataError) {
                    guard try query?.accepts(&read) ?? true else { continue }
                } catch {
                    answer.append(error, of: object, in: place, to: &multiStatus)
                    continue
                }
                answer.append(read, in: place, to: &multiStatus)
            }
        }
        return true
    }

    /// Tells a page of which no text is needed.
    private mutating func tellPage(_ multiStatus: inout MultiStatus) -> Bool {
        for told in 0..<Self.pageObjects {
            guard let change = changes.next() else { return told > 0 }
            switch change {
            case .deletion(let deletion): multiStatus.append(place.href.appending(deletion.name), status: 404)
            case .object(let object): answer.append(object, in: place, to: &multiStatus)
            }
        }
        return true
    }

    private mutating func nextPage() -> [Change] {
        var page: [Change] = []
        var octets: Int64 = 0
        while page.count < Self.pageObjects, octets < Self.pageOctets, let change = changes.next() {
            page.append(change)
            if case .object(let object) = change, answer.needsText { octets += object.size }
        }
        return page
    }

    private func versionToRead(_ change: Change) -> Int64? {
        guard case .object(let object) = change else { return nil }
        return answer.needsText || query?.mustSee(object) ?? false ? object.version : nil
    }
}
