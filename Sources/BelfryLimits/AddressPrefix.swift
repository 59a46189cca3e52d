/// What one peer on the Internet can be held to: an IPv4 address, or the /64 of an IPv6 address.
///
/// A household or a server gets a whole /64 (RFC 6177, RFC 4291 section 2.5.1), so limiting single IPv6
/// addresses would limit nobody.
package enum AddressPrefix: Hashable, Sendable {
    /// In host byte order.
    case ipv4(UInt32)
    /// The upper 64 bits in host byte order.
    case ipv6(UInt64)

    /// The prefix of an IPv6 address given as two halves in host byte order.
    ///
    /// An IPv4-mapped address (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2) is the IPv4 address it carries: a
    /// dual-stack listener shows IPv4 peers that way, and all of them share one /64.
    package init(ipv6High high: UInt64, low: UInt64) {
        let isMapped = high == 0 && low >> 32 == 0xFFFF
        self = isMapped ? .ipv4(UInt32(truncatingIfNeeded: low)) : .ipv6(high)
    }
}
