/// The one place where text from outside becomes fit for a journal, a terminal and a log shipper.
///
/// Journald keeps any bytes and journalctl prints them, so an ESC in an Origin header would reach the
/// operator's terminal, a newline would look like a second entry, and a right-to-left override would show
/// one address and mean another. All of these become visible escapes: `\n`, `\x1b`, `\u{202e}`. The
/// backslash itself is doubled, so that an escape can be told from what the peer wrote.
package enum SafeText {
    /// Appends `text`, redacted and escaped, in at most `limit` bytes; an escape is never cut in two.
    ///
    /// Returns false when something had to be left out at the end.
    package static func append(_ text: String, limit: Int, to bytes: inout [UInt8]) -> Bool {
        let utf8 = text.utf8
        guard utf8.count <= limit, isPlain(utf8.span) else {
            return appendEscaped(Redaction.redacted(text) ?? text, limit: limit, to: &bytes)
        }
        bytes += utf8
        return true
    }

    /// Printable ASCII without the backslash and without a word that redaction would stop at.
    ///
    /// That is nearly every text; it stands for itself, byte by byte.
    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        var start = 0
        for position in text.indices {
            let byte = text[position]
            if Redaction.isWordByte(byte) { continue }
            guard byte >= 0x20, byte < 0x7F, byte != 0x5C else { return false }
            if start < position, Redaction.isSuspect(text.extracting(start..<position)) { return false }
            start = position &+ 1
        }
        return start == text.count || !Redaction.isSuspect(text.extracting(start..<text.count))
    }

    private static func appendEscaped(_ text: String, limit: Int, to bytes: inout [UInt8]) -> Bool {
        let end = bytes.count &+ limit
        for scalar in text.unicodeScalars {
            let before = bytes.count
            append(scalar, to: &bytes)
            if bytes.count > end {
                bytes.removeLast(bytes.count &- before)
                return false
            }
        }
        return true
    }

    /// The whole of `text`, safe; for the few places that need a String.
    package static func string(_ text: String, limit: Int = 2048) -> String {
        var bytes: [UInt8] = []
        _ = append(text, limit: limit, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        switch scalar.value {
        case 0x5C: bytes += [0x5C, 0x5C]
        case 0x0A: bytes += "\\n".utf8
        case 0x0D: bytes += "\\r".utf8
        case 0x09: bytes += "\\t".utf8
        case 0x00..<0x20, 0x7F:
            let digits = String(scalar.value, radix: 16)
            bytes += (digits.utf8.count == 1 ? "\\x0" : "\\x").utf8
            bytes += digits.utf8
        case 0x80..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069:
            bytes += "\\u{\(String(scalar.value, radix: 16))}".utf8
        default:
            bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        }
    }
}
