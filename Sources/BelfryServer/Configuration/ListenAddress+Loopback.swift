import BelfryReactor

extension ListenAddress {
    /// Whether only this machine can connect: 127.0.0.0/8 and ::1.
    var isLoopback: Bool {
        ip == .ipv6Loopback || ip.network(ipv4Bits: 8) == IPAddress(ipv4: 0x7F00_0000)
    }
}
