import BelfryReactor

#if canImport(Glibc)
    import Glibc
#endif

/// A blocking client on the real loopback; every wait ends after 20 s, so that a broken loop fails instead of
/// hanging.
final class LoopbackClient {
    private(set) var descriptor: Int32

    init(port: UInt16, ipv6: Bool = false) throws {
        descriptor = socket(ipv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        let result = ipv6 ? connectIPv6(port) : connectIPv4(port)
        guard result == 0 else { throw MissingValue(reason: "connect failed: errno \(errno)") }
    }

    deinit { close() }

    private func connectIPv4(_ port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return unsafe withUnsafeBytes(of: &address) {
            unsafe connect(
                descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }

    private func connectIPv6(_ port: UInt16) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return unsafe withUnsafeBytes(of: &address) {
            unsafe connect(
                descriptor, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }

    func send(_ bytes: [UInt8]) { Self.send(bytes, on: descriptor) }

    /// For a second thread: a number may travel, the client may not.
    static func send(_ bytes: [UInt8], on descriptor: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Exactly `count` bytes, or fewer if the connection ends before.
    func receive(_ count: Int) -> [UInt8] {
        var received: [UInt8] = []
        while received.count < count {
            let wanted = min(count - received.count, 65_536)
            var got = 0
            received += unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
                got = unsafe recv(descriptor, buffer.baseAddress, wanted, 0)
                initialized = max(got, 0)
            }
            if got <= 0 { break }
        }
        return received
    }

    /// What a read at the end says: 0 for an orderly end, or an `errno` value.
    func end() -> Int32 {
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, 0)
        return count < 0 ? errno : Int32(count)
    }

    func shutdownWrite() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// Sockets this process has open.
///
/// Other tests open some too: use in a process of one's own.
func openSocketCount() -> Int {
    (0..<2_048 as Range<Int32>).count { descriptor in
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}
