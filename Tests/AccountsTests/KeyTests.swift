import Foundation
import Testing

@testable import Accounts

@Suite("Master key")
struct MasterKeyTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appendingPathComponent("master.key").path)
    }

    @Test
    func `it is made at first start, for the owner only, and read again`() throws {
        try inFolder { path in
            let made = try MasterKey(path: path)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? NSNumber == 0o600)
            #expect(attributes[.size] as? NSNumber == 32)
            #expect(try MasterKey(path: path).key == made.key)
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["master.key"])
        }
    }

    @Test(arguments: [0, 31, 33, 100])
    func `a file of another size is refused and left alone`(_ size: Int) throws {
        try inFolder { path in
            let octets = Data(repeating: 7, count: size)
            _ = FileManager.default.createFile(atPath: path, contents: octets, attributes: [.posixPermissions: 0o600])
            #expect(throws: MasterKeyError.wrongSize(path: path, octets: min(size, 33))) { try MasterKey(path: path) }
            #expect(FileManager.default.contents(atPath: path) == octets)
        }
    }

    @Test(arguments: [0o640, 0o604, 0o620])
    func `a file that others may read is refused, with the command that mends it`(_ mode: Int) throws {
        try inFolder { path in
            let octets = Data(repeating: 7, count: 32)
            _ = FileManager.default.createFile(atPath: path, contents: octets)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let error = #expect(throws: MasterKeyError.openToOthers(path: path, mode: mode)) {
                try MasterKey(path: path)
            }
            #expect(error?.description.contains("chmod 600") == true)
        }
    }

    @Test
    func `a folder that is not there is a clear error`() {
        let error = #expect(throws: MasterKeyError.self) { try MasterKey(path: "/nowhere/at/all/master.key") }
        #expect(error?.description.contains("/nowhere/at/all/master.key") == true)
    }
}

@Suite("Sealed secrets")
struct SealerTests {
    private let key: MasterKey
    private let sealer: Sealer

    init() throws {
        key = try MasterKey(octets: Array(1...32))
        sealer = Sealer(masterKey: key, purpose: .connectionTokens)
    }

    @Test
    func `what was sealed opens with the same binding, each time differently sealed`() throws {
        let sealed = try sealer.seal([1, 2, 3], binding: "a")
        #expect(try sealer.open(sealed, binding: "a") == [1, 2, 3])
        #expect(try sealer.seal([1, 2, 3], binding: "a") != sealed)
    }

    @Test
    func `it opens with no other binding, purpose or key`() throws {
        let sealed = try sealer.seal([1, 2, 3], binding: "a")
        #expect(throws: SealError.unreadable) { try sealer.open(sealed, binding: "b") }
        let otherPurpose = Sealer(masterKey: key, purpose: .settings)
        #expect(throws: SealError.unreadable) { try otherPurpose.open(sealed, binding: "a") }
        let otherKey = Sealer(masterKey: try MasterKey(octets: Array(2...33)), purpose: .connectionTokens)
        #expect(throws: SealError.unreadable) { try otherKey.open(sealed, binding: "a") }
    }

    @Test
    func `any changed or missing octet is noticed`() throws {
        let sealed = try sealer.seal([1, 2, 3], binding: "a")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: SealError.unreadable) { try sealer.open(changed, binding: "a") }
            #expect(throws: SealError.unreadable) { try sealer.open(Array(sealed[..<index]), binding: "a") }
        }
    }

    @Test
    func `secrets are compared and authenticated by their octets`() {
        #expect(Secret.areEqual([1, 2], [1, 2]))
        #expect(!Secret.areEqual([1, 2], [1, 3]))
        #expect(!Secret.areEqual([1, 2], [1, 2, 3]))
        #expect(Secret.token() != Secret.token())
        #expect(!Secret.isAuthentic([0], of: [1], key: [2]))
    }
}
