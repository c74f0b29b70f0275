import Bridging
import ICalendar
import SQL
import Store
import SyncTestSupport

@testable import Sync

/// The person whose gateway it is: changes how the calendars are linked, and brings back what was.
struct Owner {
    private let world: World

    init(of world: World) { self.world = world }

    /// Something that can be done at any time, also while a pass is under way.
    func act(using random: inout SeededGenerator) async throws {
        guard let spoke = world.spokes.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: try await pause(spoke)
        case 2: try await changePolicy(of: spoke, using: &random)
        case 3: try await changeMapping(of: spoke, using: &random)
        default: try await restoreVersion(using: &random)
        }
    }

    /// Pauses a link, or goes on with a paused one.
    private func pause(_ spoke: World.Spoke) async throws {
        let isPaused = try await links.readiness(of: spoke.link.id)?.state == .paused
        world.words.trace("owner: \(isPaused ? "resume" : "pause") \(spoke.side.provider)")
        _ = try await links.setState(isPaused ? .idle : .paused, of: spoke.link.id)
    }

    private func changePolicy(of spoke: World.Spoke, using random: inout SeededGenerator) async throws {
        var change = LinkChange()
        change.policy = [.newest, .upstream, .gateway].randomElement(using: &random)
        world.words.trace("owner: \(change) of \(spoke.side.provider)")
        _ = try await links.update(spoke.link.id, change)
    }

    private func changeMapping(of spoke: World.Spoke, using random: inout SeededGenerator) async throws {
        var change = LinkChange()
        do {
            let mapping = try await spoke.side.changeMapping(using: &random)
            let former = try await links.link(spoke.link.id)?.mapping
            change.mapping = .some(mapping)
            change.moved = (spoke.side as? NotionSide)?.moved(from: former, to: mapping) ?? []
        } catch is BridgeError {
            world.words.trace("owner: the mapping cannot be changed now")
            return
        }
        world.words.trace("owner: \(change) of \(spoke.side.provider)")
        _ = try await links.update(spoke.link.id, change)
    }

    /// Makes a former version of an event the present one.
    private func restoreVersion(using random: inout SeededGenerator) async throws {
        let numbers = try await world.database.read { transaction in
            try transaction.rows("SELECT number FROM version ORDER BY number").map { try $0.integer("number") }
        }
        guard let number = numbers.randomElement(using: &random),
            let version = try await world.calendars.version(number)
        else { return }
        let present = try await world.calendars.object(uid: version.uid, in: world.calendar)
        world.words.trace("owner: restore version \(number) of \(version.uid)\n\(version.text)")
        world.words.took(version.text)
        _ = try await world.calendars.put(
            CalendarObject(parsing: version.text),
            named: present?.name ?? version.name,
            in: world.calendar,
            if: .always,
            by: Author(.restore, name: "alice")
        )
    }

    private var links: LinkStore { world.links }
}

extension History {
    /// What the owner does between two passes.
    mutating func actAsOwner() async throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: try await undoRun()
        case 2: try await linkAgain()
        case 3, 4: try await clearOut()
        default: try await Owner(of: world).act(using: &random)
        }
    }

    private mutating func undoRun() async throws {
        let runs = try await world.links.runs(of: world.owner)
        guard let run = runs.randomElement(using: &random),
            let spoke = world.spokes.first(where: { $0.link.id == run.link })
        else { return }
        world.words.trace("owner: undo run \(run.id.rawValue) of \(spoke.side.provider)")
        let undone = try await world.scheduler(of: spoke).undo(run.id, by: Author(.restore, name: "alice"))
        world.words.trace("owner: \(String(describing: undone))")
    }

    /// Disconnects a calendar and links it again, with edits on both sides in between.
    private mutating func linkAgain() async throws {
        let index = spokeIndex()
        let purges: [LinkPurge] = [.nothing, .nothing, .copies, .everything]
        let purge = purges.randomElement(using: &random) ?? .nothing
        let isPlanned = Bool.random(using: &random)
        let (client, side) = (client, world.spokes[index].side)
        var random = SeededGenerator(UInt64.random(in: 1...UInt64.max, using: &random))
        world.words.trace("owner: link \(side.provider) again, purging \(purge)")
        try await world.linkAgain(index, purge, isPlanned: isPlanned) {
            if Bool.random(using: &random) { try await client.act(using: &random) }
            if Bool.random(using: &random) { try await side.act(using: &random) }
        }
        isRestarting = true
    }

    /// Somebody clears a whole calendar out.
    private mutating func clearOut() async throws {
        guard isCrowded else { return }
        if Bool.random(using: &random) { try await client.clear() } else { try await spoke().side.clear() }
    }

    /// Lets the deletions go that wait for a person, or takes them back.
    mutating func decideOnHeld(_ spoke: World.Spoke) async throws {
        let isApproved = Bool.random(using: &random)
        world.words.trace("owner: \(isApproved ? "approve" : "reject") deletions of \(spoke.side.provider)")
        let scheduler = world.scheduler(of: spoke)
        _ = isApproved ? try await scheduler.approve(spoke.link.id) : try await scheduler.reject(spoke.link.id)
    }

    /// Nothing is paused any more, and nothing left alone.
    func takeUpEverything() async throws {
        for spoke in world.spokes {
            if try await world.links.readiness(of: spoke.link.id)?.state == .paused {
                _ = try await world.links.setState(.idle, of: spoke.link.id)
            }
            guard try await !world.links.skipped(by: spoke.link.id).isEmpty else { continue }
            var change = LinkChange()
            change.skip = .exactly([])
            _ = try await world.links.update(spoke.link.id, change)
        }
    }
}
