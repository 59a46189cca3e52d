import BelfryBytes
import Testing

@testable import BelfryHub

/// protocol.md 18.1: which names a namespace allows.
@Suite struct ChannelPatternTests {
    private func matches(_ pattern: String, _ name: String) throws -> Bool {
        try ChannelPattern(pattern).matches(name.utf8.span)
    }

    @Test(
        "a pattern is found as RE2 finds it",
        arguments: [
            ("^[a-z]+$", "lobby", true), ("^[a-z]+$", "Lobby", false), ("^[a-z]+$", "", false),
            ("^[a-z]+$", "lobby1", false), ("[a-z]+", "1lobby1", true), ("[a-z]+", "123", false),
            ("^a", "ab", true), ("^a", "ba", false), ("a$", "ba", true), ("a$", "ab", false),
            ("", "anything", true), ("^$", "", true), ("^$", "a", false), ("^a*$", "", true),
            (#"^\d{1,3}$"#, "42", true), (#"^\d{1,3}$"#, "1234", false), (#"^\d{2,}$"#, "1", false),
            (#"^\d{2,}$"#, "12345", true), (#"^\d{3}$"#, "123", true), (#"^\d{0}$"#, "", true),
            (#"^\d{0}$"#, "1", false), ("^(room|hall)-[0-9]+$", "hall-7", true),
            ("^(room|hall)-[0-9]+$", "hall-", false), ("^(?:a|b|)c$", "c", true), ("^(a+)+$", "aaaa", true),
            ("^(a+)+$", "aaab", false), (#"^a\.b$"#, "a.b", true), (#"^a\.b$"#, "axb", false),
            ("^a.b$", "a b", true), ("^[^:]+$", "a:b", false), ("^[]x]+$", "x]", true),
            ("^[a-]+$", "a-a", true), ("^[-a]+$", "-", true), (#"^[\w-]+$"#, "A_1-z", true),
            (#"^[\w-]+$"#, "a.b", false), (#"^\W$"#, "-", true), (#"^\S+$"#, "a b", false),
            (#"^[\d\s]+$"#, "1 2", true), (#"^x\$$"#, "x$", true), (#"^\\$"#, #"\"#, true),
            ("^a?b+?c*$", "bbcc", true), ("^(a{2}){2}$", "aaaa", true), ("^(a{2}){2}$", "aaa", false),
            ("^(a|ab)(c|bcd)$", "abcd", true), ("^(ab?){1,2}$", "aab", true), ("^(a?){3}$", "", true),
            ("(a|b)$", "cab", true),
        ]) func found(pattern: String, name: String, expected: Bool) throws
    {
        #expect(try matches(pattern, name) == expected)
    }

    @Test(
        "what is no pattern is refused with the reason and the place",
        arguments: [
            ("a(b", .openGroup, 2), ("ab)", .closedGroup, 3), ("a[b", .openClass, 2), ("[]", .openClass, 1),
            ("a[z-a]", .badClass, 2), ("[[:alpha:]]", .badClass, 2), (#"a\b"#, .unknownEscape, 2),
            (#"a\"#, .unknownEscape, 2), ("*a", .nothingToRepeat, 1), ("a|+", .nothingToRepeat, 3),
            ("a**", .repeatsRepetition, 3), ("a{2}{3}", .repeatsRepetition, 5), ("a{,3}", .badRepetition, 2),
            ("a{3,2}", .badRepetition, 2), ("a{256}", .badRepetition, 2), ("a{", .badRepetition, 2),
            ("a}", .badRepetition, 2), ("a^b", .anchorInside, 2), ("a$b", .anchorInside, 2),
            ("^(a|$)", .anchorInside, 5), ("(?i)a", .unknownGroup, 1), ("(?<n>a)", .unknownGroup, 1),
            ("grün", .notASCII, 3), ("^a|b", .anchorInside, 1), ("a{200}b{200}", .tooLarge, 1),
            ("((a{100}){100}){100}", .tooLarge, 1),
        ] as [(String, ChannelPatternError.Reason, Int)])
    func refused(pattern: String, reason: ChannelPatternError.Reason, column: Int) {
        #expect(throws: ChannelPatternError(reason: reason, column: column)) { try ChannelPattern(pattern) }
    }

    @Test func `bounds hold one before and one after`() throws {
        let nested = { String(repeating: "(", count: $0) + "a" + String(repeating: ")", count: $0) }
        _ = try ChannelPattern(nested(16))
        #expect(throws: ChannelPatternError(reason: .tooDeep, column: 17)) { try ChannelPattern(nested(17)) }
        _ = try ChannelPattern(String(repeating: "a", count: 255))
        #expect(throws: ChannelPatternError(reason: .tooLong, column: 1)) {
            try ChannelPattern(String(repeating: "a", count: 256))
        }
        #expect(try matches("^a{255}b$", String(repeating: "a", count: 255) + "b"))
        #expect(throws: ChannelPatternError(reason: .tooLarge, column: 1)) {
            try ChannelPattern("a{255}bc")
        }
        #expect(try matches("^((((){200}){200}){200}){200}$", ""))
    }

    @Test func `a pattern that makes others backtrack takes each byte once`() throws {
        // 2^250 ways to read it; were they tried, this would not end.
        let pattern = try ChannelPattern("^(a|aa|a*)+(a+)+$")
        let name = String(repeating: "a", count: 254) + "!"
        for _ in 0..<100 {
            let isFound = pattern.matches(name.utf8.span)
            #expect(!isFound)
        }
    }

    @Test func `it finds what the standard library finds`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        for _ in 0..<100 {
            var repeats = Self.repeatsMax
            let body = Self.pattern(depth: 3, &repeats, &random)
            for source in [body, "^(\(body))", "(\(body))$", "^(\(body))$"] {
                guard let pattern = try? ChannelPattern(source) else { continue }
                let reference = try Regex(source)
                for _ in 0..<4 {
                    let name = Self.name(&random)
                    let found = pattern.matches(name.utf8.span)
                    let expected = name.firstMatch(of: reference) != nil
                    #expect(found == expected, "\(source) in \(name), seed \(seed)")
                }
            }
        }
    }

    private static func name(_ random: inout SplitMix64) -> String {
        let letters: [Character] = ["a", "b", "c", "1"]
        let count = Int.random(in: 0...8, using: &random)
        return String((0..<count).map { _ in letters.randomElement(using: &random) ?? "a" })
    }

    /// The standard library tries all ways to read a name: each repeat multiplies them, and with a dozen it does not end.
    private static let repeatsMax = 4

    private static func pattern(
        depth: Int, _ repeats: inout Int, _ random: inout SplitMix64
    ) -> String {
        let atoms = ["a", "b", ".", "[ab]", "[^a]", #"\d"#, #"\W"#, "[a-c1]"]
        var text = ""
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let kind = Int.random(in: 0...(depth > 0 ? 4 : 2), using: &random)
            switch kind {
            case 3: text += "(" + pattern(depth: depth - 1, &repeats, &random) + ")"
            case 4:
                let left = pattern(depth: depth - 1, &repeats, &random)
                text += "(\(left)|\(pattern(depth: depth - 1, &repeats, &random)))"
            default: text += atoms.randomElement(using: &random) ?? "a"
            }
            guard repeats > 0 else { continue }
            // An endless repeat of a group is too much by itself.
            let counts =
                kind > 2
                ? ["", "?", "{1,2}", "{0,1}"]
                : ["", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}"]
            let count = counts.randomElement(using: &random) ?? ""
            if !count.isEmpty { repeats -= 1 }
            text += count
        }
        return text
    }
}
