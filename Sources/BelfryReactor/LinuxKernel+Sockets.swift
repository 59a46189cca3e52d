import CLinux

#if canImport(Glibc)
    import Glibc
#endif

extension LinuxKernel {
    public func listen(
        _ address: ListenAddress, backlog: Int, reusePort: Bool
    ) throws(SystemError) -> Descriptor {
        var linuxAddress = address.linuxAddress
        let result = unsafe clinux_listen(&linuxAddress, Int32(clamping: backlog), reusePort ? 1 : 0)
        return Descriptor(rawValue: try SystemError.check(result, .listen))
    }

    public func adoptListener(_ descriptor: Descriptor) throws(SystemError) {
        let listening = try SystemError.check(clinux_is_listening(descriptor.rawValue), .adopt)
        guard listening == 1 else { throw SystemError(.adopt, code: EINVAL) }
        _ = try SystemError.check(clinux_set_non_blocking(descriptor.rawValue), .adopt)
        // Accepted sockets inherit it. A Unix socket has no such option, and needs none.
        _ = clinux_set_no_delay(descriptor.rawValue)
    }

    public func accept(from listener: Descriptor) -> AcceptResult {
        var peer = clinux_address()
        let result = unsafe clinux_accept(listener.rawValue, &peer)
        if result >= 0 {
            let address = PeerAddress(ip: IPAddress(peer), port: peer.port)
            return .accepted(Descriptor(rawValue: result), address)
        }
        SystemError.stopOnBug(Int(result), .accept)
        return AcceptResult(errno: -result)
    }

    public func localPort(of descriptor: Descriptor) throws(SystemError) -> UInt16 {
        UInt16(truncatingIfNeeded: try SystemError.check(clinux_local_port(descriptor.rawValue), .localPort))
    }

    public func receive(_ descriptor: Descriptor, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // A read of nothing returns 0, which would pass for the peer's end.
        unsafe precondition(!buffer.isEmpty, "receive into an empty buffer")
        let result = unsafe clinux_receive(descriptor.rawValue, buffer.baseAddress, buffer.count)
        if result < 0 { SystemError.stopOnBug(result, .epoll) }
        return result
    }

    public func send(_ descriptor: Descriptor, _ bytes: UnsafeRawBufferPointer) -> Int {
        let result = unsafe clinux_send(descriptor.rawValue, bytes.baseAddress, bytes.count)
        if result < 0 { SystemError.stopOnBug(result, .epoll) }
        return result
    }

    public func shutdownWrite(_ descriptor: Descriptor) {
        // ENOTCONN: the peer was faster with its reset. There is nothing left to shut.
        SystemError.stopOnBug(Int(clinux_shutdown_write(descriptor.rawValue)), .shutdown)
    }

    public func close(_ descriptor: Descriptor) {
        SystemError.stopOnBug(Int(clinux_close(descriptor.rawValue)), .shutdown)
    }

    public func setNoDelay(_ descriptor: Descriptor) throws(SystemError) {
        _ = try SystemError.check(clinux_set_no_delay(descriptor.rawValue), .option)
    }

    public func setLingerZero(_ descriptor: Descriptor) throws(SystemError) {
        _ = try SystemError.check(clinux_set_linger_zero(descriptor.rawValue), .option)
    }
}

extension AcceptResult {
    /// Sorts the reasons of accept(2).
    ///
    /// What is not known is the fault of one connection: its turn has passed.
    public init(errno code: Int32) {
        switch code {
        case EAGAIN: self = .wouldBlock
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: self = .exhausted(SystemError(.accept, code: code))
        case EINVAL, ENOTSOCK, EOPNOTSUPP: preconditionFailure("accept on a descriptor that does not listen")
        default: self = .retry
        }
    }
}
