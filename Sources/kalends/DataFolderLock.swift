import Foundation

/// Keeps two gateways off one data folder: an advisory lock that ends with the process.
struct DataFolderLock {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Throws: ``Failure`` when another process holds it.
    init(_ settings: Settings) throws {
        descriptor = open(settings.dataFolder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("\(settings.dataFolder) cannot be written") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Failure("a gateway runs on \(settings.dataFolder) already")
        }
    }

    /// Whether a gateway runs on the data folder.
    static func isHeld(_ settings: Settings) -> Bool {
        guard let lock = try? DataFolderLock(settings) else {
            return FileManager.default.fileExists(atPath: settings.dataFolder + "/lock")
        }
        lock.release()
        return false
    }

    func release() { close(descriptor) }
}
