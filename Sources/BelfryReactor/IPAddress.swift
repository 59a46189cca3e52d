import CLinux

/// An IPv4 or IPv6 address; IPv4 stands mapped in the last 32 bits (RFC 4291, 2.5.5.2).
@frozen public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The first 64 bits, in host byte order.
    public let high: UInt64
    /// The last 64 bits, in host byte order.
    public let low: UInt64
    public let isIPv4: Bool

    public init(high: UInt64, low: UInt64, isIPv4: Bool) {
        self.high = high
        self.low = low
        self.isIPv4 = isIPv4
    }

    public init(ipv4 value: UInt32) {
        self.init(high: 0, low: CLINUX_MAPPED_PREFIX | UInt64(value), isIPv4: true)
    }

    public static let loopback = IPAddress(ipv4: 0x7f00_0001)
    public static let ipv6Loopback = IPAddress(high: 0, low: 1, isIPv4: false)

    /// Reads `192.0.2.1` or `2001:db8::1`; no name, no brackets, no zone.
    public init?(parsing text: String) {
        var address = clinux_address()
        // A NUL would end the C string early and let "127.0.0.1\0evil" pass.
        guard !text.utf8.contains(0), unsafe clinux_parse_address(text, &address) == 0 else { return nil }
        self.init(address)
    }

    /// The address with all but its first bits cleared: what a limit counts by, since one client owns a whole
    /// /64.
    ///
    /// - Parameters:
    ///   - ipv4Bits: 0 to 32.
    ///   - ipv6Bits: 0 to 128.
    /// - Returns: The network of that size.
    public func network(ipv4Bits: Int = 32, ipv6Bits: Int = 64) -> IPAddress {
        let kept = isIPv4 ? 96 &+ min(max(ipv4Bits, 0), 32) : min(max(ipv6Bits, 0), 128)
        let highMask: UInt64 = kept >= 64 ? .max : ~(UInt64.max >> UInt64(kept))
        let lowMask: UInt64 = kept >= 128 ? .max : ~(UInt64.max >> UInt64(max(kept &- 64, 0)))
        return IPAddress(high: high & highMask, low: low & lowMask, isIPv4: isIPv4)
    }

    public var description: String {
        var address = clinux_address(high: high, low: low, port: 0, is_ipv4: isIPv4 ? 1 : 0)
        return unsafe String(unsafeUninitializedCapacity: 46) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return unsafe base.withMemoryRebound(to: CChar.self, capacity: buffer.count) { text in
                unsafe clinux_format_address(&address, text)
                return unsafe strlen(text)
            }
        }
    }
}

extension IPAddress {
    init(_ address: clinux_address) {
        self.init(high: address.high, low: address.low, isIPv4: address.is_ipv4 != 0)
    }
}

/// Where a client comes from.
@frozen public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    public let ip: IPAddress
    public let port: UInt16

    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    public var description: String { ip.isIPv4 ? "\(ip):\(port)" : "[\(ip)]:\(port)" }
}

/// Where a listener waits; port 0 lets the kernel choose.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    public let ip: IPAddress
    public let port: UInt16

    public init(ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Reads `0.0.0.0:8443` or `[::]:8443`; `nil` for anything else, names included.
    public init?(parsing text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...].utf8
        var host = text[..<colon]
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if bracketed { host = host.dropFirst().dropLast() }
        guard (1...5).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }),
            let port = UInt16(text[text.index(after: colon)...]), let ip = IPAddress(parsing: String(host)),
            ip.isIPv4 != bracketed
        else { return nil }
        self.init(ip: ip, port: port)
    }

    public var description: String { PeerAddress(ip: ip, port: port).description }
}

extension ListenAddress {
    var linuxAddress: clinux_address {
        clinux_address(high: ip.high, low: ip.low, port: port, is_ipv4: ip.isIPv4 ? 1 : 0)
    }
}
