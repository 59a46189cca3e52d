// What an operator takes away again: a token before its end, a user, a network (protocol.md 17.2, security.md B4).

/// Somebody or something that is not let in any more.
package struct Denial: Hashable, Sendable {
    /// Who it is; at most one denial each is in force.
    package enum Target: Hashable, Sendable {
        /// The token with this `jti`.
        case token(ExactText)
        /// This user's tokens issued before ``Denial/issuedBefore``.
        case tokens(of: ExactText)
        case user(ExactText)
        case addresses(AddressRange)
    }

    package let target: Target
    /// Seconds since 1970, for ``Target/tokens(of:)`` alone: a token whose `iat` is earlier, or that has none, is
    /// refused.
    package let issuedBefore: Int64
    /// Seconds since 1970 from which it is over; ``never`` has no end.
    package let until: Int64

    package static let never = Int64.max
    /// Names longer than this are refused; ids have 36 bytes, users' names rarely more.
    package static let nameBytesMax = 1_024

    package init(_ target: Target, issuedBefore: Int64 = 0, until: Int64 = never) {
        self.target = target
        self.issuedBefore = issuedBefore
        self.until = until
    }

    package static func token(_ id: String, until: Int64 = never) -> Denial {
        Denial(.token(ExactText(id)), until: until)
    }

    package static func tokens(of user: String, issuedBefore: Int64, until: Int64 = never) -> Denial {
        Denial(.tokens(of: ExactText(user)), issuedBefore: issuedBefore, until: until)
    }

    package static func user(_ name: String, until: Int64 = never) -> Denial {
        Denial(.user(ExactText(name)), until: until)
    }

    package static func addresses(_ range: AddressRange, until: Int64 = never) -> Denial {
        Denial(.addresses(range), until: until)
    }

    package func isOver(at now: Int64) -> Bool { until <= now }

    /// Whether it is about who shows this token; never so for addresses.
    package func covers(_ token: TokenMark, of user: String) -> Bool {
        switch target {
        case .token(let id): token.id == id
        case .tokens(let name): name == ExactText(user) && token.isIssued(before: issuedBefore)
        case .user(let name): name == ExactText(user)
        case .addresses: false
        }
    }

    package func covers(addressHigh high: UInt64, low: UInt64) -> Bool {
        guard case .addresses(let range) = target else { return false }
        return range.contains(high: high, low: low)
    }
}

/// What of a token revocations go by.
package struct TokenMark: Hashable, Sendable {
    /// `jti`.
    package let id: ExactText?
    /// `iat` in seconds since 1970.
    package let issuedAt: Int64?

    package init(id: String?, issuedAt: Int64?) {
        self.id = id.map(ExactText.init)
        self.issuedAt = issuedAt
    }

    func isIssued(before moment: Int64) -> Bool { issuedAt.map { $0 < moment } ?? true }
}

/// A text that is equal to the same bytes only.
///
/// `String` calls `é` and `e´` the same, which users are not.
package struct ExactText: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.isIdentical(to: right.text)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

/// A network: addresses that begin with the same bits.
///
/// IPv4 stands mapped in IPv6 (RFC 4291, 2.5.5.2), so that `192.0.2.0/24` is 96 + 24 bits long, and an IPv4 client of an
/// IPv6 socket is the same client.
package struct AddressRange: Hashable, Sendable {
    /// The first 64 bits in host byte order, those behind the prefix zero.
    package let high: UInt64
    package let low: UInt64
    /// 0 to 128.
    package let length: UInt8

    private static let mapped: UInt64 = 0xFFFF

    /// - Parameters:
    ///   - high: The first 64 bits of any address of the network, in host byte order.
    ///   - low: The last 64 bits.
    ///   - length: Bits that count; more than 128 count as 128.
    package init(high: UInt64, low: UInt64, length: Int) {
        let length = min(max(length, 0), 128)
        self.high = high & Self.mask(length)
        self.low = low & Self.mask(length - 64)
        self.length = UInt8(truncatingIfNeeded: length)
    }

    private static func mask(_ bits: Int) -> UInt64 {
        bits <= 0 ? 0 : bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits))
    }

    static func isIPv4(high: UInt64, low: UInt64) -> Bool { high == 0 && low >> 32 == mapped }

    package var isIPv4: Bool { length >= 96 && Self.isIPv4(high: high, low: low) }

    /// All of IPv4, or of IPv6: nobody means that.
    package var isEverybody: Bool { length == 0 || length == 96 && isIPv4 }

    /// A range of IPv6 holds no IPv4 address, however short its prefix.
    package func contains(high: UInt64, low: UInt64) -> Bool {
        guard length >= 96 || !Self.isIPv4(high: high, low: low) else { return false }
        return self == AddressRange(high: high, low: low, length: Int(length))
    }
}
