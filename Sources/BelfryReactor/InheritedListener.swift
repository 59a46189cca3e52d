import CLinux

#if canImport(Glibc)
    import Glibc
#endif

/// A listening TCP socket that somebody else opened, and may still hold (socket activation).
///
/// All its descriptors, here and in other processes, have one queue of newcomers: who closes one takes nothing from
/// the others.
public struct InheritedListener: Sendable, Equatable {
    public let descriptor: Descriptor
    public let address: ListenAddress
    /// Connections that may wait in the queue.
    public let backlog: Int

    /// Looks at a descriptor, which stays the caller's.
    ///
    /// - Throws: `EINVAL` when it does not listen, `EAFNOSUPPORT` when it is neither IPv4 nor IPv6.
    public init(_ rawValue: Int32) throws(SystemError) {
        guard try SystemError.check(clinux_is_listening(rawValue), .adopt) == 1 else {
            throw SystemError(.adopt, code: EINVAL)
        }
        var local = clinux_address()
        _ = try SystemError.check(unsafe clinux_local_address(rawValue, &local), .adopt)
        descriptor = Descriptor(rawValue: rawValue)
        address = ListenAddress(ip: IPAddress(local), port: local.port)
        backlog = Int(try SystemError.check(clinux_backlog(rawValue), .adopt))
    }

    /// Another descriptor of the same socket, close-on-exec; yours to close.
    public func duplicate() throws(SystemError) -> Descriptor {
        Descriptor(rawValue: try SystemError.check(clinux_duplicate(descriptor.rawValue), .adopt))
    }
}
