/// `SafeText` as one would write it without a thought for its cost: every scalar for itself, every word a string.
///
/// The measure for the quick one, which must give the same bytes.
enum PlainText {
    static func append(_ text: String, limit: Int, to bytes: inout [UInt8]) -> Bool {
        let end = bytes.count + limit
        for scalar in PlainRedaction.redacted(text).unicodeScalars {
            let escaped = escaped(scalar)
            guard bytes.count + escaped.utf8.count <= end else { return false }
            bytes += escaped.utf8
        }
        return true
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0x5C: return "\\\\"
        case 0x0A: return "\\n"
        case 0x0D: return "\\r"
        case 0x09: return "\\t"
        case 0x00..<0x20, 0x7F:
            let digits = String(scalar.value, radix: 16)
            return (digits.count == 1 ? "\\x0" : "\\x") + digits
        case 0x80..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069:
            return "\\u{\(String(scalar.value, radix: 16))}"
        default: return String(Character(scalar))
        }
    }
}

/// `Redaction` in the same manner, by the rules its comments state.
private struct PlainRedaction {
    private var rest: Substring.UTF8View
    private var output = ""

    static func redacted(_ text: String) -> String {
        var redaction = PlainRedaction(rest: Substring(text).utf8)
        while let first = redaction.rest.first { redaction.takeOne(first) }
        return redaction.output
    }

    private mutating func takeOne(_ first: UInt8) {
        let word = take { byte in
            let scalar = Unicode.Scalar(byte)
            return scalar.isASCII && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
                || "-._".utf8.contains(byte)
        }
        if word.isEmpty {
            let run = take { $0 == first || $0 >= 0x80 }
            output += run
        } else if looksLikeToken(word) {
            output += "[redacted]"
        } else {
            output += word
            redactValue(after: word.lowercased())
        }
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: condition)
        rest = rest[taken.endIndex...]
        return String(Substring(taken))
    }

    private func looksLikeToken(_ word: String) -> Bool {
        guard word.utf8.count >= 20 else { return false }
        let parts = word.split(separator: ".")
        let starts = ["eyJ", "eyA", "ewo", "ew0", "ewk"]
        if parts.count >= 2, parts.contains(where: { part in starts.contains { part.hasPrefix($0) } }) {
            return true
        }
        return parts.count >= 3 && word.contains(where: \.isUppercase) && word.contains(where: \.isNumber)
    }

    private static let keys = [
        "token", "jwt", "secret", "password", "passwd", "authorization", "api_key", "api-key", "apikey",
    ]

    private mutating func redactValue(after key: String) {
        if key == "bearer" { return redactBearer() }
        guard Self.keys.contains(where: key.hasSuffix), let separator = takeSeparator() else { return }
        output += separator
        let scheme = takeValue()
        guard !scheme.isEmpty else { return }
        output += "[redacted]"
        guard key.hasSuffix("authorization") || ["bearer", "basic"].contains(scheme) else { return }
        _ = take { $0 == 0x20 }
        _ = takeValue()
    }

    private mutating func redactBearer() {
        let before = rest
        _ = take { $0 == 0x20 }
        if takeValue().utf8.count >= 8 { output += " [redacted]" } else { rest = before }
    }

    private mutating func takeSeparator() -> String? {
        let before = rest
        var taken = ""
        while let piece = nextSeparatorPiece() {
            taken += piece
            rest = rest.dropFirst(piece.utf8.count)
        }
        if taken.contains(where: { ":=".contains($0) }) || taken.contains("%3") { return taken }
        rest = before
        return nil
    }

    private func nextSeparatorPiece() -> String? {
        let pieces = ["%3D", "%3d", "%3A", "%3a", "%22", "%20", " ", "\"", "'", ":", "=", "\\"]
        return pieces.first { rest.starts(with: $0.utf8) }
    }

    private mutating func takeValue() -> String {
        take { $0 > 0x20 && !"\"&',;".utf8.contains($0) }.lowercased()
    }
}
