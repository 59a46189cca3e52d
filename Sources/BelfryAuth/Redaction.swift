/// Makes a text fit for logs and metrics pages: no tokens, no control characters, bounded.
///
/// Meant for texts we did not write: error messages of libraries, request targets, names from clients.
/// It errs on the side of removing: better a lost word than a token in the journal.
package enum Redaction {
    /// What stands where a token was.
    package static let mark = "[redacted]"

    /// `text` without anything that looks like a token, and cleaned as by ``clean(_:limit:)``.
    ///
    /// - Parameters:
    ///   - text: anything, from anywhere.
    ///   - limit: most characters (Unicode scalars) of the result.
    /// - Returns: what may be written into a log.
    package static func redact(_ text: String, limit: Int = 1024) -> String {
        // More cannot reach the result unless 15 of 16 bytes are token; and who sends a megabyte gets no work.
        var rest = Array(text.utf8.prefix(16 * min(max(limit, 0), 1 << 16)))[...]
        var safe: [UInt8] = []
        var isValue = false  // of a query parameter or header that carries tokens
        while let first = rest.first {
            guard isTokenByte(first) else {
                isValue = (isValue && isQuote(first)) || announcesToken(safe, before: first)
                safe.append(first)
                rest = rest.dropFirst()
                continue
            }
            let word = rest.prefix(while: isTokenByte)
            rest = rest[word.endIndex...]
            isValue = append(word, isValue: isValue, to: &safe)
        }
        return clean(String(decoding: safe, as: UTF8.self), limit: limit)
    }

    /// `text` cut to `limit` scalars, with U+FFFD for each one that could forge or hide a log line: control
    /// characters, line separators, and those that change the direction of writing.
    package static func clean(_ text: String, limit: Int = 1024) -> String {
        var cleaned = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(max(limit, 0)) {
            cleaned.append(isHostile(scalar) ? "\u{FFFD}" : scalar)
        }
        return String(cleaned)
    }

    private static func isHostile(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true  // C0, DEL, C1
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // direction
        case 0x2028, 0x2029: true  // line and paragraph separator
        default: false
        }
    }
}

// How a token is recognised.
extension Redaction {
    /// Appends `word` or the mark; says whether the next word is a value of this one (`Bearer x`).
    private static func append(_ word: ArraySlice<UInt8>, isValue: Bool, to safe: inout [UInt8]) -> Bool {
        let isScheme = equalsIgnoringCase(word, "bearer")
        if isScheme || !(isValue || looksLikeToken(word)) { safe += word } else { safe += mark.utf8 }
        return isScheme
    }

    /// The letters of base64url, the dot, and `%` since a dot may come as `%2E`.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "%"): true
        default: false
        }
    }

    private static func isQuote(_ byte: UInt8) -> Bool {
        [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: " ")].contains(byte)
    }

    /// A token shows itself by `eyJ`, which is `{"` in base64, or by three long parts.
    private static func looksLikeToken(_ word: ArraySlice<UInt8>) -> Bool {
        guard word.count >= 16 else { return false }  // shorter than any header
        let start = Array("eyJ".utf8)
        var rest = word
        while let index = rest.firstIndex(of: start[0]) {
            rest = rest[index...]
            if rest.starts(with: start) && rest.count >= 16 { return true }
            rest = rest.dropFirst()
        }
        let parts = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // Host names have three parts too, but not of this length.
        return parts.count >= 3 && parts.count { $0.count >= 16 } >= 2
    }

    /// Whether what was written so far ends in a name whose value, after `separator`, is a token: `token=`,
    /// `access_token=`, `"jwt":`.
    private static func announcesToken(_ safe: [UInt8], before separator: UInt8) -> Bool {
        guard separator == UInt8(ascii: "=") || separator == UInt8(ascii: ":") else { return false }
        var name = safe[...]
        while name.last == UInt8(ascii: " ") { name = name.dropLast() }
        let isQuoted = name.last == UInt8(ascii: "\"")
        guard separator == UInt8(ascii: "=") || isQuoted else { return false }
        if isQuoted { name = name.dropLast() }
        return endsIgnoringCase(name, "token") || endsIgnoringCase(name, "jwt")
    }

    private static func equalsIgnoringCase(_ bytes: ArraySlice<UInt8>, _ lower: StaticString) -> Bool {
        bytes.count == lower.utf8CodeUnitCount && endsIgnoringCase(bytes, lower)
    }

    private static func endsIgnoringCase(_ bytes: ArraySlice<UInt8>, _ lower: StaticString) -> Bool {
        let word = Array(lower.description.utf8)
        return bytes.suffix(word.count).elementsEqual(word) { byte, letter in byte | 0x20 == letter }
    }
}
