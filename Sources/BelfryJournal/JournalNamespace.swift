import Foundation

/// In which of systemd's journals the entries of this process stand (systemd.exec(5), `LogNamespace=`).
///
/// No variable tells. What does is how the namespace is made: the service's `/run/systemd/journal`, where the sockets
/// are, is a mount of `/run/systemd/journal.NAME`, and a mount names its root (proc(5), mountinfo).
package enum JournalNamespace {
    private static let place = "/run/systemd/journal"
    private static let prefix = "journal."
    /// Thousands of mounts; a container host has no more.
    private static let bytesMax = 1 << 20

    /// `nil` in the default one, and where the kernel does not say.
    package static var current: String? {
        guard let file = FileHandle(forReadingAtPath: "/proc/self/mountinfo") else { return nil }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: bytesMax) else { return nil }
        return name(in: String(decoding: data, as: UTF8.self))
    }

    /// The name by a mountinfo; of several mounts on one place the last is the one that is seen.
    static func name(in mounts: String) -> String? {
        let roots = mounts.split(separator: "\n").compactMap { line -> Substring? in
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 4, fields[4] == place || fields[4] == place + "/socket" else { return nil }
            return fields[3]
        }
        let parts = roots.last?.split(separator: "/") ?? []
        guard let part = parts.last(where: { $0 != "socket" }), part.hasPrefix(prefix) else { return nil }
        let name = part.dropFirst(prefix.count)
        // It stands in commands that people copy.
        return !name.isEmpty && name.utf8.allSatisfy(isPlain) ? String(name) : nil
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
