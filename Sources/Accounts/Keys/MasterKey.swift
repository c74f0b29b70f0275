import Crypto
import Foundation

/// The key of an installation, from which every other key is derived.
///
/// It lives in a file of its own, so that a copy of the database alone opens no token.
public struct MasterKey: Sendable {
    /// The size of the file: as much as AES-256 can use.
    public static let octetCount = 32

    let key: SymmetricKey

    /// Reads the key file, or makes it, with mode 0600, where there is none.
    ///
    /// - Throws: ``MasterKeyError``, which says what to do. An existing file is never changed.
    public init(path: String) throws {
        if let octets = try Self.read(path) {
            self = try Self(octets: octets, path: path)
        } else {
            try Self.create(path)
            // Another process may have been first: what counts is what stands in the file.
            guard let octets = try Self.read(path) else {
                throw MasterKeyError.unusable(path: path, reason: "it vanished")
            }
            self = try Self(octets: octets, path: path)
        }
    }

    /// Takes a key that is held elsewhere.
    public init(octets: [UInt8]) throws { self = try Self(octets: octets, path: "(memory)") }

    private init(octets: [UInt8], path: String) throws {
        guard octets.count == Self.octetCount else { throw MasterKeyError.wrongSize(path: path, octets: octets.count) }
        key = SymmetricKey(data: octets)
    }

    /// The octets of the file, nil where there is none.
    private static func read(_ path: String) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw MasterKeyError.unusable(path: path, reason: lastSystemError())
        }
        defer { close(descriptor) }
        // Of the opened file, not of the name: nobody can exchange it between the check and the reading.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw MasterKeyError.unusable(path: path, reason: lastSystemError())
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw MasterKeyError.unusable(path: path, reason: "it is not an ordinary file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw MasterKeyError.openToOthers(path: path, mode: Int(status.st_mode & 0o777))
        }
        // One octet more than needed shows that a file is too long.
        var buffer = [UInt8](repeating: 0, count: octetCount + 1)
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw MasterKeyError.unusable(path: path, reason: lastSystemError()) }
        return Array(buffer[..<count])
    }

    /// Writes a new key beside `path` and links it there: a crash leaves no half a key, and a second process no second one.
    private static func create(_ path: String) throws {
        let draft = "\(path).\(getpid()).new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw MasterKeyError.unusable(path: path, reason: lastSystemError()) }
        defer {
            close(descriptor)
            unlink(draft)
        }
        let octets = Secret.octets(octetCount)
        guard write(descriptor, octets, octets.count) == octets.count, fsync(descriptor) == 0 else {
            throw MasterKeyError.unusable(path: path, reason: lastSystemError())
        }
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw MasterKeyError.unusable(path: path, reason: lastSystemError())
        }
        // The name, too, must survive a power cut before anything is sealed with the key.
        let folderPath = (path as NSString).deletingLastPathComponent
        let folder = open(folderPath.isEmpty ? "." : folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw MasterKeyError.unusable(path: path, reason: lastSystemError()) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw MasterKeyError.unusable(path: path, reason: lastSystemError()) }
    }

    private static func lastSystemError() -> String { String(cString: strerror(errno)) }
}

extension MasterKey: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { "•••" }
    public var debugDescription: String { "•••" }
}

/// Why the key file cannot be used.
public enum MasterKeyError: Error, Sendable, Hashable, CustomStringConvertible {
    case unusable(path: String, reason: String)
    case wrongSize(path: String, octets: Int)
    case openToOthers(path: String, mode: Int)

    /// One sentence for a person, with the remedy.
    public var description: String {
        switch self {
        case .unusable(let path, let reason):
            "The master key \(path) cannot be used: \(reason)."
        case .wrongSize(let path, let octets):
            "The master key \(path) has \(octets) octets instead of \(MasterKey.octetCount); restore it from your backup."
        case .openToOthers(let path, let mode):
            "The master key \(path) has mode \(String(mode, radix: 8)) and others may read it; run: chmod 600 '\(path)'"
        }
    }
}
