import Crypto

/// Stable names for people and rooms in logs: the same input gives the same 16 hexadecimal digits, and
/// without the key nobody can go back or test a guess.
package struct Pseudonym: Sendable {
    private let key: SymmetricKey

    /// - Parameter key: secret bytes, 32 if possible. Those who hold it can link a user to log entries.
    package init(key: [UInt8]) {
        self.key = SymmetricKey(data: key)
    }

    /// The first 8 bytes of HMAC-SHA-256 in lower-case hexadecimal: enough to tell users apart, and
    /// deliberately too short to be a token of its own.
    package func of(_ text: String) -> String {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array(text.utf8))
        return code.finalize().prefix(8).map(JSONText.hex).joined()
    }
}
