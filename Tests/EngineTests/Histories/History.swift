import Bridging
import Foundation
import ICalendar
import Store
import SyncTestSupport
import Testing

@testable import Sync

/// One history: a client here, people upstream, passes that fail and die, and what must hold after them.
struct History {
    var world: World
    let client: Client
    let name: String
    var random: SeededGenerator
    /// Whether the process before died.
    var isRestarting = true
    /// Whether occurrences have pages of their own.
    private var showsOccurrences = false
    /// Whether somebody changes how the calendars are linked, and undoes and restores.
    let hasOwner: Bool
    /// Whether there is so much that clearing it out needs a person's word.
    let isCrowded: Bool

    /// Makes the world of a seed; `kind` names it in what is reported.
    init(_ kind: Kind, seed: UInt64) async throws {
        name = "\(kind) \(seed)"
        random = SeededGenerator(seed)
        let policies: [ConflictPolicy] = [.newest, .upstream, .gateway]
        let clock = WorldClock()
        let words = Words(of: "\(kind) \(seed)")
        let hasPeople = seed % 9 == 2
        var sides: [any Side] = []
        if kind != .notion { sides.append(await GoogleSide(seed: seed, clock: clock, words: words)) }
        if kind != .google {
            let lag = seed % 4 == 0 ? 4 : 0
            // Occurrences have pages of their own in two of five.
            let daysAhead: Int? = [nil, 4, nil, 40, nil][Int(seed % 5)]
            let side = try await NotionSide(
                seed: seed,
                clock: clock,
                words: words,
                lag: lag,
                daysAhead: daysAhead,
                hasPeople: hasPeople,
                hasFormula: seed % 9 == 5,
                hasRelation: seed % 9 == 8
            )
            showsOccurrences = daysAhead != nil
            sides.append(side)
        }
        hasOwner = seed % 2 == 0
        isCrowded = seed % 7 == 0
        world = try await World(seed: seed, clock, words, policy: policies[Int(seed % 3)], sides)
        client = Client(of: world, invites: hasPeople)
    }

    /// What a calendar is linked to.
    enum Kind: String, CaseIterable {
        case google, notion, both

        /// All, or the one that `KALENDS_TEST_KIND` names: `google`.
        static var wanted: [Kind] {
            let named = ProcessInfo.processInfo.environment["KALENDS_TEST_KIND"]
            return allCases.filter { named == nil || named == $0.rawValue }
        }
    }

    // MARK: Living

    mutating func live() async throws {
        if isCrowded { try await client.fill() }
        if showsOccurrences { try await client.beginSeries(using: &random) }
        for _ in 0..<Int.random(in: 6...18, using: &random) {
            world.clock.advance(Int64.random(in: 0...40, using: &random))
            if hasOwner, Int.random(in: 0..<5, using: &random) == 0 { try await actAsOwner() }
            // Days go by, and which pages there are to be changes with them.
            if showsOccurrences, Int.random(in: 0..<8, using: &random) == 0 {
                world.clock.advance(Int64.random(in: 1...3, using: &random) * 86_400)
            }
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<6: try await client.act(using: &random)
            case 6..<12: try await spoke().side.act(using: &random)
            case 12: await spoke().side.forget()
            case 13: world.clock.setError(Int64.random(in: -7200...7200, using: &random))
            default: await pass()
            }
        }
    }

    mutating func spoke() -> World.Spoke { world.spokes[spokeIndex()] }

    mutating func spokeIndex() -> Int { Int.random(in: 0..<world.spokes.count, using: &random) }

    /// A pass over a service that fails, in a process that may die, while others go on.
    private mutating func pass() async {
        let spoke = spoke()
        var process = Process()
        process.isNew = isRestarting
        if Bool.random(using: &random) { process.life = Life(calls: Int.random(in: 0..<40, using: &random)) }
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: process.meanwhile = interruption(process.bell)
        // Somebody edited just before: that goes up while the listing is under way.
        case 2: process.meanwhile = edits(process.bell)
        default: break
        }
        await spoke.side.disturb(using: &random)
        world.words.trace("pass over \(spoke.side.provider)")
        do {
            _ = try await world.pass(of: spoke, in: process)
        } catch {
            world.words.trace("pass failed: \(error)")
            // Whatever it was: the next process starts from what is durable.
        }
        isRestarting = process.life.isOver
        for spoke in world.spokes { await spoke.side.calm() }
    }

    /// What was edited is carried out before one of the next requests.
    private mutating func edits(_ bell: EditBell) -> @Sendable () async -> Void {
        let calls = Counter()
        let place = Int.random(in: 0..<4, using: &random)
        return { if calls.next() == place { await bell.ringAndWait() } }
    }

    /// Somebody acts before one of the next requests.
    private mutating func interruption(_ bell: EditBell) -> @Sendable () async -> Void {
        let calls = Counter()
        let place = Int.random(in: 0..<8, using: &random)
        let seed = UInt64.random(in: 1...UInt64.max, using: &random)
        let client = Bool.random(using: &random) ? client : nil
        let side = spoke().side
        let owner = hasOwner && Int.random(in: 0..<3, using: &random) == 0 ? Owner(of: world) : nil
        return {
            guard calls.next() == place else { return }
            var random = SeededGenerator(seed)
            do {
                if let owner {
                    try await owner.act(using: &random)
                } else if let client {
                    try await client.act(using: &random)
                    await bell.ringAndWait()
                } else {
                    try await side.act(using: &random)
                }
            } catch {
                Issue.record("an interruption failed: \(error)")
            }
        }
    }

    // MARK: Rest

    /// Passes without faults until nothing is left to do.
    mutating func settle() async throws {
        world.clock.setError(0)
        try await takeUpEverything()
        for _ in 0..<16 {
            world.clock.advance(4000)
            var isQuiet = true
            for spoke in world.spokes {
                var process = Process()
                process.isNew = isRestarting
                world.words.trace("quiet pass over \(spoke.side.provider)")
                isRestarting = false
                let report = try await world.pass(of: spoke, in: process, isSweeping: true)
                world.words.trace("\(report.outcomes)")
                if report.isHeld { try await decideOnHeld(spoke) }
                isQuiet = isQuiet && report.outcomes.isEmpty && report.run == nil
            }
            if isQuiet { return }
        }
        Issue.record("\(name): never comes to rest")
    }

    /// What must hold.
    func check() async throws {
        let all = try await world.calendars.all(in: world.calendar)
        for spoke in world.spokes {
            let memory = try await world.memory(of: spoke)
            let ours = all.filter { !memory.frozen.uids.contains($0.uid) }
            let differences = try await spoke.side.differences(from: ours, knowing: memory)
            #expect(differences.isEmpty, "\(name): \(differences.joined(separator: "\n"))")
            #expect(await spoke.side.mails() == 0, "\(name): a guest was mailed")
        }
        try await checkNothingIsLost()
        try await checkQuiet()
    }

    /// Every word that a client stored, or that the gateway wrote over upstream, is still to be had.
    private func checkNothingIsLost() async throws {
        var kept = Words.words(in: try await world.keptTexts().joined(separator: " "))
        for spoke in world.spokes { kept.formUnion(await spoke.side.words()) }
        let lost = world.words.owed.subtracting(kept)
        #expect(lost.isEmpty, "\(name): lost: \(lost.sorted())")
    }

    private func checkQuiet() async throws {
        let revision = try await world.calendars.calendar(world.calendar)?.revision
        for spoke in world.spokes {
            let process = Process()
            let report = try await world.pass(of: spoke, in: process)
            #expect(report.run == nil, "\(name): not quiet over \(spoke.side.provider)")
            #expect(process.writes.next() == 0, "\(name): an echo to \(spoke.side.provider)")
        }
        #expect(try await world.calendars.calendar(world.calendar)?.revision == revision, "\(name): not quiet here")
    }
}

extension EditBell {
    /// Tells of an edit, and waits until a pass has carried it out that lists meanwhile: so every seed replays.
    fileprivate func ringAndWait() async {
        ring()
        // A request of that very edit must not wait for itself.
        if !RequestPriority.isInteractive { await heeded() }
    }
}
