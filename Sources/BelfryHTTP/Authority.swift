/// A host and a port, in a form that compares exactly: lowercase, with the scheme's port filled in.
struct Authority: Equatable, Sendable {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    let host: String
    let port: UInt16?

    /// Returns `nil` for user information, an empty host, and everything else a Host field must not hold.
    init?(_ text: some StringProtocol, defaultPort: UInt16?) {
        let bytes = Array(text.utf8)
        let hostEnd = bytes.first == UInt8(ascii: "[") ? Self.endOfAddress(bytes) : Self.endOfName(bytes)
        guard let hostEnd, hostEnd > 0 else { return nil }
        host = String(decoding: bytes[..<hostEnd], as: UTF8.self).asciiLowercased
        if hostEnd == bytes.count {
            port = defaultPort
        } else {
            guard bytes[hostEnd] == UInt8(ascii: ":"), let number = Self.port(bytes[(hostEnd + 1)...]) else {
                return nil
            }
            port = number
        }
    }

    private static func endOfName(_ bytes: [UInt8]) -> Int? {
        bytes.firstIndex { !$0.isHostCharacter } ?? bytes.count
    }

    private static func endOfAddress(_ bytes: [UInt8]) -> Int? {
        guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > 2 else { return nil }
        let isAddress = bytes[1..<close].allSatisfy {
            $0.hexadecimalValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
        }
        return isAddress ? close + 1 : nil
    }

    private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...5).contains(digits.count), digits.allSatisfy(\.isDigit) else { return nil }
        return UInt16(String(decoding: digits, as: UTF8.self))
    }
}
