/// Takes credentials out of any text, whoever wrote it: a peer, a proxy, a library's error message.
///
/// Two shapes are looked for. A token by its look: dotted base64url parts, where the first is encoded JSON
/// (`eyJ…`) or the whole is too mixed to be a name. And a value by its key: `access_token=…`, `"jwt": "…"`,
/// `Authorization: Bearer …`. What is wrongly taken for a secret costs a word in an entry; what is missed
/// stands in a journal for years, so doubt is decided for redaction.
enum Redaction {
    static let replacement = "[redacted]"

    /// What the last word of a key may be, in lower case; `access_token` ends in `token`.
    static let keys = [
        "token", "jwt", "secret", "password", "passwd", "authorization", "api_key", "api-key", "apikey",
    ]

    /// Nil when there is nothing to take out, which is nearly always.
    static func redacted(_ text: String) -> String? {
        // Shortest secret form: a key of three letters, a sign, a value.
        guard text.utf8.count >= 5 else { return nil }
        var scanner = Scanner(input: Array(text.utf8))
        scanner.run()
        return scanner.found ? String(decoding: scanner.output, as: UTF8.self) : nil
    }

    /// One pass from left to right over words, a word being a run of base64url characters and dots.
    private struct Scanner {
        let input: [UInt8]
        var position = 0
        var output: [UInt8] = []
        var found = false

        init(input: [UInt8]) { self.input = input }

        mutating func run() {
            while position < input.count {
                let word = takeWord()
                if word.isEmpty {
                    output.append(input[position])
                    position &+= 1
                } else if Redaction.looksLikeToken(word.span) {
                    redact()
                } else {
                    output += word
                    redactValue(after: word)
                }
            }
        }

        private mutating func redact() {
            output += Redaction.replacement.utf8
            found = true
        }

        private mutating func takeWord() -> ArraySlice<UInt8> {
            let start = position
            while position < input.count, Redaction.isWordByte(input[position]) { position &+= 1 }
            return input[start..<position]
        }

        private mutating func redactValue(after word: ArraySlice<UInt8>) {
            guard Redaction.isKey(word.span) else { return }
            let key = String(decoding: word, as: UTF8.self).lowercased()
            if key == "bearer" { return redactBearer() }
            guard skipSeparator() else { return }
            let scheme = takeValue()
            guard !scheme.isEmpty else { return }
            redact()
            // `Authorization: Bearer x`: the scheme is no secret, what follows it is.
            if key.hasSuffix("authorization") || ["bearer", "basic"].contains(scheme) {
                skip { $0 == 0x20 }
                _ = takeValue()
            }
        }

        /// `Bearer x` without a header's name; shorter words than 8 bytes are prose.
        private mutating func redactBearer() {
            let after = position
            skip { $0 == 0x20 }
            if takeValue().utf8.count >= 8, after < position {
                output.append(0x20)
                redact()
            } else {
                position = after
            }
        }

        /// Copies what may stand between key and value, `=`, `": "`, `%3D`; false (and no move) without a sign.
        private mutating func skipSeparator() -> Bool {
            let start = position
            var hasSign = false
            while position < input.count {
                let rest = input[position...].prefix(3)
                if rest.starts(with: "%3D".utf8) || rest.starts(with: "%3d".utf8)
                    || rest.starts(with: "%3A".utf8) || rest.starts(with: "%3a".utf8)
                {
                    hasSign = true
                    position &+= 3
                } else if rest.starts(with: "%22".utf8) || rest.starts(with: "%20".utf8) {
                    position &+= 3
                } else if let byte = rest.first, [0x20, 0x22, 0x27, 0x3A, 0x3D, 0x5C].contains(byte) {
                    hasSign = hasSign || byte == 0x3A || byte == 0x3D
                    position &+= 1
                } else {
                    break
                }
            }
            guard hasSign else {
                position = start
                return false
            }
            output += input[start..<position]
            return true
        }

        /// Up to a delimiter of URLs, headers, JSON or prose; in lower case.
        private mutating func takeValue() -> String {
            let start = position
            skip { !($0 <= 0x20 || [0x22, 0x26, 0x27, 0x2C, 0x3B].contains($0)) }
            return String(decoding: input[start..<position], as: UTF8.self).lowercased()
        }

        private mutating func skip(while condition: (UInt8) -> Bool) {
            while position < input.count, condition(input[position]) { position &+= 1 }
        }
    }
}
