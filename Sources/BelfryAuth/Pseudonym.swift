import Crypto

/// Stable names for people and rooms in logs: the same input gives the same 16 hexadecimal digits, and
/// without the key nobody can go back or test a guess.
package struct Pseudonym: Sendable {
    private let keyed: KeyedHash<SHA256>

    /// - Parameter key: secret bytes, 32 if possible. Those who hold it can link a user to log entries.
    package init(key: [UInt8]) {
        keyed = KeyedHash(key: key)
    }

    /// The first 8 bytes of HMAC-SHA-256 in lower-case hexadecimal: enough to tell users apart, and
    /// deliberately too short to be a token of its own.
    package func of(_ text: String) -> String {
        var digits: [UInt8] = []
        digits.reserveCapacity(16)
        for byte in keyed.code(of: Array(text.utf8)[...]).prefix(8) {
            digits.append(Self.digit(byte >> 4))
            digits.append(Self.digit(byte & 0xF))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") &+ nibble : UInt8(ascii: "a") &+ nibble &- 10
    }
}
