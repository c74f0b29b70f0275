public import Bridging

extension GoogleBridge {
    /// As many as the quota has room for now: while it is used up, writes go in small batches, and nobody waits behind a
    /// large one.
    public func writesAtOnce() async -> Int {
        // Without a token nothing goes together; the write that goes alone tells why.
        guard let token = try? await client.credentials.accessToken() else { return 1 }
        return client.pace.batchSize(for: client.owner(of: token), at: .now)
    }

    /// Performs writes in one request; each is answered like a single one.
    public func perform(_ writes: [RecordWrite]) async -> [Result<UpstreamRecord?, BridgeError>] {
        var outcomes: [Int: Result<UpstreamRecord?, BridgeError>] = [:]
        var calls: [(place: Int, call: GoogleCall)] = []
        for (place, write) in writes.enumerated() {
            do throws(BridgeError) {
                calls.append((place, try call(for: write)))
            } catch {
                outcomes[place] = .failure(error)
            }
        }
        var alone: [Int] = []
        do throws(BridgeError) {
            let replies = try await client.exchange(batch: calls.map(\.call))
            // The token ended on the way; a call that goes alone has it replaced.
            alone = zip(calls, replies).filter { $1?.status == 401 }.map(\.0.place)
            outcomes.merge(await self.outcomes(of: replies, to: calls, for: writes)) { _, new in new }
        } catch {
            switch error {
            case .unreachable, .throttled, .writesPaused, .authorizationRevoked:
                for (place, _) in calls { outcomes[place] = .failure(error) }
            case .refused, .changedUpstream, .cursorExpired:
                // The batch was refused, so that nothing was done: whatever Google has against it, it may not have against
                // its parts.
                alone = calls.map(\.place)
            }
        }
        await perform(writes, alone, noting: &outcomes)
        return writes.indices.map { outcomes[$0] ?? .failure(.missingPart) }
    }

    /// What the answers of a batch mean, by the places of the writes; nothing of those that go alone.
    private func outcomes(
        of replies: [GoogleReply?],
        to calls: [(place: Int, call: GoogleCall)],
        for writes: [RecordWrite]
    ) async -> [Int: Result<UpstreamRecord?, BridgeError>] {
        var outcomes: [Int: Result<UpstreamRecord?, BridgeError>] = [:]
        // What the first deletion of a missing event found out about the calendar holds for the others.
        var loss: BridgeError?
        for ((place, call), reply) in zip(calls, replies) where reply?.status != 401 {
            let isMissing = writes[place].isDeletion && reply?.status == 404
            if isMissing, let loss {
                outcomes[place] = .failure(loss)
                continue
            }
            let outcome = await self.outcome(of: reply, to: call, for: writes[place])
            if isMissing, case .failure(let error) = outcome { loss = error }
            outcomes[place] = outcome
        }
        return outcomes
    }

    private func outcome(
        of reply: GoogleReply?,
        to call: GoogleCall,
        for write: RecordWrite
    ) async -> Result<UpstreamRecord?, BridgeError> {
        do throws(BridgeError) {
            guard let reply else { throw .missingPart }
            return .success(try await outcome(of: reply, to: call, for: write))
        } catch {
            return .failure(error)
        }
    }

    /// Performs writes one by one, until one fails in a way that concerns all.
    private func perform(
        _ writes: [RecordWrite],
        _ places: [Int],
        noting outcomes: inout [Int: Result<UpstreamRecord?, BridgeError>]
    ) async {
        var ending: BridgeError?
        for place in places {
            do throws(BridgeError) {
                if let ending { throw ending }
                outcomes[place] = .success(try await perform(writes[place]))
            } catch {
                outcomes[place] = .failure(error)
                if error.concernsAll { ending = error }
            }
        }
    }
}

extension BridgeError {
    /// A write that the answer to its batch does not tell of.
    fileprivate static let missingPart = BridgeError.unreachable(
        "Google Calendar left a part of a batch unanswered."
    )

    /// Whether what follows would fail in the same way.
    fileprivate var concernsAll: Bool {
        switch self {
        case .authorizationRevoked, .throttled, .writesPaused: true
        case .refused(let refusal): refusal.subject != .item
        case .changedUpstream, .unreachable, .cursorExpired: false
        }
    }
}

extension RecordWrite {
    fileprivate var isDeletion: Bool {
        if case .delete = self { return true }
        return false
    }
}
