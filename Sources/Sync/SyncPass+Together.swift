import Bridging
import ICalendar
import Store

/// Bulk goes upstream in batches: the most urgent together first, and edits between two of them.
///
/// Each write of a batch is what it would be alone: noted before, audited, settled or put into the queue by its own answer.
extension SyncPass {
    /// Carries out decisions of one urgency: those that are one write each in one request, the others one by one.
    mutating func carryOutTogether(_ work: [WorkItem], over bridge: any BatchingBridge) async throws {
        try await heedEdits()
        var together: [OutgoingItem] = []
        var alone: [WorkItem] = []
        for work in work {
            if let outgoing = mayGoTogether(work) { together.append(outgoing) } else { alone.append(work) }
        }
        if together.count > 1, try await !isPaused {
            for (mail, group) in Dictionary(grouping: together, by: { mail(about: $0.item) }) {
                let mailing = (self.bridge as? any MailingBridge)?.mailing(mail) as? any BatchingBridge
                try await send(group, over: mailing ?? bridge)
                for _ in group { meter.finishWrite(at: clock.now()) }
                tellProgress()
            }
        } else {
            alone = work
        }
        for work in alone { try await carryOutAlone(work) }
    }

    /// What an item sends where it can go with others; nil where it goes alone.
    ///
    /// An item of several writes has an order among them, and a write of what was not seen yet, or of a series' times, is
    /// looked at first. One that
    /// failed before goes alone, so that a batch that fails as a whole on account of one event does so once; so does one that
    /// fails now, which tells why.
    private func mayGoTogether(_ work: WorkItem) -> OutgoingItem? {
        let item = work.item
        guard !edited.contains(item.uid), item.retry == nil, item.intent == nil else { return nil }
        guard let outgoing = try? outgoing(work.decision, on: item), outgoing.writes.count == 1,
            !outgoing.writes[0].isUnconditional, !reschedulesSeries(outgoing)
        else { return nil }
        return outgoing
    }

    private mutating func send(_ together: [OutgoingItem], over bridge: any BatchingBridge) async throws {
        try await beginRun()
        for outgoing in together { try await keepLoser(outgoing) }
        let intentions = together.compactMap(\.intention)
        let lines = try await begin(together.map { ($0.writes[0], $0.item) }, intending: intentions)
        let results = await bridge.perform(together.map { $0.writes[0] })
        var answered: [(outgoing: OutgoingItem, outcome: Result<PreparedItem, any Error>)] = []
        for (place, (outgoing, result)) in zip(together, results).enumerated() {
            let write = outgoing.writes[0]
            note(result, of: write, under: lines[place])
            let outcome = Result<PreparedItem, any Error> {
                let record = try result.get()
                let answer = outgoing.target == nil ? nil : answer(record, to: write, for: outgoing.item)
                return try settled(outgoing, answer)
            }
            answered.append((outgoing, outcome))
        }
        try await conclude(answered)
    }

    /// Notes what became of each item of a batch: first what was done, then what was not.
    ///
    /// - Throws: what concerns the whole link, once all that was done is settled.
    private mutating func conclude(
        _ answered: [(outgoing: OutgoingItem, outcome: Result<PreparedItem, any Error>)]
    ) async throws {
        let done = answered.compactMap { try? $0.outcome.get() }
        if !done.isEmpty {
            let outcomes = try await settle(done)
            for (item, outcome) in zip(done, outcomes) { report[item.settlement.uid] = outcome }
        }
        let undone = answered.filter { _, outcome in
            if case .failure(let error as BridgeError) = outcome { return error.isCertain }
            return false
        }
        try await state.abandonIntents(undone.map(\.outgoing.item.uid), over: link)
        for (outgoing, outcome) in answered {
            switch outcome {
            case .success: silences = 0
            case .failure(let error):
                report[outgoing.item.uid] = try await failed(outgoing.decision, on: outgoing.item, error)
            }
        }
    }
}
