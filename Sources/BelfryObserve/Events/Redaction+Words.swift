/// What a single word, a run of base64url characters and dots, says of itself.
extension Redaction {
    /// RFC 7519 tokens are longer; below this, three dotted words are only that.
    private static let shortestToken = 20

    /// Letters, digits, `-`, `.` and `_`.
    static func isWordByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || (byte &- 0x2D < 13 && byte != 0x2F) || byte == 0x5F
    }

    /// False for the words that the scanner leaves as they are, with all that follows them.
    static func isSuspect(_ word: Span<UInt8>) -> Bool { isKey(word) || looksLikeToken(word) }

    /// Three parts or more that are not merely names (`client.personal_channel.enabled` is one, as is any host
    /// name): upper case and digits together, or a part that begins as encoded JSON does.
    static func looksLikeToken(_ word: Span<UInt8>) -> Bool {
        // A word of one part is none, be it a UUID or the name of a cipher.
        guard word.count >= shortestToken, hasDot(word) else { return false }
        var (parts, hasJSON, hasUpper, hasDigit) = (0, false, false, false)
        var isAtStart = true
        for index in word.indices {
            let byte = word[index]
            if isAtStart, byte != 0x2E {
                parts &+= 1
                hasJSON = hasJSON || beginsAsJSON(word, at: index)
            }
            isAtStart = byte == 0x2E
            hasUpper = hasUpper || isUpper(byte)
            hasDigit = hasDigit || (0x30...0x39).contains(byte)
        }
        return (parts >= 2 && hasJSON) || (parts >= 3 && hasUpper && hasDigit)
    }

    private static func hasDot(_ word: Span<UInt8>) -> Bool {
        for index in word.indices where word[index] == 0x2E { return true }
        return false
    }

    /// `{"`, `{ `, and `{` with a line break or tab, in base64url: `eyJ`, `eyA`, `ewo`, `ew0`, `ewk`.
    private static func beginsAsJSON(_ word: Span<UInt8>, at start: Int) -> Bool {
        guard start &+ 2 < word.count, word[start] == 0x65 else { return false }
        return switch (word[start &+ 1], word[start &+ 2]) {
        case (0x79, 0x4A), (0x79, 0x41), (0x77, 0x6F), (0x77, 0x30), (0x77, 0x6B): true
        default: false
        }
    }

    /// Tells whether the word ends in a key or is `bearer`.
    static func isKey(_ word: Span<UInt8>) -> Bool {
        guard word.count >= 3, hasKeyEnding(word) else { return false }
        return (word.count == 6 && ends(word, in: "bearer")) || keys.contains { ends(word, in: $0) }
    }

    /// The last two letters of the keys and of `bearer`: most words end otherwise.
    private static func hasKeyEnding(_ word: Span<UInt8>) -> Bool {
        switch (lowercase(word[word.count &- 2]), lowercase(word[word.count &- 1])) {
        case (0x65, 0x6E), (0x77, 0x74), (0x65, 0x74), (0x72, 0x64), (0x77, 0x64): true  // en wt et rd wd
        case (0x6F, 0x6E), (0x65, 0x79), (0x65, 0x72): true  // on ey er
        default: false
        }
    }

    private static func ends(_ word: Span<UInt8>, in key: String) -> Bool {
        let key = key.utf8
        guard word.count >= key.count else { return false }
        let tail = word.extracting(last: key.count)
        for index in tail.indices where lowercase(tail[index]) != key.span[index] { return false }
        return true
    }

    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }

    private static func lowercase(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }
}
