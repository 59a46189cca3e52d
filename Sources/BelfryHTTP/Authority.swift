/// A host and a port, in a form that compares exactly: lowercase, with the scheme's port filled in.
struct Authority: Equatable, Sendable {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    let host: Octets
    let port: UInt16?

    /// Returns `nil` for user information, an empty host, and everything else a Host field must not hold.
    ///
    /// - Parameters:
    ///   - text: In lowercase, or authorities do not compare.
    ///   - defaultPort: The port that goes without saying.
    init?(_ text: Octets, defaultPort: UInt16?) {
        guard let hostEnd = Self.endOfHost(text.span), hostEnd > 0 else { return nil }
        host = text.prefix(hostEnd)
        if hostEnd == text.count {
            port = defaultPort
        } else {
            guard let number = Self.port(text.dropFirst(hostEnd)) else { return nil }
            port = number
        }
    }

    private static func endOfHost(_ bytes: Span<UInt8>) -> Int? {
        if !bytes.isEmpty, bytes[0] == UInt8(ascii: "[") { return endOfAddress(bytes) }
        var index = 0
        while index < bytes.count, bytes[index].isHostCharacter { index &+= 1 }
        return index
    }

    private static func endOfAddress(_ bytes: Span<UInt8>) -> Int? {
        guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > 2 else { return nil }
        let isAddress = bytes.extracting(1..<close).allSatisfy {
            $0.hexadecimalValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
        }
        return isAddress ? close + 1 : nil
    }

    /// Reads `:` and one to five digits.
    private static func port(_ bytes: Octets) -> UInt16? {
        guard bytes.first == UInt8(ascii: ":"), (2...6).contains(bytes.count) else { return nil }
        var number: UInt32 = 0
        for digit in bytes.dropFirst() {
            guard digit.isDigit else { return nil }
            number = number &* 10 &+ UInt32(digit &- UInt8(ascii: "0"))
        }
        return UInt16(exactly: number)
    }
}
