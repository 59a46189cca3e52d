import CSystemd
import Glibc

/// A listening socket that systemd opened for us (socket activation, sd_listen_fds(3)).
package struct ListenDescriptor: Sendable, Equatable {
    /// Ours from now on; close-on-exec is set.
    package let descriptor: Int32
    /// `FileDescriptorName=` of the socket unit; `unknown` when it gave none.
    package let name: String

    /// Takes all of them over.
    ///
    /// A second call finds none, and neither does a child process.
    ///
    /// Throws when the environment is malformed, or when what was passed is not a listening TCP socket.
    package static func takeAll() throws(ListenDescriptorError) -> [ListenDescriptor] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        guard count >= 0 else { throw .environment(errno: -count) }
        defer { unsafe release(names, count) }
        var taken: [ListenDescriptor] = []
        for index in 0..<count {
            let descriptor = SD_LISTEN_FDS_START + index
            let name = unsafe names?[Int(index)].map { unsafe String(cString: $0) } ?? "unknown"
            guard sd_is_socket_inet(descriptor, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 1, 0) > 0 else {
                throw .notListening(descriptor: descriptor, name: name)
            }
            taken.append(ListenDescriptor(descriptor: descriptor, name: name))
        }
        return taken
    }

    /// The array and its strings are the caller's to free.
    private static func release(_ names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int32)
    {
        guard let names = unsafe names else { return }
        for index in 0..<Int(count) { unsafe free(names[index]) }
        unsafe free(names)
    }
}

/// What systemd handed over and we cannot use.
package enum ListenDescriptorError: Error, Equatable, CustomStringConvertible {
    case environment(errno: Int32)
    case notListening(descriptor: Int32, name: String)

    package var description: String {
        switch self {
        case .environment(let errno): "LISTEN_FDS or LISTEN_PID is malformed (errno \(errno))"
        case .notListening(let descriptor, let name):
            "descriptor \(descriptor) (\(name)) from systemd is not a listening TCP socket"
        }
    }
}
