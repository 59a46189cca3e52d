/// Base64 as the WebSocket handshake needs it (RFC 4648, section 4).
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Encodes with padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start &+ 3, bytes.count)]
            let bits = group.reduce(0) { $0 &<< 8 | UInt32($1) } &<< (8 &* UInt32(3 &- group.count))
            for place in 0...3 {
                let index = Int(bits &>> UInt32(18 &- 6 &* place) & 0x3F)
                output.append(place <= group.count ? alphabet[index] : UInt8(ascii: "="))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// How many bytes `text` stands for, or `nil` when it is not padded Base64.
    ///
    /// The unused bits of the last character may be anything: the key is only ever hashed as text.
    package static func decodedByteCount(_ text: String) -> Int? {
        let characters = text.utf8
        guard characters.count.isMultiple(of: 4) else { return nil }
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2, characters.dropLast(padding).allSatisfy(isDigit) else { return nil }
        return characters.count / 4 &* 3 &- padding
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }
}
