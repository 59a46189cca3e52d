import CLinux

// The other side of a connection: no loop of the relay connects, but the load generator does.

extension LinuxKernel {
    /// Begins a TCP connection, non-blocking, with `TCP_NODELAY`.
    ///
    /// - Parameter address: Where to.
    /// - Returns: A socket, yours to close; it turns writable when the outcome is known, which the first send or
    ///   receive then tells.
    /// - Throws: What `socket` or `connect` said at once.
    public func connect(to address: PeerAddress) throws(SystemError) -> Descriptor {
        var target = clinux_address(
            high: address.ip.high, low: address.ip.low, port: address.port,
            is_ipv4: address.ip.isIPv4 ? 1 : 0)
        return Descriptor(rawValue: try SystemError.check(unsafe clinux_connect(&target), .connect))
    }
}

extension IPAddress {
    /// The first address of a host name.
    ///
    /// Waits for the resolver: for command lines, never on a loop.
    public init?(resolving name: String) {
        var address = clinux_address()
        guard !name.utf8.contains(0), unsafe clinux_resolve(name, &address) == 0 else { return nil }
        self.init(address)
    }
}
