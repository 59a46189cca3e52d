/// Base64 as the WebSocket handshake needs it (RFC 4648, section 4).
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Encodes with padding.
    package static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        append(bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Encodes with padding, behind what `output` holds.
    static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        let alphabet = Self.alphabet
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let size = min(3, bytes.count &- start)
            var bits: UInt32 = 0
            for place in 0..<3 { bits = bits &<< 8 | (place < size ? UInt32(bytes[start &+ place]) : 0) }
            for place in 0...3 {
                let index = Int(bits &>> UInt32(18 &- 6 &* place) & 0x3F)
                output.append(place <= size ? alphabet[index] : UInt8(ascii: "="))
            }
        }
    }

    /// How many bytes `text` stands for, or `nil` when it is not padded Base64.
    ///
    /// The unused bits of the last character may be anything: the key is only ever hashed as text.
    package static func decodedByteCount(_ text: String) -> Int? {
        let characters = text.utf8.span
        guard characters.count.isMultiple(of: 4) else { return nil }
        var digits = characters.count
        while digits > 0, characters[digits &- 1] == UInt8(ascii: "=") { digits &-= 1 }
        let padding = characters.count &- digits
        guard padding <= 2, characters.extracting(0..<digits).allSatisfy(isDigit) else { return nil }
        return characters.count / 4 &* 3 &- padding
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }
}
